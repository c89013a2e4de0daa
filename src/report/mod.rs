//! Floor 3: pure folds of the journal into rows, summaries and documents.
//!
//! Knows: records, the plan, the engine. Must not know: files, clocks, faces. Whatever came from
//! outside leaves this floor made safe to show.

pub mod actions;
pub mod bundle;
pub mod cloudtrail;
pub mod diff;
pub mod fold;
pub mod history;
pub mod milestones;
pub mod period;
pub mod postmortem;
pub mod row;
pub mod summary;
#[cfg(test)]
mod tests;
pub mod timeline;
mod value;
mod words;

pub use row::row_of;
