//! Floor 3: whether a runbook could work here and now: the questions its steps raise, asked read-only
//! through the cloud port, and their answers judged.
//!
//! Must not know: which cloud answers, or how the table is shown.
