//! lifeboat runs disaster-recovery runbooks from a terminal.
//!
//! # The natural way of the data
//! ```text
//! runbook.yaml ──source──▶ Runbook ──instantiate──▶ Plan
//!                                                    │
//!  keys, cloud answers, timers, signals ──▶ driver ──stamp──▶ journal.append + sync ──▶ engine.handle ──▶ [Effect]
//!                                             ▲                                            │                │
//!                                             └────────────── answers as events ◀──────────┼─── perform ◀───┘
//!                                                                                          ▼
//!                                                Snapshot ──▶ tui / plain / json     journal ──▶ report
//! ```
//!
//! # Floors
//! A file uses its own floor's listed siblings and floors below; `tests/it/floors.rs` enforces it.
//! ```text
//! 0  model/                      pure data
//! 1  source/  engine/            text → model; the pure state machine and its ports
//! 2  aws/ outside/ sim/          the cloud: real, the world beside it, or simulated
//!    journal/ mfa/ clock         adapters, one a port; none of this floor imports another
//! 3  driver/ report/ readiness/  the one loop; pure folds of the journal; a look before the run
//! 4  hatch/                      how another terminal of this machine hands something in
//!    tui/ cli/                   faces: Snapshot in, commands out
//! ```
//!
//! # Invariants
//! - The engine never does IO, never reads a clock, never awaits.
//! - An effect is performed only after the event that caused it is durable.
//! - Everything shown that came from outside went through `model::text::SafeText`.

#[cfg(feature = "aws")]
pub mod aws;
pub mod cli;
pub mod clock;
pub mod driver;
pub mod engine;
pub mod hatch;
pub mod journal;
pub mod mfa;
pub mod model;
#[cfg(feature = "aws")]
pub mod outside;
pub mod readiness;
pub mod report;
pub mod sim;
pub mod source;
pub mod tui;
