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
//! 2  sim/ journal/ mfa/          adapters, one a port; they never import each other
//! 3  driver/ report/             the one loop; pure folds of the journal
//! 4  tui/ cli/                   faces: Snapshot in, commands out
//! ```
//!
//! # Invariants
//! - The engine never does IO, never reads a clock, never awaits.
//! - An effect is performed only after the event that caused it is durable.
//! - Everything shown that came from outside went through `model::text::SafeText`.

pub mod cli;
pub mod driver;
pub mod engine;
pub mod journal;
pub mod mfa;
pub mod model;
pub mod report;
pub mod sim;
pub mod source;
pub mod tui;
