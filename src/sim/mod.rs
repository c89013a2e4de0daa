//! Floor 2: the simulated cloud: an in-process world, seeded, on virtual time, never a socket.

pub mod clock;
