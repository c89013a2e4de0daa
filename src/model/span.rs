//! Places in a source file, so that every finding can point at its line and column.

use serde::{Deserialize, Serialize};

/// A place in one file of a runbook's resolved set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Span {
    /// Index into the resolved set; 0 is the runbook itself, the others are its includes.
    pub file: u16,
    /// Line, from 1. 0 means "no place known".
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Byte offset into the file.
    pub offset: usize,
    /// Length in bytes; 0 when only the start is known.
    pub len: usize,
}

/// A value and the place it was written at.
#[derive(Debug, Clone, Default)]
pub struct Located<T> {
    pub value: T,
    pub span: Span,
}

impl<T> Located<T> {
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}
