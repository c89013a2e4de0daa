//! What is allowed but unwise, and sums that do not come out. Reads the resolved runbook only.

mod answers;
mod budget;
mod deletes;
mod jumps;
mod programs;
mod regions;
mod steps;

use super::graph::Graph;
use super::lower::Lowered;
use super::sink::Sink;
use crate::model::runbook::SourceFile;

pub(super) fn check(lowered: &Lowered, graph: &Graph, files: &[SourceFile], sink: &mut Sink) {
    budget::check(&lowered.runbook, files, sink);
    regions::check(lowered, files, sink);
    steps::check(lowered, sink);
    jumps::check(lowered, graph, sink);
    answers::check(lowered, sink);
    programs::check(lowered, sink);
    deletes::check(lowered, graph, sink);
}

#[cfg(test)]
mod tests;
