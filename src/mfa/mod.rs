//! Floor 2: proof of presence: RFC 6238 codes, each accepted once.
//!
//! Knows: secrets, counters, codes. Must not know: gates, tries, who may approve what.

mod drill;
pub mod totp;

pub use drill::DrillAuthenticator;
