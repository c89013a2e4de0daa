//! Vars that need each other in a circle.

use std::collections::HashMap;

use super::locate;
use crate::model::runbook::{Runbook, SourceFile};
use crate::model::span::Span;
use crate::model::template::Template;
use crate::source::diagnostic::Diagnostic;
use crate::source::sink::Sink;

pub(super) fn check_cycles(runbook: &Runbook, files: &[SourceFile], sink: &mut Sink) {
    let mut open: HashMap<&str, Vec<(String, Span)>> = HashMap::new();
    for (name, tree) in &runbook.vars {
        let mut needs = Vec::new();
        for text in tree.texts() {
            let template = Template { source: text.value.to_owned(), span: text.span };
            for path in template.references() {
                if let Some(other) = path.strip_prefix("vars.").and_then(|rest| rest.split('.').next()) {
                    needs.push((other.to_owned(), locate(files, text.span, &path)));
                }
            }
        }
        open.insert(name, needs);
    }
    // Take out what needs nothing that is left, until nothing moves: what stays is a circle, or needs one.
    loop {
        let free: Vec<&str> = open
            .iter()
            .filter(|(_, needs)| needs.iter().all(|(other, _)| !open.contains_key(other.as_str())))
            .map(|(name, _)| *name)
            .collect();
        if free.is_empty() {
            break;
        }
        for name in free {
            open.remove(name);
        }
    }
    let Some(start) = runbook.vars.keys().find(|name| open.contains_key(name.as_str())) else { return };
    let mut walk: Vec<(&str, Span)> = Vec::new();
    let mut name = start.as_str();
    while let (false, Some(needs)) = (walk.iter().any(|(seen, _)| *seen == name), open.get(name)) {
        let Some((other, place)) = needs.iter().find(|(other, _)| open.contains_key(other.as_str())) else { return };
        walk.push((name, *place));
        name = other;
    }
    let from = walk.iter().position(|(seen, _)| *seen == name).unwrap_or(0);
    let ring: Vec<&str> = walk[from..].iter().map(|(name, _)| *name).collect();
    let message = format!("these vars are made from each other: {} → {}", ring.join(" → "), ring[0]);
    sink.push(Diagnostic::error("LB309", walk[from].1, message).help("write the value of one of them out"));
}
