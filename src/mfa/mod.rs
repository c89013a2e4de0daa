//! Floor 2: proof of presence: RFC 6238 codes, each accepted once.
//!
//! Knows: secrets, counters, codes. Must not know: gates, tries, who may approve what.

mod devices;
mod drill;
mod local;
pub mod totp;

pub use devices::Devices;
pub use drill::DrillAuthenticator;
pub use local::{DeviceError, DeviceInfo, EnrolError, LocalDevices, NewDevice};
