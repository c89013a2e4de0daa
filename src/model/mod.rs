//! Floor 0: pure data, shared by every room above.
//!
//! Knows: what a runbook, a step, an action, an event and an outcome *are*.
//! Must not know: tokio, ratatui, the AWS SDK, the file system, any clock.

pub mod action;
pub mod digest;
pub mod event;
pub mod expr;
pub mod milestone;
pub mod outcome;
pub mod partial;
pub mod plan;
pub mod progress;
pub mod redact;
pub mod runbook;
pub mod scenario;
pub mod secret;
pub mod span;
pub mod template;
pub mod text;
pub mod time;

/// A JSON value: what AWS answers, what an expression yields, what `with` renders to.
pub type Value = serde_json::Value;
/// A JSON object with its members in document order.
pub type Object = serde_json::Map<String, Value>;
