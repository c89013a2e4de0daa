//! Floor 1: the pure state machine. Events in, effects out.
//!
//! Knows: the plan and every fact so far. Must not know: IO, clocks, threads, faces. Time arrives
//! inside events; the same events always give the same state and the same effects.

pub mod command;
pub mod effect;
pub mod ports;
pub mod snapshot;
