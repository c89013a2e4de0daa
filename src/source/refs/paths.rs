//! What a path in an expression may be at its place: `steps.lag.outputs.lag`, `inputs.dr`, `result`.

use super::{Checker, Own, Place, When};
use crate::model::runbook::Step;
use crate::model::span::Span;
use crate::source::diagnostic::{Diagnostic, did_you_mean, did_you_mean_or_list};

const ROOTS: &[&str] =
    &["inputs", "vars", "targets", "objectives", "run", "steps", "phases", "result", "each", "verified"];
const RUN: &[&str] = &["id", "operator", "mode", "intent", "started_at"];
const STEP: &[&str] = &["status", "outputs", "result", "before", "duration"];
const PHASE: &[&str] = &["status", "duration"];
const TARGET: &[&str] = &["region", "account", "profile", "role", "name", "drill"];
/// Functions that the expression language brings along.
const FUNCTIONS: &[&str] = &["range", "dict"];

type Answer = Result<(), Diagnostic>;

fn wrong(code: &'static str, message: String, help: impl Into<String>) -> Answer {
    Err(Diagnostic::error(code, Span::default(), message).help(help))
}

impl Checker<'_> {
    /// Says what is wrong with a path; the caller knows where it is written.
    pub(super) fn path(&self, path: &str, place: Place) -> Answer {
        let mut parts = path.split('.');
        let root = parts.next().unwrap_or_default();
        let rest: Vec<&str> = parts.collect();
        match root {
            "inputs" => self.input(path, &rest),
            "vars" => match rest.first() {
                Some(name) if !self.runbook.vars.contains_key(*name) => no_such("var", name, self.runbook.vars.keys()),
                _ => Ok(()),
            },
            "targets" if place.when != When::Vars => self.target(&rest),
            "targets" => wrong(
                "LB311",
                format!("`{path}` is not known yet here"),
                "targets are made from inputs and vars, not the other way round",
            ),
            "objectives" => self.objective(path, &rest),
            "run" => member("run", &rest, RUN),
            "steps" if place.when == When::Run => self.step_path(path, &rest, place),
            "phases" if place.when == When::Run => self.phase_path(path, &rest, place),
            "steps" | "phases" => wrong(
                "LB311",
                format!("`{path}` is not known before the run starts"),
                "here only inputs, vars, targets, objectives and run have values",
            ),
            "result" if place.result => Ok(()),
            "result" => wrong(
                "LB311",
                "there is no `result` here".to_owned(),
                "`result` is the answer of a check with `uses`, of a verification, or of the step in `outputs`; elsewhere write `steps.ID.result`",
            ),
            "each" if place.each => Ok(()),
            "each" => {
                wrong("LB311", "there is no `each` here".to_owned(), "`each` is the item of a step with `foreach`")
            }
            "verified" if place.verified => Ok(()),
            "verified" => wrong(
                "LB311",
                "there is no `verified` here".to_owned(),
                "`verified` is the last answer of `verify`, and stands in `outputs` of a step that has one",
            ),
            name if FUNCTIONS.contains(&name) => Ok(()),
            name => self.unknown_root(name),
        }
    }

    fn unknown_root(&self, name: &str) -> Answer {
        let message = format!("`{name}` is nothing that an expression can name");
        let owner =
            [("inputs", self.runbook.inputs.contains_key(name)), ("vars", self.runbook.vars.contains_key(name))];
        let help = match owner.iter().find(|(_, has)| *has) {
            Some((section, _)) => format!("did you mean `{section}.{name}`?"),
            None => did_you_mean(name, ROOTS.iter().copied())
                .unwrap_or_else(|| format!("names begin with one of: {}; texts stand in quotes", ROOTS.join(", "))),
        };
        wrong("LB304", message, help)
    }

    fn input(&self, path: &str, rest: &[&str]) -> Answer {
        match rest {
            [name, ..] if !self.runbook.inputs.contains_key(*name) => {
                no_such("input", name, self.runbook.inputs.keys())
            }
            [] | [_] => Ok(()),
            [name, ..] => {
                wrong("LB304", format!("`{path}`: an input has no members"), format!("write `inputs.{name}`"))
            }
        }
    }

    fn target(&self, rest: &[&str]) -> Answer {
        let Some((name, members)) = rest.split_first() else { return Ok(()) };
        let Some(target) = self.runbook.targets.get(*name) else {
            return no_such("target", name, self.runbook.targets.keys());
        };
        member(&format!("targets.{name}"), members, TARGET)?;
        let declared = match members.first().copied() {
            Some("region") => target.region.is_some(),
            Some("account") => target.account.is_some(),
            Some("profile") => target.profile.is_some(),
            Some("role") => target.role.is_some(),
            _ => true,
        };
        if declared {
            return Ok(());
        }
        let what = members.first().copied().unwrap_or_default();
        wrong("LB304", format!("the target `{name}` declares no {what}"), format!("add `{what}:` to it"))
    }

    fn objective(&self, path: &str, rest: &[&str]) -> Answer {
        member("objectives", rest, &["rto", "rpo"])?;
        let objectives = &self.runbook.objectives;
        match rest.first().copied() {
            Some("rto") if objectives.rto_ms.is_none() => {
                wrong("LB304", format!("`{path}` has no value"), "add `rto:` to `objectives:`")
            }
            Some("rpo") if objectives.rpo_ms.is_none() => {
                wrong("LB304", format!("`{path}` has no value"), "add `rpo:` to `objectives:`")
            }
            _ => Ok(()),
        }
    }

    fn step_path(&self, path: &str, rest: &[&str], place: Place) -> Answer {
        let Some((id, members)) = rest.split_first() else {
            return wrong("LB304", "`steps` alone names no step".to_owned(), "write `steps.ID.outputs.NAME`");
        };
        let Some((ix, step)) = self.steps.get(id) else {
            let help = did_you_mean_or_list(id, self.steps.keys().copied()).unwrap_or_default();
            return wrong("LB304", format!("there is no step `{id}`"), help);
        };
        if place.step == Some(*ix) {
            return own(path, id, members, place.own, step);
        }
        if let Some(viewer) = place.step
            && !self.graph.is_before(id, viewer)
        {
            let message = format!("the step `{id}` is not sure to be over before this one");
            return wrong("LB305", message, format!("add `needs: [{id}]`, directly or through another step"));
        }
        if step.foreach.is_none() {
            return outcome(id, members, step);
        }
        match members.split_first() {
            Some((&"each", more)) if more.len() > 1 => outcome(id, &more[1..], step),
            Some((&("each" | "status"), _)) => Ok(()),
            _ => wrong(
                "LB304",
                format!("`{path}`: the step `{id}` has several instances"),
                format!("name one: `steps.{id}.each.ITEM.outputs.NAME`; `steps.{id}.status` is the worst of all"),
            ),
        }
    }

    fn phase_path(&self, path: &str, rest: &[&str], place: Place) -> Answer {
        let Some((id, members)) = rest.split_first() else {
            return wrong("LB304", "`phases` alone names no phase".to_owned(), "write `phases.ID.status`");
        };
        let ids = || self.runbook.phases.iter().map(|phase| phase.id.as_str());
        if !ids().any(|known| known == *id) {
            return wrong(
                "LB304",
                format!("there is no phase `{id}`"),
                did_you_mean_or_list(id, ids()).unwrap_or_default(),
            );
        }
        if place.step.is_some_and(|viewer| !self.graph.is_before(id, viewer)) {
            let message = format!("`{path}`: the phase is not sure to be over before this step");
            return wrong("LB305", message, format!("add `needs: [{id}]`"));
        }
        member(&format!("phases.{id}"), members, PHASE)
    }
}

fn no_such<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n String>) -> Answer {
    let help = did_you_mean_or_list(name, known.map(String::as_str));
    let help = help.unwrap_or_else(|| format!("the runbook declares no {what}s"));
    wrong("LB304", format!("there is no {what} `{name}`"), help)
}

/// A step that names itself.
fn own(path: &str, id: &str, members: &[&str], own: Own, step: &Step) -> Answer {
    let allowed: &[&str] = match own {
        Own::Nothing => &[],
        Own::Before => &["before"],
        Own::Result => &["before", "result", "duration"],
        Own::All => STEP,
    };
    match members.first() {
        Some(name) if STEP.contains(name) && !allowed.contains(name) => wrong(
            "LB305",
            format!("`{path}`: a step does not have its own {name} yet here"),
            if allowed.is_empty() {
                "a step knows itself only in check, verify, outputs and rollback".to_owned()
            } else {
                format!("known here: {}", allowed.join(", "))
            },
        ),
        _ => outcome(id, members, step),
    }
}

/// What a step that is over shows.
fn outcome(id: &str, members: &[&str], step: &Step) -> Answer {
    member(&format!("steps.{id}"), members, STEP)?;
    match members {
        ["outputs", name, ..] if !step.outputs.contains_key(*name) => {
            let known = step.outputs.keys().map(String::as_str);
            let help = did_you_mean_or_list(name, known)
                .unwrap_or_else(|| format!("declare it there: `outputs: {{ {name}: \"${{{{ result.{name} }}}}\" }}`"));
            wrong("LB306", format!("the step `{id}` has no output `{name}`"), help)
        }
        _ => Ok(()),
    }
}

fn member(owner: &str, rest: &[&str], known: &[&str]) -> Answer {
    match rest.first() {
        Some(name) if !known.contains(name) => {
            let help = did_you_mean_or_list(name, known.iter().copied()).unwrap_or_default();
            wrong("LB304", format!("`{owner}` has no `{name}`"), help)
        }
        _ => Ok(()),
    }
}
