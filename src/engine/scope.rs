//! Scopes for expressions, and rendering of calls and texts in them.

use serde_json::json;

use super::Engine;
use super::state::Rendered;
use crate::model::action::Action;
use crate::model::digest::digest_of;
use crate::model::expr::{self, ExprError};
use crate::model::plan::{ResolvedTarget, StepIx};
use crate::model::runbook::{ActionUse, Check};
use crate::model::secret;
use crate::model::span::Span;
use crate::model::template::{Template, Tree};
use crate::model::time::elapsed_ms;
use crate::model::{Object, Value};

impl Engine {
    /// The scope for texts that name the given paths, from the viewpoint of step `ix`.
    pub(super) fn scope(&self, ix: Option<StepIx>, paths: &[String], extra: &[(&str, &Value)]) -> Object {
        let mut scope = self.base.clone();
        let (mut steps, mut phases) = (Object::new(), Object::new());
        for path in paths {
            let mut parts = path.split('.');
            match (parts.next(), parts.next()) {
                (Some("steps"), Some(id)) if !steps.contains_key(id) => {
                    if let Some(value) = self.step_scope(ix, id) {
                        steps.insert(id.to_owned(), value);
                    }
                }
                (Some("phases"), Some(id)) if !phases.contains_key(id) => {
                    if let Some(value) = self.phase_scope(id) {
                        phases.insert(id.to_owned(), value);
                    }
                }
                _ => {}
            }
        }
        scope.insert("steps".to_owned(), Value::Object(steps));
        scope.insert("phases".to_owned(), Value::Object(phases));
        if let Some(each) = ix.and_then(|ix| self.plan.steps[ix].each.as_ref()) {
            scope.insert("each".to_owned(), each.clone());
        }
        for (name, value) in extra {
            scope.insert((*name).to_owned(), (*value).clone());
        }
        scope
    }

    /// `steps.<id>` as step `viewer` sees it: its own instance of a `foreach` is itself, another's
    /// instances are under `each`.
    fn step_scope(&self, viewer: Option<StepIx>, id: &str) -> Option<Value> {
        let instances = self.by_id.get(id)?;
        if let Some(own) = viewer.filter(|ix| self.plan.steps[*ix].id == id) {
            return Some(self.instance_scope(own));
        }
        if let [only] = instances[..]
            && self.plan.steps[only].each.is_none()
        {
            return Some(self.instance_scope(only));
        }
        let mut each = Object::new();
        let mut worst = "succeeded".to_owned();
        for &ix in instances {
            let view = self.instance_scope(ix);
            if view["status"] != json!("succeeded") {
                view["status"].as_str().unwrap_or_default().clone_into(&mut worst);
            }
            let name = self.plan.steps[ix].each.as_ref().map(expr::plain).unwrap_or_default();
            each.insert(name, view);
        }
        Some(json!({"status": worst, "each": each}))
    }

    fn instance_scope(&self, ix: StepIx) -> Value {
        let state = &self.steps[ix];
        let mut view = Object::new();
        view.insert("status".to_owned(), serde_json::to_value(state.stage.status()).unwrap_or(Value::Null));
        view.insert("outputs".to_owned(), Value::Object(state.outputs.clone()));
        if let Some(result) = &state.result {
            view.insert("result".to_owned(), result.clone());
        }
        if let (Some(before), Some(call)) = (&state.before, &state.call) {
            view.insert("before".to_owned(), call.action.before_view(before));
        }
        if let (Some(from), Some(to)) = (state.ready_ms, state.ended_ms) {
            view.insert("duration".to_owned(), seconds(elapsed_ms(from, to)));
        }
        Value::Object(view)
    }

    fn phase_scope(&self, id: &str) -> Option<Value> {
        let phase = self.plan.phases.iter().find(|phase| phase.id == id)?;
        let times = self.phase_times(phase);
        let status = serde_json::to_value(self.phase_status(phase)).unwrap_or(Value::Null);
        Some(match times {
            (Some(from), Some(to)) => json!({"status": status, "duration": seconds(elapsed_ms(from, to))}),
            _ => json!({"status": status}),
        })
    }

    pub(super) fn render_text(&self, ix: StepIx, template: &Template) -> Result<String, ExprError> {
        if template.is_literal() {
            return Ok(template.source.clone());
        }
        template.render(&self.scope(Some(ix), &template.references(), &[]))
    }

    /// Renders a call; its digest binds step, target and every input. The run is bound by the journal
    /// it stands in.
    pub(super) fn render_call(&self, ix: StepIx, uses: &ActionUse) -> Result<Rendered, String> {
        let paths = tree_references(&uses.with);
        let with = uses
            .with
            .render(&self.scope(Some(ix), &paths, &[]))
            .map_err(|error| format!("the inputs of {} cannot be rendered: {error}", uses.action.value))?;
        if let Some(name) = secret::smuggled(&uses.action.value, &uses.with, &with) {
            return Err(format!("a value from outside asks for the secret `{name}`: only the runbook itself may"));
        }
        let action = Action::parse(&uses.action.value, &with).map_err(|error| error.to_string())?;
        let target = self.target_of(ix, uses);
        let digest = digest_of(&json!({
            "step": self.plan.steps[ix].key,
            "action": uses.action.value,
            "with": with,
            "region": target.region,
            "account": target.account,
            "role": target.role,
            "profile": target.profile,
        }));
        Ok(Rendered { action, with, digest })
    }

    pub(super) fn target_of(&self, ix: StepIx, uses: &ActionUse) -> ResolvedTarget {
        self.plan.target(uses.target.as_deref().or(self.plan.steps[ix].target.as_deref()))
    }

    /// Evaluates a check's expectation over `result`. `Err` says why it cannot be decided.
    pub(super) fn expectation(&self, ix: StepIx, check: &Check, result: Option<&Value>) -> Result<bool, String> {
        let source = expect_source(check);
        let paths = expr::references(&source);
        let extra: Vec<(&str, &Value)> = result.map(|result| ("result", result)).into_iter().collect();
        let scope = self.scope(Some(ix), &paths, &extra);
        let span = check.expect.as_ref().map_or(Span::default(), |expect| expect.span);
        crate::model::template::Expr { source, span }.eval_bool(&scope).map_err(|error| error.message)
    }

    /// What the expectation saw, for people: `lag 41s, RPO 1h`. A number compared with an objective
    /// is a time, so it is shown as one.
    pub(super) fn seen(&self, ix: StepIx, source: &str, result: Option<&Value>) -> String {
        let paths = expr::references(source);
        let extra: Vec<(&str, &Value)> = result.map(|result| ("result", result)).into_iter().collect();
        let scope = self.scope(Some(ix), &paths, &extra);
        let are_times = paths.iter().any(|path| path.starts_with("objectives."));
        let part = |path: &String| {
            let value = expr::lookup(&scope, path)?;
            let text = match value.as_f64() {
                Some(seconds) if are_times => expr::human(seconds),
                _ if value.is_null() => "none".to_owned(),
                _ => expr::plain(value).chars().take(60).collect(),
            };
            Some(format!("{} {text}", expr::short_name(path)))
        };
        paths.iter().filter_map(part).collect::<Vec<_>>().join(", ")
    }

    /// Outputs of a finished step. One whose source has no value is left out, so that whoever
    /// refers to it is stopped rather than misled.
    pub(super) fn render_outputs(&self, ix: StepIx) -> Result<Object, String> {
        let state = &self.steps[ix];
        let mut outputs = Object::new();
        for (name, template) in &self.plan.steps[ix].outputs {
            let mut extra: Vec<(&str, &Value)> = Vec::new();
            extra.extend(state.result.as_ref().map(|value| ("result", value)));
            extra.extend(state.verified.as_ref().map(|value| ("verified", value)));
            let scope = self.scope(Some(ix), &template.references(), &extra);
            match template.render_value(&scope) {
                Ok(Value::Null) => {}
                Ok(value) => {
                    outputs.insert(name.clone(), value);
                }
                Err(error) if error.missing.is_some() => {}
                Err(error) => return Err(format!("output `{name}` cannot be computed: {error}")),
            }
        }
        Ok(outputs)
    }
}

/// The expectation as written, or the action's own. Without either nothing can be met: the runbook's
/// reader refuses such a check, and here it never passes.
pub(super) fn expect_source(check: &Check) -> String {
    check.expect.as_ref().map_or_else(
        || {
            let action = check.uses.as_ref().and_then(|uses| Action::spec_of(&uses.action.value));
            action.and_then(|spec| spec.default_expect).unwrap_or("false").to_owned()
        },
        |expect| expect.source.clone(),
    )
}

/// Every path named by the templates of a tree.
pub(super) fn tree_references(tree: &Tree) -> Vec<String> {
    let mut paths = Vec::new();
    for text in tree.texts() {
        if text.value.contains("${{") {
            paths.extend(Template { source: text.value.to_owned(), span: text.span }.references());
        }
    }
    paths
}

fn seconds(ms: u64) -> Value {
    Value::from(std::time::Duration::from_millis(ms).as_secs_f64())
}
