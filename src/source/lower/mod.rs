//! Located trees → model types. Reports every wrong key, type and word, and goes on with what it
//! could read: a placeholder never leaves this floor, as a runbook with an error is not handed out.

mod checks;
mod gates;
mod phase;
mod sections;
mod step;

use std::collections::HashMap;

use indexmap::IndexMap;

use super::diagnostic::{Diagnostic, did_you_mean_or_list};
use super::keys::{FRAGMENT, TOP};
use super::shape::{self, Shape};
use super::sink::Sink;
use crate::model::milestone::Schedule;
use crate::model::outcome::Risk;
use crate::model::runbook::{Objectives, OnFailure, Phase, Retry, Runbook};
use crate::model::span::{Located, Span};
use crate::model::template::{Template, Tree};

pub(super) use gates::Policy;
pub(super) use step::overlay;

/// Steps of one runbook, instances of `foreach` included.
pub const MAX_STEPS: usize = 2_000;
/// A step's time when neither it nor the defaults state one.
pub(super) const DEFAULT_TIMEOUT_MS: u64 = 600_000;
/// Pause between two looks of a verification.
const DEFAULT_EVERY_MS: u64 = 10_000;

/// Names that references may use, known before the first step is read.
#[derive(Default)]
pub(super) struct Names {
    pub(super) targets: Vec<String>,
    pub(super) roles: IndexMap<String, Vec<String>>,
    /// Id → place, for steps and phases alike, as `needs` may name both.
    pub(super) ids: HashMap<String, Span>,
    pub(super) steps: HashMap<String, Span>,
}

/// What steps have that do not say otherwise.
#[derive(Clone)]
pub(super) struct Defaults {
    target: Option<String>,
    timeout_ms: Option<u64>,
    retry: Retry,
    on_failure: OnFailure,
    every_ms: u64,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            target: None,
            timeout_ms: None,
            retry: Retry::default(),
            on_failure: OnFailure::Pause,
            every_ms: DEFAULT_EVERY_MS,
        }
    }
}

/// What the later passes ask of a step beside the model, in the steps' order.
pub(super) struct Extra {
    pub(super) explicit_timeout: bool,
    pub(super) risk: Risk,
}

pub(super) struct Lowered {
    pub(super) runbook: Runbook,
    pub(super) extras: Vec<Extra>,
    pub(super) names: Names,
}

/// What the readers of phases and steps share.
pub(super) struct Context<'a> {
    names: &'a Names,
    defaults: &'a Defaults,
    policy: Policy,
    /// The phase's word on its steps.
    always: bool,
}

/// Each word with what it stands for.
fn words<T: Copy, const N: usize>(words: [&'static str; N], meanings: [T; N]) -> [(&'static str, T); N] {
    std::array::from_fn(|ix| (words[ix], meanings[ix]))
}

/// Lowers the set; the first tree is the runbook, the others are fragments.
pub(super) fn lower(trees: &[Tree], sink: &mut Sink) -> Option<Lowered> {
    let mut shapes = Vec::with_capacity(trees.len());
    for (ix, tree) in trees.iter().enumerate() {
        let (what, table) = if ix == 0 { ("the runbook", TOP) } else { ("an include", FRAGMENT) };
        shapes.extend(Shape::of(what, tree, table, sink));
    }
    let top = shapes.first()?;
    version(top, sink);
    let name = top.require("name", sink).and_then(|tree| shape::text("`name`", tree, sink));
    if let Some(name) = &name {
        shape::check_id(&name.value, name.span, sink);
    }
    let name = name.unwrap_or_default();
    let title = top.template("title", sink).unwrap_or(Template { source: name.value.clone(), span: name.span });
    let mut runbook = Runbook {
        files: Vec::new(),
        digest: String::new(),
        name: name.value,
        title,
        description: top.plain_text("description", sink),
        objectives: Objectives::default(),
        inputs: IndexMap::new(),
        secrets: IndexMap::new(),
        vars: IndexMap::new(),
        targets: IndexMap::new(),
        roles: IndexMap::new(),
        contacts: IndexMap::new(),
        mfa: sections::mfa(top, sink),
        schedule: top.word("schedule", &words(Schedule::WORDS, Schedule::ALL), sink),
        phases: Vec::new(),
    };
    sections::all(&shapes, &mut runbook, sink);
    runbook.objectives = sections::objectives(top, &runbook.inputs, sink);
    let (lists, names) = names(&shapes, &runbook, sink)?;
    let defaults = sections::defaults(top, &names, sink);
    let policy = Policy::default().over(gates::policy(top, sink));
    let context = Context { names: &names, defaults: &defaults, policy, always: false };
    let mut extras = Vec::new();
    let mut phases: Vec<Phase> = Vec::new();
    for tree in lists {
        phases.extend(phase::phase(tree, &context, &mut extras, sink));
    }
    runbook.phases = phases;
    Some(Lowered { runbook, extras, names })
}

fn version(top: &Shape<'_>, sink: &mut Sink) {
    if let Some(tree) = top.require("version", sink)
        && !matches!(&tree.node, crate::model::template::Node::Scalar(value) if *value == 1)
    {
        let message = format!("this binary reads version 1 of the dialect, found {}", shape::describe(tree));
        sink.push(Diagnostic::error("LB108", tree.span, message).help("write `version: 1`"));
    }
}

/// The phases in their order (includes first), and every name, before any step is read.
fn names<'t>(shapes: &[Shape<'t>], runbook: &Runbook, sink: &mut Sink) -> Option<(Vec<&'t Tree>, Names)> {
    let mut phases: Vec<&Tree> = Vec::new();
    for shape in shapes.iter().skip(1).chain(shapes.first()) {
        phases.extend(shape.list("phases", sink).unwrap_or_default());
    }
    if phases.is_empty()
        && let Some(top) = shapes.first()
    {
        let span = top.get("phases").map_or(Span { len: 0, ..top.span }, |tree| tree.span);
        let finding = Diagnostic::error("LB109", span, "the runbook has no phases");
        sink.push(finding.help("add `phases:` with at least one phase and one step"));
    }
    let mut names =
        Names { targets: runbook.targets.keys().cloned().collect(), roles: runbook.roles.clone(), ..Names::default() };
    let steps_of = |phase: &Tree| {
        phase.as_map().and_then(|members| members.get("steps")).map_or(0, |(_, tree)| shape::length(tree))
    };
    let count: usize = phases.iter().map(|phase| steps_of(phase)).sum();
    if count.max(phases.len()) > MAX_STEPS {
        let span = phases.first().map(|tree| tree.span).unwrap_or_default();
        let message = format!("the runbook has {} phases and {count} steps; {MAX_STEPS} are allowed", phases.len());
        sink.push(Diagnostic::error("LB110", span, message).help("split it into several runbooks"));
        // Reading them all the same is what the bound is there to prevent.
        return None;
    }
    let id_of = |tree: &Tree| -> Option<Located<String>> {
        let (_, id) = tree.as_map()?.get("id")?;
        shape::text("", id, &mut Sink::new())
    };
    for phase in &phases {
        take_id(&mut names, id_of(phase), "phase", sink);
        let steps = phase.as_map().and_then(|members| members.get("steps"));
        let steps = steps.and_then(|(_, tree)| shape::list("", tree, &mut Sink::new())).unwrap_or_default();
        for step in steps {
            let id = id_of(step);
            if let Some(id) = &id {
                names.steps.entry(id.value.clone()).or_insert(id.span);
            }
            take_id(&mut names, id, "step", sink);
        }
    }
    Some((phases, names))
}

fn take_id(names: &mut Names, id: Option<Located<String>>, what: &str, sink: &mut Sink) {
    let Some(id) = id else { return };
    if let Some(first) = names.ids.get(&id.value) {
        let message = format!("the id `{}` is taken: ids of phases and steps are unique in a runbook", id.value);
        let help = format!("it is already on line {}: give this {what} another id", first.line);
        sink.push(Diagnostic::error("LB107", id.span, message).help(help));
    } else {
        names.ids.insert(id.value, id.span);
    }
}

impl Names {
    /// Reports a target that is not declared.
    fn check_target(&self, target: Option<&Located<String>>, sink: &mut Sink) {
        let Some(target) = target else { return };
        if !self.targets.contains(&target.value) {
            let finding = Diagnostic::error("LB307", target.span, format!("there is no target `{}`", target.value));
            let help = did_you_mean_or_list(&target.value, self.targets.iter().map(String::as_str));
            sink.push(finding.help(help.unwrap_or_else(|| "declare it under `targets:`".to_owned())));
        }
    }

    /// Reports a role that is not declared.
    fn check_role(&self, role: &Located<String>, sink: &mut Sink) -> bool {
        let known = self.roles.contains_key(&role.value);
        if !known {
            let finding = Diagnostic::error("LB308", role.span, format!("there is no role `{}`", role.value));
            let help = did_you_mean_or_list(&role.value, self.roles.keys().map(String::as_str));
            sink.push(
                finding
                    .help(help.unwrap_or_else(|| "declare it under `roles:` with the people who hold it".to_owned())),
            );
        }
        known
    }
}

#[cfg(test)]
mod tests;
