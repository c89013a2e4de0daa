//! The timeline as a trace: OTLP/JSON, as an OpenTelemetry collector takes it.
//!
//! | span | is |
//! |---|---|
//! | run | from the start of the RTO clock to the end; holds the objectives and the split of the time |
//! | phase, step | below it; a step links to the steps that it needs |
//! | attempt | one try of a step |
//! | `people decide`, `checks`, `cloud at work` | whom an attempt waited for; they follow each other without a gap |
//! | a call | kind client, with the request id; below its attempt |
//!
//! Deviations and notes are events of their step's span, or of the run's. Every span and event names
//! its records (`lifeboat.journal.seq`). Attributes are OpenTelemetry's where it has one, else they
//! begin with `lifeboat.`.

mod wire;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::io;

use serde::{Serialize, Serializer};

use super::chart::{Call, Part, PhaseBar, StepBar};
use super::document::{Deviation, Note};
use super::{Document, Entry, Format, Options};
use crate::engine::snapshot::WaitsOn;
use crate::model::outcome::{RunStatus, StepStatus};
use crate::model::time::rfc3339;
use wire::{Attributes, CLIENT, INTERNAL, Link, Span, SpanEvent, Status, nanos, span_id, trace_id};

const SEQ: &str = "lifeboat.journal.seq";
const LAST_SEQ: &str = "lifeboat.journal.last_seq";

/// Renders a timeline.
#[must_use]
pub fn render(document: &Document, options: &Options) -> String {
    super::render(Format::Otlp, document, options)
}

/// Writes a timeline. Its rows are passed over: the spans say the same.
///
/// # Errors
/// When `out` fails.
pub fn write(
    document: &Document,
    _rows: &mut dyn Iterator<Item = Entry>,
    _options: &Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let trace = Trace::of(document);
    let (tool, version) = document.tool.split_once(' ').unwrap_or((&document.tool, ""));
    let resource = Attributes::default().with("service.name", tool).with("service.version", version);
    let request = Request {
        resource_spans: [ResourceSpans {
            resource: Resource { attributes: resource.0 },
            scope_spans: [ScopeSpans {
                scope: Scope { name: "lifeboat.timeline", version: document.version },
                spans: Spans(RefCell::new(Box::new(trace.spans()))),
            }],
        }],
    };
    serde_json::to_writer(&mut *out, &request)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    resource_spans: [ResourceSpans<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Resource,
    scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(Serialize)]
struct Resource {
    attributes: Vec<wire::Attribute>,
}

#[derive(Serialize)]
struct ScopeSpans<'a> {
    scope: Scope<'a>,
    spans: Spans<'a>,
}

#[derive(Serialize)]
struct Scope<'a> {
    name: &'static str,
    version: &'a str,
}

/// Spans that are made as they are written; once.
struct Spans<'a>(RefCell<Box<dyn Iterator<Item = Span> + 'a>>);

impl Serialize for Spans<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&mut **self.0.borrow_mut())
    }
}

/// From and to, Unix ms.
type Range = (i64, i64);

/// A run and what is known of its steps before the first span is written.
#[expect(clippy::struct_field_names, reason = "the protocol's name of it")]
struct Trace<'a> {
    document: &'a Document,
    trace_id: String,
    /// The steps that have a span, and when it begins and ends.
    ranges: HashMap<&'a str, Range>,
}

impl<'a> Trace<'a> {
    fn of(document: &'a Document) -> Self {
        let steps = &document.chart.steps;
        let ranges = steps.iter().filter_map(|step| Some((step.id.as_str(), range(step, document.chart.to_ms)?)));
        Self { document, trace_id: trace_id(&document.run), ranges: ranges.collect() }
    }

    fn spans(&self) -> impl Iterator<Item = Span> {
        let phases = self.document.chart.phases.iter().filter_map(|phase| self.phase(phase));
        let steps = self.document.chart.steps.iter().flat_map(|step| self.step(step));
        std::iter::once(self.run()).chain(phases).chain(steps)
    }

    fn span(&self, path: &str, parent: &str, name: &str, (from_ms, to_ms): Range, attributes: Attributes) -> Span {
        let id = |path: &str| span_id(&self.document.run, path);
        Span {
            trace_id: self.trace_id.clone(),
            span_id: id(path),
            parent_span_id: if parent.is_empty() { String::new() } else { id(parent) },
            name: name.to_owned(),
            kind: INTERNAL,
            start_time_unix_nano: nanos(from_ms),
            end_time_unix_nano: nanos(to_ms.max(from_ms)),
            attributes: attributes.0,
            events: Vec::new(),
            links: Vec::new(),
            status: Status::default(),
        }
    }

    fn run(&self) -> Span {
        let document = self.document;
        let (time, chart) = (document.time, &document.chart);
        let attributes = Attributes::default()
            .with("lifeboat.run.id", &document.run)
            .with("lifeboat.run.mode", document.mode.word())
            .with("lifeboat.run.status", document.status.word())
            .with("lifeboat.runbook.name", &document.runbook)
            .with("lifeboat.runbook.title", &document.title)
            .with("lifeboat.runbook.digest", &document.digest)
            .with("user.name", &document.operator)
            .maybe("lifeboat.rto.budget_ms", document.rto.map(|rto| rto.budget_ms))
            .maybe("lifeboat.rto.actual_ms", document.rto.and_then(|rto| rto.actual_ms))
            .maybe("lifeboat.rto.met", document.rto.and_then(|rto| rto.met))
            .maybe("lifeboat.rpo.budget_ms", document.rpo.map(|rpo| rpo.budget_ms))
            .maybe("lifeboat.rpo.actual_ms", document.rpo.and_then(|rpo| rpo.actual_ms))
            .maybe("lifeboat.rpo.met", document.rpo.and_then(|rpo| rpo.met))
            .with("lifeboat.time.people_ms", time.people_ms)
            .with("lifeboat.time.cloud_ms", time.cloud_ms)
            .with("lifeboat.time.checks_ms", time.checks_ms)
            .with("lifeboat.time.waiting_ms", time.waiting_ms)
            .with(SEQ, 1)
            .with(LAST_SEQ, document.journal.records)
            .with("lifeboat.journal.head", &document.journal.head)
            .with("lifeboat.journal.intact", document.journal.intact)
            .with("lifeboat.verify", &document.verify);
        let name = format!("{} {}", document.banner, document.runbook);
        let mut span = self.span("run", "", &name, (chart.from_ms, chart.to_ms), attributes);
        let here = |step: Option<&str>| step.is_none_or(|step| !self.ranges.contains_key(step));
        let started =
            (document.started_ms, event("run started", document.started_ms, Attributes::default().with(SEQ, 1)));
        span.events = self.events(here, [started].into());
        span.status = match document.status {
            RunStatus::Succeeded => Status { code: 1, message: String::new() },
            RunStatus::Failed | RunStatus::Aborted => Status { code: 2, message: document.status.word().to_owned() },
            RunStatus::Running | RunStatus::Waiting | RunStatus::Paused => Status::default(),
        };
        span
    }

    fn phase(&self, phase: &PhaseBar) -> Option<Span> {
        let steps = self.document.chart.steps.iter().filter(|step| step.phase == phase.id);
        let end_ms = steps.filter_map(|step| self.ranges.get(step.id.as_str())).map(|&(_, to_ms)| to_ms).max();
        let from_ms = phase.started_ms?;
        let attributes = Attributes::default()
            .with("lifeboat.phase.id", &phase.id)
            .with("lifeboat.phase.title", &phase.title)
            .maybe("lifeboat.phase.budget_ms", phase.budget_ms)
            .with("lifeboat.phase.actual_ms", phase.actual_ms)
            .maybe("lifeboat.phase.met", phase.met)
            .with("lifeboat.critical_path", phase.critical);
        let range = (from_ms, end_ms.or(phase.ended_ms).unwrap_or(self.document.chart.to_ms));
        Some(self.span(&format!("phase/{}", phase.id), "run", &phase.id, range, attributes))
    }

    /// A step, its attempts, what they waited for, and its calls.
    fn step(&self, step: &StepBar) -> Vec<Span> {
        let Some(&range) = self.ranges.get(step.id.as_str()) else { return Vec::new() };
        let path = format!("step/{}", step.id);
        let attributes = Attributes::default()
            .with("lifeboat.step.id", &step.id)
            .with("lifeboat.step.title", &step.title)
            .with("lifeboat.step.action", &step.action)
            .with("lifeboat.step.status", step.status.word())
            .with("lifeboat.step.risk", step.risk.word())
            .with("lifeboat.step.attempts", u64::from(step.attempts))
            .with("lifeboat.critical_path", step.critical)
            .maybe(SEQ, step.records.map(|(first, _)| first))
            .maybe(LAST_SEQ, step.records.map(|(_, last)| last));
        let mut span = self.span(&path, &format!("phase/{}", step.phase), &step.id, range, attributes);
        span.events = self.events(|key| key == Some(step.id.as_str()), Vec::new());
        span.links = step
            .needs
            .iter()
            .filter(|need| self.ranges.contains_key(need.as_str()))
            .map(|need| self.need(need))
            .collect();
        span.status = step_status(step.status);
        let mut spans = vec![span];
        for attempt in attempts(step) {
            self.attempt(step, attempt, &path, &mut spans);
        }
        spans
    }

    fn need(&self, need: &str) -> Link {
        Link {
            trace_id: self.trace_id.clone(),
            span_id: span_id(&self.document.run, &format!("step/{need}")),
            attributes: Attributes::default().with("lifeboat.link", "needs").0,
        }
    }

    fn attempt(&self, step: &StepBar, attempt: u32, parent: &str, spans: &mut Vec<Span>) {
        let end_ms = self.document.chart.to_ms;
        let parts: Vec<&Part> = step.stretches.iter().filter(|part| part.attempt == attempt).collect();
        let calls: Vec<&Call> = step.calls.iter().filter(|call| call.attempt == attempt).collect();
        let times = || {
            let parts = parts.iter().map(|part| (part.from_ms, part.to_ms));
            parts.chain(calls.iter().map(|call| (call.sent_ms, call.answered_ms.unwrap_or(end_ms))))
        };
        let from_ms = times().map(|(from_ms, _)| from_ms).min().unwrap_or_default();
        let to_ms = times().map(|(_, to_ms)| to_ms).max().unwrap_or_default();
        let path = format!("{parent}/attempt/{attempt}");
        let attributes = Attributes::default()
            .with("lifeboat.step.id", &step.id)
            .with("lifeboat.attempt", u64::from(attempt))
            .maybe(SEQ, calls.first().map(|call| call.seq).or(step.records.map(|(first, _)| first)));
        spans.push(self.span(&path, parent, &format!("{} attempt {attempt}", step.id), (from_ms, to_ms), attributes));
        for (n, part) in parts.iter().enumerate() {
            let (name, awaits) = match part.on {
                WaitsOn::People => ("people decide", "people"),
                WaitsOn::Checks => ("checks", "checks"),
                WaitsOn::Cloud => ("cloud at work", "cloud"),
            };
            let attributes = Attributes::default().with("lifeboat.step.id", &step.id).with("lifeboat.awaits", awaits);
            let range = (part.from_ms, part.to_ms);
            spans.push(self.span(&format!("{path}/part/{n}"), &path, name, range, attributes));
        }
        spans.extend(calls.iter().map(|call| self.call(call, &path)));
    }

    fn call(&self, call: &Call, parent: &str) -> Span {
        let (service, method) = call.api.and_then(|api| api.split_once(':')).unzip();
        let name = match (service, method) {
            (Some(service), Some(method)) => format!("{service}/{method}"),
            (_, _) => call.action.clone(),
        };
        let failed = call.outcome.filter(|outcome| *outcome != "succeeded");
        let attributes = Attributes::default()
            .maybe("rpc.system", service.map(|_| "aws-api"))
            .maybe("rpc.service", service)
            .maybe("rpc.method", method)
            .maybe("cloud.provider", service.map(|_| "aws"))
            .maybe("cloud.region", call.region.as_ref())
            .maybe("cloud.account.id", call.account.as_ref())
            .maybe("aws.request_id", call.request_id.as_ref())
            .maybe("error.type", failed)
            .with("lifeboat.action", &call.action)
            .with("lifeboat.purpose", &call.purpose)
            .maybe("lifeboat.outcome", call.outcome)
            .with(SEQ, call.seq)
            .maybe(LAST_SEQ, call.answer_seq);
        let range = (call.sent_ms, call.answered_ms.unwrap_or(self.document.chart.to_ms));
        let mut span = self.span(&format!("{parent}/call/{}", call.seq), parent, &name, range, attributes);
        span.kind = CLIENT;
        if failed.is_some() {
            span.status = Status { code: 2, message: call.error.clone().unwrap_or_default() };
        }
        span
    }

    /// Deviations and notes of one span, in the order of time.
    fn events(&self, here: impl Fn(Option<&str>) -> bool, mut found: Vec<(i64, SpanEvent)>) -> Vec<SpanEvent> {
        for Deviation { seq, at_ms, step, what, by, reason } in &self.document.deviations {
            if here(step.as_deref()) {
                let attributes = Attributes::default()
                    .with("lifeboat.deviation", *what)
                    .maybe("user.name", by.as_ref())
                    .with("lifeboat.reason", reason)
                    .with(SEQ, *seq);
                found.push((*at_ms, event(what, *at_ms, attributes)));
            }
        }
        for Note { seq, about_ms, recorded_ms, by, step, text } in &self.document.notes {
            if here(step.as_deref()) {
                let attributes = Attributes::default()
                    .with("lifeboat.note", text)
                    .with("user.name", by)
                    .with("lifeboat.recorded_at", &rfc3339(*recorded_ms))
                    .with(SEQ, *seq);
                found.push((*about_ms, event("note", *about_ms, attributes)));
            }
        }
        found.sort_by_key(|(at_ms, _)| *at_ms);
        found.into_iter().map(|(_, event)| event).collect()
    }
}

fn event(name: &str, at_ms: i64, attributes: Attributes) -> SpanEvent {
    SpanEvent { time_unix_nano: nanos(at_ms), name: name.to_owned(), attributes: attributes.0 }
}

/// Ready to the last thing that was awaited: a step that failed waits for a decision after it.
fn range(step: &StepBar, now_ms: i64) -> Option<Range> {
    let from_ms = step.started_ms?;
    let ended_ms = step.ended_ms.unwrap_or(now_ms);
    let awaited_ms = step.stretches.iter().map(|part| part.to_ms).max();
    let answered_ms = step.calls.iter().map(|call| call.answered_ms.unwrap_or(now_ms)).max();
    Some((from_ms, [Some(ended_ms), awaited_ms, answered_ms].into_iter().flatten().max()?))
}

fn attempts(step: &StepBar) -> BTreeSet<u32> {
    let waited = step.stretches.iter().map(|part| part.attempt);
    waited.chain(step.calls.iter().map(|call| call.attempt)).collect()
}

fn step_status(status: StepStatus) -> Status {
    match status {
        StepStatus::Succeeded | StepStatus::DoneExternally => Status { code: 1, message: String::new() },
        StepStatus::Failed | StepStatus::Unknown | StepStatus::RolledBack => {
            Status { code: 2, message: status.word().to_owned() }
        }
        StepStatus::Pending | StepStatus::Waiting | StepStatus::Running | StepStatus::Skipped => Status::default(),
    }
}
