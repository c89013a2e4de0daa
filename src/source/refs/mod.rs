//! Every expression of a runbook, checked before the run: syntax, filters, and every name it refers
//! to. What is walked here is the lowered runbook; what a name may be is in `paths`.

mod locate;
mod paths;
mod vars;
mod words;

use std::collections::HashMap;

use super::diagnostic::Diagnostic;
use super::graph::Graph;
use super::lower::Lowered;
use super::sink::Sink;
use crate::model::expr::{self, Piece};
use crate::model::runbook::{ActionUse, Check, Confirm, Runbook, SourceFile, Step};
use crate::model::span::Span;
use crate::model::template::{Expr, Template, Tree};

pub(super) use locate::locate;

/// Where an expression stands, and so what it may name.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// The step it belongs to, by index in the document.
    step: Option<usize>,
    when: When,
    each: bool,
    result: bool,
    verified: bool,
    own: Own,
}

/// When an expression is evaluated, and so which sections have values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum When {
    /// Vars and targets are being made: from inputs, vars, objectives and the run.
    #[default]
    Vars,
    /// Before the first step: targets too.
    Early,
    /// In the run: steps and phases too, those before `step`, or all of them when there is none.
    Run,
}

/// What a step may say of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Own {
    #[default]
    Nothing,
    /// Before the call: the state before.
    Before,
    /// After the call: its result too.
    Result,
    /// When it is over: its outputs too.
    All,
}

impl Place {
    const VARS: Self =
        Self { step: None, when: When::Vars, each: false, result: false, verified: false, own: Own::Nothing };
    /// Rendered once, before the first step.
    const EARLY: Self = Self { when: When::Early, ..Self::VARS };
    /// At the end of the run.
    const END: Self = Self { when: When::Run, ..Self::VARS };

    const fn step(ix: usize, each: bool) -> Self {
        Self { step: Some(ix), each, ..Self::END }
    }
}

/// Checks every expression of the runbook.
pub(super) fn check(lowered: &Lowered, graph: &Graph, files: &[SourceFile], sink: &mut Sink) {
    let index = lowered.runbook.steps().enumerate().map(|(ix, (_, step))| (step.id.as_str(), (ix, step))).collect();
    let mut checker = Checker { runbook: &lowered.runbook, graph, files, steps: index, compiled: HashMap::new(), sink };
    checker.sections();
    for (ix, (_, step)) in lowered.runbook.steps().enumerate() {
        checker.step(ix, step);
    }
    vars::check_cycles(&lowered.runbook, files, sink);
}

struct Checker<'a> {
    runbook: &'a Runbook,
    graph: &'a Graph,
    files: &'a [SourceFile],
    steps: HashMap<&'a str, (usize, &'a Step)>,
    /// Source → its paths, or what is wrong with it. The same expression stands in many steps.
    compiled: HashMap<String, Result<Vec<String>, words::Wrong>>,
    sink: &'a mut Sink,
}

impl Checker<'_> {
    fn sections(&mut self) {
        let runbook = self.runbook;
        for tree in runbook.vars.values() {
            self.tree(tree, Place::VARS);
        }
        for target in runbook.targets.values() {
            for template in [&target.region, &target.account, &target.profile, &target.role].into_iter().flatten() {
                self.template(template, Place::VARS);
            }
        }
        self.template(&runbook.title, Place::EARLY);
        for template in runbook.mfa.iter().flat_map(|mfa| [&mfa.serial, &mfa.role]).flatten() {
            self.template(template, Place::EARLY);
        }
        if let Some(rpa) = &runbook.objectives.rpa {
            self.expr(rpa, Place::END);
        }
        for title in runbook.phases.iter().filter_map(|phase| phase.title.as_ref()) {
            self.template(title, Place::EARLY);
        }
    }

    fn step(&mut self, ix: usize, step: &Step) {
        let place = Place::step(ix, step.foreach.is_some());
        if let Some(foreach) = &step.foreach {
            self.tree(foreach, Place::EARLY);
        }
        if let Some(when) = &step.when {
            self.expr(when, place);
        }
        if let Some(title) = &step.title {
            self.template(title, place);
        }
        self.tree(&step.uses.with, place);
        if let Some(emergency) = &step.emergency {
            self.tree(&emergency.with, place);
        }
        for gates in std::iter::once(&step.gates).chain(&step.emergency_gates) {
            if let Some(message) = &gates.message {
                self.template(message, place);
            }
            if let Confirm::Type(text) = &gates.confirm {
                self.template(text, place);
            }
        }
        self.after(step, place);
    }

    fn after(&mut self, step: &Step, place: Place) {
        let before = Place { own: Own::Before, ..place };
        for check in &step.checks {
            self.check(check, before, Place { result: check.uses.is_some(), ..before });
        }
        let after = Place { own: Own::Result, ..place };
        for check in &step.verify {
            self.check(check, after, Place { result: true, ..after });
        }
        for template in step.outputs.values() {
            self.template(template, Place { result: true, verified: !step.verify.is_empty(), ..after });
        }
        for ActionUse { with, .. } in &step.rollback {
            self.tree(with, Place { own: Own::All, ..place });
        }
    }

    fn check(&mut self, check: &Check, with: Place, expect: Place) {
        if let Some(uses) = &check.uses {
            self.tree(&uses.with, with);
        }
        if let Some(expr) = &check.expect {
            self.expr(expr, expect);
        }
        if let Some(message) = &check.message {
            self.template(message, with);
        }
    }

    fn tree(&mut self, tree: &Tree, place: Place) {
        for text in tree.texts() {
            self.text(text.value, text.span, place);
        }
    }

    fn template(&mut self, template: &Template, place: Place) {
        self.text(&template.source, template.span, place);
    }

    fn expr(&mut self, expr: &Expr, place: Place) {
        self.code(&expr.source, expr.span, place);
    }

    fn text(&mut self, text: &str, span: Span, place: Place) {
        if !text.contains("${{") {
            return;
        }
        let Ok(pieces) = expr::pieces(text) else {
            let at = locate(self.files, span, "${{");
            let finding = Diagnostic::error("LB303", at, "`${{` is never closed");
            self.sink.push(finding.help("close it with `}}`; a quote inside must be closed as well"));
            return;
        };
        for piece in pieces {
            if let Piece::Code(code, _) = piece {
                self.code(code, span, place);
            }
        }
    }

    fn code(&mut self, code: &str, span: Span, place: Place) {
        if self.sink.is_full() {
            return;
        }
        if !self.compiled.contains_key(code) {
            self.compiled.insert(code.to_owned(), words::compile(code));
        }
        match &self.compiled[code] {
            Ok(paths) => {
                for path in paths.clone() {
                    if let Err(wrong) = self.path(&path, place) {
                        let at = locate(self.files, span, &path);
                        self.sink.push(Diagnostic { span: at, ..wrong });
                    }
                }
            }
            Err(wrong) => {
                let at = locate(self.files, span, wrong.at.as_deref().unwrap_or(code));
                let finding = Diagnostic::error("LB303", at, wrong.message.clone());
                self.sink.push(finding.help(wrong.help.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests;
