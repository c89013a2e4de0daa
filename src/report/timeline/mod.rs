//! The timeline: what happened, when (UTC), who; against which objectives; and the proof.
//!
//! [`Document`] is pure data, made safe to show; each renderer turns it into one format and says
//! DRILL or REAL first.

pub mod csv;
pub mod document;
pub mod json;
pub mod markdown;

pub use document::Document;
