//! lint
use super::graph::Graph;
use super::lower::Lowered;
use super::shape::Sink;
use crate::model::runbook::SourceFile;
pub(super) fn check(_lowered: &Lowered, _graph: &Graph, _files: &[SourceFile], _sink: &mut Sink) {}
