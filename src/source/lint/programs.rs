//! Calls that go through a program of the user's: what lifeboat will not run is said before a run, as
//! far as it stands there without an expression.

use serde_json::json;

use crate::model::action::Action;
use crate::model::action::operation::Operation;
use crate::model::action::ownership::Kind;
use crate::model::outcome::Risk;
use crate::model::runbook::ActionUse;
use crate::model::template::{Node, Tree};
use crate::model::{Object, Value};
use crate::source::diagnostic::Diagnostic;
use crate::source::lower::Lowered;
use crate::source::sink::Sink;

pub(super) fn check(lowered: &Lowered, sink: &mut Sink) {
    for ((_, step), extra) in lowered.runbook.steps().zip(&lowered.extras) {
        let looks = step.checks.iter().chain(&step.verify).filter_map(|check| check.uses.as_ref());
        for uses in std::iter::once(&step.uses).chain(&step.emergency).chain(&step.rollback).chain(looks) {
            refused(uses, sink);
        }
        ends(&step.uses, extra.risk, sink);
    }
}

/// The call as far as it is written out; where an expression stands, a word that stands for any.
fn written(uses: &ActionUse) -> Option<Action> {
    let name = uses.action.value.as_str();
    if !matches!(name, "aws/cli" | "aws/cli_read" | "kube/set_env" | "kube/get_deployment" | "kube/rollout_status") {
        return None;
    }
    Action::parse(name, &plain(&uses.with)).ok()
}

fn plain(tree: &Tree) -> Value {
    match &tree.node {
        Node::Scalar(value) => value.clone(),
        Node::Text(text) if text.contains("${{") => json!("anything"),
        Node::Text(text) => json!(text),
        Node::List(items) => items.iter().map(plain).collect(),
        Node::Map(members) => {
            let members: Object = members.iter().map(|(name, (_, item))| (name.clone(), plain(item))).collect();
            Value::Object(members)
        }
    }
}

fn refused(uses: &ActionUse, sink: &mut Sink) {
    let operation_is_known = uses
        .with
        .as_map()
        .and_then(|members| members.get("operation"))
        .is_none_or(|(_, tree)| matches!(&tree.node, Node::Text(text) if !text.contains("${{")));
    let why = match written(uses) {
        Some(Action::Cli(call)) => call.command().refusal(),
        Some(Action::CliRead(call)) if operation_is_known => call.command().refusal(),
        Some(Action::SetEnv(call)) => call.refusal(),
        Some(Action::GetDeployment(call)) => call.refusal(),
        Some(Action::RolloutStatus(call)) => call.refusal(),
        _ => None,
    };
    if let Some(why) = why {
        let finding = Diagnostic::error("LB520", uses.action.span, format!("this is never run: {why}"));
        sink.push(finding.help("`lifeboat explain LB520` says what goes through a program and what does not"));
    }
}

/// What its name says cannot be taken back must say so itself: then its gate asks for the exact words.
fn ends(uses: &ActionUse, risk: Risk, sink: &mut Sink) {
    if let Some(Action::Cli(call)) = written(uses)
        && call.command().ends_something()
        && !call.deletes().iter().any(|what| what.kind == Kind::Unknown)
        && risk != Risk::Irreversible
    {
        let message = format!("`{} {}` ends something, and the step does not say so", call.service, call.operation);
        let finding = Diagnostic::error("LB521", uses.action.span, message);
        sink.push(finding.help("add `reversible: false`, and `confirm: { type: … }` with the name of what ends"));
    }
}
