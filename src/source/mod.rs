//! Floor 1: text → model. Located YAML, resolution, lints, diagnostics (all of them, not the first).
//!
//! ```text
//! read_set ──▶ [SourceFile] ──load──▶ Runbook ──instantiate──▶ Plan
//!   files        yaml · lower · graph · refs · lint      inputs · foreach · edges · rendering
//! ```
//! Must not know: the engine, any cloud, any clock. Only `read` touches the file system.

mod actions;
mod budget;
pub mod diagnostic;
mod explain;
mod graph;
mod inputs;
mod instantiate;
mod keys;
mod lint;
mod lower;
mod names;
mod read;
mod refs;
pub mod render;
mod scalar;
mod scenario;
mod schema;
mod secrets;
mod shape;
mod sink;
mod yaml;

use std::path::Path;

use sink::Sink;

use crate::model::runbook::{Runbook, SourceFile};
use crate::model::template::Tree;

pub use budget::{CriticalPath, critical_path, critical_path_of_plan};
pub use diagnostic::{Diagnostic, Severity, codes, explain};
pub use instantiate::{RunContext, instantiate};
pub use lower::MAX_STEPS;
pub use names::{OwnersName, PutError, owners_names, put_names};
pub use read::{ReadError, digest, read_set};
pub use render::{render_diagnostics, render_plain};
pub use scenario::parse_scenario;
pub use schema::{runbook_schema, scenario_schema};
pub use yaml::{MAX_BYTES, MAX_DEPTH, MAX_NODES};

/// What loading a set of files yields.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// There only when no finding is an error.
    pub runbook: Option<Runbook>,
    /// Every finding, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    pub files: Vec<SourceFile>,
    /// The critical path of the phase budgets, also when it is what was refused.
    pub critical_path: Option<CriticalPath>,
    pub rto_ms: Option<u64>,
}

impl Loaded {
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Checks and resolves a set of files, the runbook first. Pure.
#[must_use]
pub fn load(files: Vec<SourceFile>) -> Loaded {
    let mut sink = Sink::new();
    let mut trees: Vec<Tree> = Vec::with_capacity(files.len());
    let mut whole = true;
    for (ix, file) in files.iter().enumerate() {
        let (tree, found) = yaml::parse(&file.text, u16::try_from(ix).unwrap_or(u16::MAX));
        // No tree and no error: a file of comments, or none at all.
        whole &= tree.is_some() || found.is_empty();
        sink.extend(found);
        trees.extend(tree);
    }
    if whole && trees.len() < files.len().max(1) {
        let place = crate::model::span::Span { line: 1, column: 1, ..Default::default() };
        let finding = Diagnostic::error("LB109", place, "the file is empty");
        sink.push(finding.help("a runbook begins with `version: 1` and `name:`"));
        whole = false;
    }
    // With a file missing, everything that it declares would be reported as unknown.
    let lowered = if whole { lower::lower(&trees, &mut sink) } else { None };
    let mut loaded = Loaded { runbook: None, diagnostics: Vec::new(), files, critical_path: None, rto_ms: None };
    if let Some(lowered) = lowered {
        if let Some(graph) = graph::build(&lowered.runbook, &lowered.names, &mut sink) {
            refs::check(&lowered, &graph, &loaded.files, &mut sink);
            secrets::check(&lowered.runbook, &mut sink);
            lint::check(&lowered, &graph, &loaded.files, &mut sink);
            loaded.critical_path = Some(critical_path(&lowered.runbook));
        }
        loaded.rto_ms = lowered.runbook.objectives.rto_ms;
        if !sink.has_errors() {
            let (files, digest) = (loaded.files.clone(), digest(&loaded.files));
            let runbook = Runbook { files, digest, ..lowered.runbook };
            instantiate::rehearse(&runbook, &mut sink);
            loaded.runbook = Some(runbook).filter(|_| !sink.has_errors());
        }
    }
    loaded.diagnostics = sink.into_sorted();
    loaded
}

/// Reads, checks and resolves the runbook at `path`; what cannot be read is a finding too.
#[must_use]
pub fn check_path(path: &Path) -> Loaded {
    match read_set(path) {
        Ok(files) => load(files),
        Err(error) => Loaded {
            runbook: None,
            diagnostics: error.diagnostics,
            files: error.files,
            critical_path: None,
            rto_ms: None,
        },
    }
}

#[cfg(test)]
mod tests;
