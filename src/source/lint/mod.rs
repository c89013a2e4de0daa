//! What is allowed but unwise, and sums that do not come out. Reads the resolved runbook only.

mod budget;
mod regions;
mod steps;

use super::lower::Lowered;
use super::sink::Sink;
use crate::model::runbook::SourceFile;

pub(super) fn check(lowered: &Lowered, files: &[SourceFile], sink: &mut Sink) {
    budget::check(&lowered.runbook, files, sink);
    regions::check(lowered, files, sink);
    steps::check(lowered, sink);
}

#[cfg(test)]
mod tests;
