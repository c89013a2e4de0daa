//! Floor 3: pure folds of the journal into rows, summaries and documents.

pub mod row;
