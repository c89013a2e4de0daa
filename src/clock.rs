//! Floor 2: real time, for real runs. Drills in the simulated cloud have a clock of their own.
//!
//! Must not know: what is timed with it.
