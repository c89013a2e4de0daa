//! Floor 2: the real AWS, through its SDK. One file a service.
//!
//! Sends once whatever changes something, reads again what only reads, and says of every answer what
//! it proves. Must not know: runbooks, gates, screens, journals.
