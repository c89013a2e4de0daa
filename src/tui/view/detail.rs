//! The step under the cursor: what it calls, what that risks, what is checked before and after.

use crate::driver::handle::View;
use crate::engine::history::Spread;
use crate::engine::snapshot::{Activity, Allowed, CheckState, CheckView, ProgressView, StepView};
use crate::model::outcome::{Mode, Risk};
use crate::model::text::{fit_middle, safe_lines, width};
use crate::model::time::{elapsed_ms, hms_utc, human_ms};
use crate::tui::dialog::{Row2, gate};
use crate::tui::keys::{Act, Context, hint_of};
use crate::tui::look;
use crate::tui::model::Model;
use crate::tui::pen::{Segs, plain, quiet, seg, wrap};
use crate::tui::theme::Tone;

use super::steps::{glyph, step_time};

/// Cells of the label column.
const LABEL: usize = 8;

pub fn rows(model: &Model, view: &View, cells: u16) -> Vec<Row2> {
    let Some(step) = model.step_now(view) else { return vec![Row2::left(vec![quiet("no step")])] };
    let cells = usize::from(cells);
    let mut rows = vec![title(view, step)];
    if !step.title.is_empty() && step.title != step.id {
        rows.push(Row2::left(vec![quiet(step.title.clone())]));
    }
    if let Some(reason) = &step.reason {
        let tone = if look::waits_for_person(step) { Tone::Bad } else { Tone::Plain };
        labelled(&mut rows, "Why", vec![reason.clone()], cells, tone);
    }
    if let Some(unknown) = &step.unknown {
        let answer = unknown.answer.map_or("no answer yet", |answer| answer.word());
        let (line, tone) = match (&unknown.settled, &unknown.verification) {
            (Some(settled), _) => (format!("answer lost ({}); {settled}", unknown.error), Tone::Plain),
            (None, Some(why)) => (format!("answer lost: {why}"), Tone::Bad),
            (None, None) => (format!("sent, answer lost ({}); the probe says: {answer}", unknown.error), Tone::Bad),
        };
        labelled(&mut rows, "Doubt", vec![line], cells, tone);
    }
    if let Some(expired) = view.snapshot.expired.iter().find(|one| one.step == step.key) {
        let last = expired.last.as_ref().map(|last| format!("; last seen: {last}")).unwrap_or_default();
        labelled(&mut rows, "Login", vec![format!("{}{last}", look::expired_words(expired))], cells, Tone::Bad);
    }
    calls(&mut rows, step, cells);
    risk(&mut rows, step, cells);
    checks(&mut rows, "Before", &step.checks, cells);
    checks(&mut rows, "After", &step.verify, cells);
    time(&mut rows, view, step, cells);
    people(&mut rows, view, step, cells);
    next(&mut rows, view, step, cells);
    if let Some(link) = &step.console_link {
        rows.push(Row2::left(vec![label("Link"), plain(fit_middle(link, cells.saturating_sub(LABEL)))]));
    }
    rows.push(Row2::default());
    rows.extend(hints(view, step, cells));
    rows
}

fn label(text: &str) -> (String, Tone) {
    quiet(format!("{text:<LABEL$}"))
}

fn title(view: &View, step: &StepView) -> Row2 {
    let (mark, tone) = match step.activity_kind {
        Activity::NeedsPerson => ("◆", Tone::Wait),
        Activity::NeedsDecision => ("!", Tone::Bad),
        Activity::InDoubt => ("?", Tone::Bad),
        _ => glyph(step.status),
    };
    let attempt = if step.attempt > 1 { format!("  attempt {}", step.attempt) } else { String::new() };
    Row2 {
        left: vec![seg(step.key.clone(), Tone::Strong), quiet(attempt)],
        right: vec![
            seg(format!("{mark} {}", look::doing(step)), tone),
            plain(format!("  {}", step_time(step, view.snapshot.now_ms))),
        ],
    }
}

/// Lines under one label, wrapped.
fn labelled(rows: &mut Vec<Row2>, name: &str, lines: Vec<String>, cells: usize, tone: Tone) {
    let mut name = name;
    for line in lines {
        for piece in wrap(&line, cells.saturating_sub(LABEL).max(8)) {
            rows.push(Row2::left(vec![label(name), seg(piece, tone)]));
            name = "";
        }
    }
}

fn calls(rows: &mut Vec<Row2>, step: &StepView, cells: usize) {
    // A question to a person is read in full, or it is not asked at all.
    if let Some(ask) = look::ask(step) {
        labelled(rows, "Asks", safe_lines(ask), cells, Tone::Strong);
        return says(rows, step, cells);
    }
    let mut first = vec![label("Calls"), seg(look::api_name(&step.action), Tone::Strong)];
    if !step.region.is_empty() {
        first.push(plain(format!("  in {}", step.region)));
    }
    if !step.target.is_empty() {
        first.push(quiet(format!("  {}", step.target)));
    }
    if let Some(identity) = &step.identity {
        first.push(plain(format!("  as {identity}")));
    }
    rows.push(Row2::left(first));
    says(rows, step, cells);
    let is_said = |name: &str| look::message(step).is_some() && look::MESSAGE_MEMBERS.contains(&name);
    let others: Vec<&(String, String)> = step.request.iter().filter(|(name, _)| !is_said(name)).collect();
    let names = others.iter().map(|(name, _)| width(name)).max().unwrap_or(0).min(26);
    for (name, value) in others.iter().take(8) {
        let gap = " ".repeat(names.saturating_sub(width(name)));
        let room = cells.saturating_sub(LABEL + 2 + names + 2);
        let shown = fit_middle(&crate::model::text::safe(value), room.max(8));
        rows.push(Row2::left(vec![label(""), quiet(format!("  {name}{gap}  ")), plain(shown)]));
    }
    if others.len() > 8 {
        rows.push(Row2::left(vec![label(""), quiet(format!("  and {} more: d", others.len() - 8))]));
    }
}

/// What people will read, in full.
fn says(rows: &mut Vec<Row2>, step: &StepView, cells: usize) {
    if let Some(text) = look::message(step) {
        labelled(rows, "Says", safe_lines(&text), cells, Tone::Plain);
    }
}

fn risk(rows: &mut Vec<Row2>, step: &StepView, cells: usize) {
    if look::ask(step).is_some() {
        return;
    }
    let mut text = match step.risk {
        _ if look::is_message(step) => look::MESSAGE_RISK.to_owned(),
        Risk::Read => "only looks".to_owned(),
        Risk::Reversible => "changes something that can be put back".to_owned(),
        Risk::Irreversible => "This cannot be undone.".to_owned(),
    };
    if let Some(message) = step.gate.as_ref().and_then(|gate| gate.message.as_ref()) {
        text = format!("{message} {text}");
    }
    let tone = if step.risk == Risk::Irreversible { Tone::Strong } else { Tone::Plain };
    labelled(rows, "Risk", vec![text], cells, tone);
}

fn checks(rows: &mut Vec<Row2>, name: &str, checks: &[CheckView], cells: usize) {
    for (ix, check) in checks.iter().enumerate() {
        let (mark, tone) = match check.state {
            CheckState::Open => ("·", Tone::Quiet),
            CheckState::Asking => ("▶", Tone::Busy),
            CheckState::Passed => ("✓", Tone::Good),
            CheckState::Failed => ("✗", Tone::Bad),
            CheckState::Overridden => ("!", Tone::Wait),
        };
        let text = check_text(check);
        for (line, piece) in wrap(&text, cells.saturating_sub(LABEL + 2).max(8)).into_iter().enumerate() {
            let head = if ix == 0 && line == 0 { name } else { "" };
            let mark = if line == 0 { mark } else { " " };
            let text_tone = if check.state == CheckState::Failed { Tone::Bad } else { Tone::Plain };
            rows.push(Row2::left(vec![label(head), seg(format!("{mark} "), tone), seg(piece, text_tone)]));
        }
    }
}

fn check_text(check: &CheckView) -> String {
    let last = check.last.as_ref().map(|last| format!(": {last}")).unwrap_or_default();
    let rest = match check.state {
        CheckState::Asking if check.polls > 0 => format!(", asked {} times", check.polls),
        CheckState::Overridden => ", overridden".to_owned(),
        CheckState::Open if check.for_ms > 0 => {
            format!(", asked every {} for up to {}", human_ms(check.every_ms), human_ms(check.for_ms))
        }
        _ => String::new(),
    };
    format!("{}{last}{rest}", check.text)
}

/// What past runs say of it: those that count for this run first, the other kind beside them.
fn past(step: &StepView, mode: Mode) -> String {
    let past = &step.past;
    let told = both(past.drill, past.real, mode);
    let people = past.people(mode).map(|(_, spread)| format!(", people {}", human_ms(spread.median_ms)));
    let told = if told.is_empty() { told } else { format!(" ({told})") };
    format!("{told}{}", people.unwrap_or_default())
}

fn both(drill: Option<Spread>, real: Option<Spread>, mode: Mode) -> String {
    let mut kinds = [(Mode::Drill, drill), (Mode::Real, real)];
    if mode == Mode::Real {
        kinds.reverse();
    }
    let words = kinds.iter().filter_map(|(kind, spread)| spread.map(|spread| spread.words(*kind)));
    words.collect::<Vec<_>>().join("; ")
}

fn time(rows: &mut Vec<Row2>, view: &View, step: &StepView, cells: usize) {
    let mode = view.snapshot.mode;
    let timeout = if step.timeout_ms > 0 { format!(", timeout {}", human_ms(step.timeout_ms)) } else { String::new() };
    let took = match step.ended_ms {
        Some(_) => {
            let whose = if step.risk == Risk::Read { "checks" } else { "the cloud" };
            format!("; took {} of people, {} of {whose}", human_ms(step.people_ms), human_ms(step.cloud_ms))
        }
        None => String::new(),
    };
    if look::ask(step).is_some() {
        let answered = step.past.people(mode).map(|(_, spread)| {
            let told = both(step.past.drill_people, step.past.real_people, mode);
            format!("answered in {} ({told})", human_ms(spread.median_ms))
        });
        return labelled(rows, "Usual", answered.into_iter().collect(), cells, Tone::Plain);
    }
    let usual = format!("{}{}{timeout}{took}", human_ms(step.usual_ms), past(step, mode));
    labelled(rows, "Usual", vec![usual], cells, Tone::Plain);
    if let Some(progress) = &step.progress {
        labelled(rows, "Done", vec![how_far(progress, view.snapshot.now_ms)], cells, Tone::Plain);
    }
}

/// What the work says of itself: `62%; by that over at 03:41:07Z, in 9m`.
fn how_far(progress: &ProgressView, now_ms: i64) -> String {
    let percent = progress.percent.map_or_else(|| "not told how far".to_owned(), |percent| format!("{percent}%"));
    match progress.ends_ms {
        Some(ends_ms) if ends_ms > now_ms => {
            let left = human_ms(elapsed_ms(now_ms, ends_ms).div_ceil(1000) * 1000);
            format!("{percent}; by that over at {}, in {left}", hms_utc(ends_ms))
        }
        Some(_) => format!("{percent}; it should be over by now"),
        None => format!("{percent}; too early to tell when it is over"),
    }
}

fn people(rows: &mut Vec<Row2>, view: &View, step: &StepView, cells: usize) {
    let mut parts: Vec<String> = Vec::new();
    if let Some(who) = &step.confirmed_by {
        parts.push(format!("confirmed by {who}{}", if step.mfa { " with MFA" } else { "" }));
    }
    if !step.approvals.is_empty() {
        parts.push(format!("approved by {}", step.approvals.join(", ")));
    }
    if parts.is_empty()
        && let Some(gate) = &step.gate
    {
        parts.push(if gate.type_text.is_some() { "type the name" } else { "press R" }.to_owned());
        parts.extend(gate.mfa.as_ref().map(|mfa| format!("MFA of {}", mfa.person)));
        parts.extend(gate.approvals.as_ref().map(|a| format!("{} of {} approvals", a.granted.len(), a.min)));
    }
    if !parts.is_empty() {
        labelled(rows, "People", vec![parts.join(", ")], cells, Tone::Plain);
    }
    if let Some(approvals) = gate::approvals(step) {
        let placed = approvals.granted.iter().filter_map(|one| one.from.as_ref().map(|from| (one, from)));
        let came = placed.map(|(one, from)| format!("{} from {from}", one.by)).collect();
        labelled(rows, "", came, cells, Tone::Good);
        if gate::missing(approvals) > 0 {
            let lapsed = approvals.lapsed.iter().map(|one| format!("the approval of {} {}", one.by, one.why));
            labelled(rows, "", lapsed.collect(), cells, Tone::Wait);
            labelled(rows, "", gate::elsewhere(view, &step.key).into_iter().collect(), cells, Tone::Quiet);
        }
    }
    if !step.outputs.is_empty() {
        let lines = step.outputs.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        labelled(rows, "Gave", lines, cells, Tone::Plain);
    }
}

fn next(rows: &mut Vec<Row2>, view: &View, step: &StepView, cells: usize) {
    let open: Vec<&str> = step
        .needs
        .iter()
        .filter(|need| look::step(view, need).is_none_or(|other| !other.status.is_settled()))
        .map(String::as_str)
        .collect();
    if !open.is_empty() {
        labelled(rows, "Needs", vec![open.join(", ")], cells, Tone::Plain);
    }
    let names: Vec<String> = look::next_of(&view.snapshot, &step.key)
        .iter()
        .map(|other| match view.snapshot.phases.get(other.phase) {
            Some(phase) if other.phase != step.phase => format!("{} in {}", other.key, phase.id),
            _ => other.key.clone(),
        })
        .collect();
    if !names.is_empty() {
        labelled(rows, "Next", vec![names.join(", ")], cells, Tone::Plain);
    }
}

/// What may be done to it now, with the keys from the key table.
fn hints(view: &View, step: &StepView, cells: usize) -> Vec<Row2> {
    let mut hints: Vec<(Act, &str)> = Vec::new();
    // Who only watches may do nothing to it.
    let is_watched = view.watched.is_some();
    let may = |allowed| step.allowed.contains(&allowed) && !is_watched;
    match step.activity_kind {
        _ if is_watched => {}
        Activity::InDoubt => hints.push((Act::Open, "see what is in doubt")),
        Activity::NeedsDecision => hints.push((Act::Open, "decide what now")),
        _ if may(Allowed::Run) || may(Allowed::Approve) => hints.push((Act::Open, "review and confirm")),
        _ => {}
    }
    for (allowed, act, text) in [
        (Allowed::Skip, Act::Skip, "skip with a reason"),
        (Allowed::DoneExternally, Act::External, "done externally"),
        (Allowed::RollBack, Act::RollBack, "roll back"),
    ] {
        if may(allowed) {
            hints.push((act, text));
        }
    }
    hints.push((Act::Request, "show request"));
    if step.command_line.is_some() {
        hints.push((Act::CopyCommand, "copy as aws CLI"));
    } else if look::message(step).is_some() {
        hints.push((Act::CopyCommand, "copy the text"));
    }
    if step.console_link.is_some() {
        hints.push((Act::CopyLink, "copy link"));
    }
    hints.push((Act::Log, "log"));
    let shown: Vec<(&str, &str)> =
        hints.iter().filter_map(|(act, text)| hint_of(Context::Main, *act).map(|b| (b.label, *text))).collect();
    let columns = if cells >= 84 { 3 } else { 2 };
    let column = cells / columns;
    shown
        .chunks(columns)
        .map(|chunk| {
            let mut line: Segs = Vec::new();
            for (key, text) in chunk {
                let gap = " ".repeat(column.saturating_sub(width(key) + 1 + width(text)).max(1));
                line.push(seg(*key, Tone::Strong));
                line.push(quiet(format!(" {text}{gap}")));
            }
            Row2::left(line)
        })
        .collect()
}
