//! Steps that may run as written, and still should not.

use crate::model::Object;
use crate::model::outcome::Risk;
use crate::model::runbook::{ActionUse, OnFailure, Runbook, Step};
use crate::model::template::{Node, Template};
use crate::source::diagnostic::Diagnostic;
use crate::source::lower::{Extra, Lowered};
use crate::source::sink::Sink;

pub(super) fn check(lowered: &Lowered, sink: &mut Sink) {
    for ((_, step), extra) in lowered.runbook.steps().zip(&lowered.extras) {
        if extra.risk == Risk::Irreversible {
            irreversible(step, extra, sink);
        }
        unreachable(step, sink);
        if step.on_failure == OnFailure::Rollback && step.rollback.is_empty() {
            let message = format!("`{}` rolls back when it fails, and says nothing of how", step.id);
            let finding = Diagnostic::warning("LB513", step.span, message);
            sink.push(finding.help("add `rollback:`, or `on_failure: pause` to let the commander decide"));
        }
        for uses in std::iter::once(&step.uses).chain(&step.emergency) {
            action(uses, sink);
            databases(uses, sink);
            definitions(uses, sink);
        }
    }
}

fn irreversible(step: &Step, extra: &Extra, sink: &mut Sink) {
    let mut warn = |code, missing: &str, help: &str| {
        let message = format!("`{}` cannot be taken back and has no {missing}", step.id);
        sink.push(Diagnostic::warning(code, step.span, message).help(help));
    };
    if step.checks.is_empty() {
        warn("LB503", "check", "add `check:` with what must be true before, for example the replica's lag");
    }
    if step.verify.is_empty() {
        warn("LB504", "verify", "add `verify:` with what must be true after: an answer alone proves little");
    }
    if !extra.explicit_timeout {
        warn("LB505", "timeout of its own", "add `timeout:`, so that somebody decides when it hangs");
    }
}

fn unreachable(step: &Step, sink: &mut Sink) {
    if step.modes.is_empty() {
        let finding =
            Diagnostic::warning("LB508", step.span, format!("`{}` runs in no mode, so it never runs", step.id));
        sink.push(finding.help("name `drill`, `real` or both in `modes:`, or take the step out"));
    }
    if let Some(when) = &step.when
        && crate::model::expr::references(&when.source).is_empty()
        && when.eval_bool(&Object::new()) == Ok(false)
    {
        let finding =
            Diagnostic::warning("LB508", when.span, format!("`{}` never runs: its `if` is always false", step.id));
        sink.push(finding.help("take the step out, or name a value in the condition"));
    }
}

fn action(uses: &ActionUse, sink: &mut Sink) {
    let Some(members) = uses.with.as_map() else { return };
    let is_true = |name: &str| matches!(members.get(name), Some((_, tree)) if matches!(&tree.node, Node::Scalar(value) if *value == true));
    if uses.action.value == "exec" && is_true("shell") {
        let span = members["shell"].0;
        let finding = Diagnostic::warning(
            "LB509",
            span,
            "a shell reads the text again: a value with a quote or `;` in it runs as a command",
        );
        sink.push(finding.help("give the program and its arguments as `argv`, without `shell`"));
    }
    let says_loss = members.contains_key("allow_data_loss")
        && !matches!(&members["allow_data_loss"].1.node, Node::Scalar(value) if *value == false);
    if uses.action.value == "aws/rds.failover_global_cluster" && !says_loss {
        let message = "without `allow_data_loss: true` AWS does a switchover, which needs a healthy primary";
        let finding = Diagnostic::warning("LB510", uses.action.span, message);
        sink.push(finding.help("add `allow_data_loss: true`, or use `aws/rds.switchover_global_cluster`"));
    }
}

/// A definition starts from a service in its cluster, and says what becomes different.
fn definitions(uses: &ActionUse, sink: &mut Sink) {
    let Some(members) = uses.with.as_map().filter(|_| uses.action.value == "aws/ecs.register_task_definition") else {
        return;
    };
    if members.contains_key("cluster") != members.contains_key("service") {
        let message = "`cluster` and `service` go together: the service whose running definition is taken";
        let finding = Diagnostic::error("LB516", uses.action.span, message);
        sink.push(finding.help("give both, or neither to start from the family's newest revision"));
    }
}

/// Whether a literal `true` or any expression stands there.
fn says(
    members: &indexmap::IndexMap<String, (crate::model::span::Span, crate::model::template::Tree)>,
    name: &str,
) -> bool {
    members
        .get(name)
        .is_some_and(|(_, tree)| !matches!(&tree.node, Node::Scalar(value) if *value == false || value.is_null()))
}

/// What AWS accepts or refuses only at 3 a.m.
fn databases(uses: &ActionUse, sink: &mut Sink) {
    let Some(members) = uses.with.as_map() else { return };
    let name = uses.action.value.as_str();
    if name == "aws/rds.failover_db_cluster" && !says(members, "target_db_instance_identifier") {
        let message =
            "without a target AWS picks the new writer, and no look tells afterwards whether it was this call";
        let finding = Diagnostic::error("LB514", uses.action.span, message);
        sink.push(finding.help("add `target_db_instance_identifier: INSTANCE`"));
    }
    let time = match name {
        "aws/rds.restore_db_cluster_to_point_in_time" => "restore_to_time",
        "aws/rds.restore_db_instance_to_point_in_time" => "restore_time",
        "aws/dynamodb.restore_table_to_point_in_time" => "restore_date_time",
        _ => return,
    };
    if says(members, time) == says(members, "use_latest_restorable_time") {
        let message = format!("a restore needs either `{time}` or `use_latest_restorable_time: true`");
        let finding = Diagnostic::error("LB515", uses.action.span, message);
        sink.push(finding.help("AWS refuses both together and neither of them"));
    }
}

/// Ids of the steps that a step's expressions name, itself included.
pub(super) fn step_references(step: &Step) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    let checks = || step.checks.iter().chain(&step.verify);
    let uses = std::iter::once(&step.uses).chain(&step.emergency).chain(&step.rollback);
    for uses in uses.chain(checks().filter_map(|check| check.uses.as_ref())) {
        for text in uses.with.texts().iter().filter(|text| text.value.contains("${{")) {
            paths.extend(Template { source: text.value.to_owned(), span: text.span }.references());
        }
    }
    for expr in step.when.iter().chain(checks().filter_map(|check| check.expect.as_ref())) {
        paths.extend(crate::model::expr::references(&expr.source));
    }
    for template in step.outputs.values().chain(&step.title).chain(&step.gates.message) {
        paths.extend(template.references());
    }
    paths.iter().filter_map(|path| path.strip_prefix("steps.")?.split('.').next().map(str::to_owned)).collect()
}

/// Every use of an action in a runbook, with its step.
pub(super) fn all_uses(runbook: &Runbook) -> impl Iterator<Item = (&Step, &ActionUse)> {
    runbook.steps().flat_map(|(_, step)| {
        let reads = step.checks.iter().chain(&step.verify).filter_map(|check| check.uses.as_ref());
        let uses = std::iter::once(&step.uses).chain(&step.emergency).chain(&step.rollback).chain(reads);
        uses.map(move |uses| (step, uses))
    })
}
