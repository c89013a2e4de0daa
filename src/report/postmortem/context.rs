//! What a template may name: a run as plain values. `variables.md` says what each is, and a test
//! compares the two.

use std::collections::BTreeMap;

use serde_json::json;

use super::Material;
use crate::model::Value;
use crate::model::milestone::Milestone;
use crate::model::outcome::{Mode, RunStatus, StepStatus};
use crate::model::time::{clock_hms, human_ms, rfc3339};
use crate::report::diff::took_ms;
use crate::report::row::RowKind;
use crate::report::summary::{ObjectiveSummary, TimeSummary};
use crate::report::timeline::Document;
use crate::report::timeline::document::Entry;

pub(super) fn of(material: Material<'_>) -> minijinja::Value {
    minijinja::Value::from(minijinja::value::Serde(values(material)))
}

pub(super) fn values(material: Material<'_>) -> Value {
    let document = material.document;
    let mut all = run(document);
    let more = json!({
        "rto": objective(document.rto),
        "rpo": objective(document.rpo),
        "rta": document.rta,
        "milestones": milestones(document),
        "intervals": document.intervals,
        "time": time(&document.time),
        "time_whole_ms": document.time.whole_ms(),
        "phases": phases(document),
        "steps": steps(document),
        "deviations": document.deviations,
        "notes": document.notes,
        "rows": document.rows.iter().map(row).collect::<Vec<_>>(),
        "left_out": document.left_out,
        "actions": material.actions,
        "people": people(material),
        "kept": outcomes(document, true),
        "missed": outcomes(document, false),
        "gaps": gaps(document),
        "journal": document.journal,
        "verify": document.verify,
    });
    if let (Value::Object(all), Value::Object(more)) = (&mut all, more) {
        all.extend(more);
    }
    all
}

fn run(document: &Document) -> Value {
    json!({
        "banner": document.banner,
        "is_drill": document.mode == Mode::Drill,
        "is_simulated": document.mode == Mode::Drill && document.drill.is_some(),
        "run": document.run,
        "runbook": document.runbook,
        "title": document.title,
        "digest": document.digest,
        "intent": document.intent,
        "status": status_word(document.status),
        "operator": document.operator,
        "regions": document.regions,
        "account": document.account,
        "tool": document.tool,
        "inputs": document.inputs.iter().map(|(name, value)| json!({"name": name, "value": value})).collect::<Vec<_>>(),
        "drill": document.drill,
        "started_at": rfc3339(document.started_ms),
        "ended_at": document.ended_ms.map(rfc3339),
        "clock_at": rfc3339(document.clock_at_ms),
    })
}

const fn status_word(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Running => "running",
        RunStatus::Waiting => "waiting for people",
        RunStatus::Paused => "paused",
        RunStatus::Succeeded => "recovered",
        RunStatus::Failed => "failed",
        RunStatus::Aborted => "aborted",
    }
}

fn objective(objective: Option<ObjectiveSummary>) -> Value {
    let Some(ObjectiveSummary { budget_ms, actual_ms, met }) = objective else { return Value::Null };
    json!({"budget_ms": budget_ms, "actual_ms": actual_ms, "met": met, "result": result(budget_ms, actual_ms, met)})
}

/// `met, 50m 16s to spare`.
fn result(budget_ms: u64, actual_ms: Option<u64>, met: Option<bool>) -> String {
    match (met, actual_ms) {
        (Some(true), Some(actual)) => format!("met, {} to spare", human_ms(budget_ms.saturating_sub(actual))),
        (Some(true), None) => "met".to_owned(),
        (Some(false), Some(actual)) if actual > budget_ms => format!("missed by {}", human_ms(actual - budget_ms)),
        (Some(false), _) => "not met: the run did not reach its end".to_owned(),
        (None, Some(_)) => "still open".to_owned(),
        (None, None) => "not known".to_owned(),
    }
}

/// By name; `null` for what nobody knows.
fn milestones(document: &Document) -> Value {
    let one =
        |wanted: Milestone| {
            document.milestones.iter().find(|one| one.milestone == wanted).map(
                |one| json!({"at": one.at, "recorded_at": one.recorded_at, "how": one.how(), "source": one.source}),
            )
        };
    Milestone::ALL.into_iter().map(|wanted| (wanted.word().to_owned(), json!(one(wanted)))).collect()
}

fn time(time: &TimeSummary) -> Vec<Value> {
    let whole_ms = time.whole_ms();
    let share = |ms: u64| (ms * 100 + whole_ms / 2).checked_div(whole_ms).unwrap_or(0);
    time.parts().into_iter().map(|(what, ms)| json!({"what": what, "ms": ms, "percent": share(ms)})).collect()
}

fn phases(document: &Document) -> Vec<Value> {
    let one = |phase: &crate::report::summary::PhaseSummary| {
        json!({
            "id": phase.id,
            "budget_ms": phase.budget_ms,
            "actual_ms": phase.actual_ms,
            "met": phase.met,
            "result": phase.budget_ms.map(|budget_ms| result(budget_ms, Some(phase.actual_ms), phase.met)),
            "time": time(&phase.time),
        })
    };
    document.phases.iter().map(one).collect()
}

fn steps(document: &Document) -> Vec<Value> {
    let one = |step: &crate::report::summary::StepSummary| {
        json!({
            "id": step.id,
            "phase": step.phase,
            "status": step.status.word(),
            "attempts": step.attempts,
            "risk": step.risk.word(),
            "confirmed_by": step.confirmed_by,
            "mfa": step.mfa,
            "approvals": step.approvals,
            "started_at": step.started_at,
            "ended_at": step.ended_at,
            "took_ms": took_ms(step),
        })
    };
    document.steps.iter().map(one).collect()
}

fn row(row: &Entry) -> Value {
    json!({
        "seq": row.seq,
        "at": rfc3339(row.at_ms),
        "recorded_at": row.recorded_ms.map(rfc3339),
        "who": row.who,
        "subject": row.subject,
        "kind": row.kind,
        "text": row.text,
    })
}

/// Who took part, with the roles that the runbook gives them and what they did.
fn people(material: Material<'_>) -> Vec<Value> {
    let document = material.document;
    let mut parts: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    parts.entry(&document.operator).or_default().push("operator".to_owned());
    for person in document.rows.iter().filter_map(|row| row.who.as_deref()) {
        parts.entry(person).or_default();
    }
    for step in &document.steps {
        for person in &step.approvals {
            parts.entry(person).or_default().push(format!("approved {}", step.id));
        }
    }
    for (person, did) in &mut parts {
        let confirmed = document.steps.iter().filter(|step| step.confirmed_by.as_deref() == Some(person)).count();
        if confirmed > 0 {
            did.push(format!("confirmed {confirmed} {}", if confirmed == 1 { "step" } else { "steps" }));
        }
        let noted = document.rows.iter().filter(|row| row.kind == RowKind::Note && row.who.as_deref() == Some(person));
        if noted.count() > 0 {
            did.push("took notes".to_owned());
        }
    }
    let roles = |person: &str| {
        let held = material.roles.iter().filter(|(_, holders)| holders.iter().any(|one| one == person));
        held.map(|(role, _)| role.clone()).collect::<Vec<_>>()
    };
    parts.iter().map(|(name, did)| json!({"name": name, "roles": roles(name), "parts": did})).collect()
}

/// Objectives and budgets that were kept, or missed, a sentence each.
fn outcomes(document: &Document, kept: bool) -> Vec<String> {
    let mut found = Vec::new();
    for (name, objective) in [("RTO", document.rto), ("RPO", document.rpo)] {
        let Some(one) = objective.filter(|one| one.met == Some(kept)) else { continue };
        let actual = one.actual_ms.map(|ms| format!(", {} reached", clock_hms(ms))).unwrap_or_default();
        found.push(format!(
            "{name} of {}{actual}: {}",
            human_ms(one.budget_ms),
            result(one.budget_ms, one.actual_ms, one.met)
        ));
    }
    for phase in document.phases.iter().filter(|phase| phase.met == Some(kept)) {
        let budget_ms = phase.budget_ms.unwrap_or_default();
        let against = result(budget_ms, Some(phase.actual_ms), phase.met);
        let (took, budget) = (clock_hms(phase.actual_ms), human_ms(budget_ms));
        found.push(format!("phase {} took {took} of {budget}: {against}", phase.id));
    }
    found
}

/// What this run does not tell, a sentence each.
fn gaps(document: &Document) -> Vec<String> {
    let mut gaps = Vec::new();
    let known = |wanted| document.milestones.iter().any(|one| one.milestone == wanted);
    let open: Vec<&str> = Milestone::ALL.into_iter().filter(|one| !known(*one)).map(Milestone::word).collect();
    if !open.is_empty() {
        gaps.push(format!("no time is known for: {}", open.join(", ")));
    }
    match document.rpo {
        None => gaps.push("the runbook has no recovery point objective".to_owned()),
        Some(rpo) if rpo.actual_ms.is_none() => gaps.push("the recovery point reached was not measured".to_owned()),
        Some(_) => {}
    }
    if document.rto.is_none() {
        gaps.push("the runbook has no recovery time objective".to_owned());
    }
    let not_done = |status| matches!(status, StepStatus::Skipped | StepStatus::Pending | StepStatus::DoneExternally);
    for step in document.steps.iter().filter(|step| not_done(step.status)) {
        gaps.push(format!("step {} was not carried out by this run: {}", step.id, step.status.word()));
    }
    if document.mode == Mode::Drill && document.drill.is_some() {
        gaps.push("the cloud was simulated: that AWS would have answered the same is not shown".to_owned());
    }
    if !document.journal.intact {
        gaps.push("the journal is damaged: what follows its first damaged record is left out".to_owned());
    }
    gaps
}
