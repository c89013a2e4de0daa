//! Floor 4: the hatch through which another terminal of this machine hands something in to a run.
//!
//! ```text
//! another process ── Ask ──▶ socket in the run's directory ──▶ Command ──▶ driver ── journal, sync
//!                 ◀─ Answer ─┘                              ◀── admitted, or a refusal ──┘
//! ```
//! The process that drives a run is the only one that writes its journal, and the only one that has a
//! code checked. Whoever stands at the hatch is named by the system: by the credentials of the socket,
//! not by what the process says.
//!
//! Knows: the socket, its few words, a driver's handle. Must not know: screens, journals, devices.

mod client;
mod peer;
mod protocol;
mod server;
mod sheet;

pub use client::{Visit, VisitError};
pub use protocol::{Answer, Ask, Sheet};
pub use server::{Hatch, open};

/// The socket in a run's directory.
pub const SOCKET: &str = "hatch";
