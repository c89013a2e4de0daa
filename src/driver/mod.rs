//! Floor 3: the one async loop that performs effects and stamps events.

pub mod handle;
