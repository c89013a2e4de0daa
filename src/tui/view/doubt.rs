//! The in-doubt screen: what was asked, what is known, what the probe says, and what may be decided.
//!
//! Must not know how a decision is made; Enter opens the dialog for that.

use crate::driver::handle::View;
use crate::engine::snapshot::{StepView, UnknownView};
use crate::model::outcome::Class;
use crate::model::text::{fit_middle, width};
use crate::model::time::{clock_ms, elapsed_ms, hms_utc};
use crate::tui::dialog::Row2;
use crate::tui::dialog::doubt::{probe_word, unsettled_ms};
use crate::tui::keys::{Act, Context, hint_of};
use crate::tui::look;
use crate::tui::model::Model;
use crate::tui::pen::{Segs, plain, quiet, seg, wrap};
use crate::tui::theme::Tone;

/// Cells of the label column.
const LABEL: usize = 9;

/// Inputs of the request that are shown here; `d` shows all.
const INPUTS: usize = 4;

pub fn rows(model: &Model, view: &View, cells: u16) -> Vec<Row2> {
    match model.step_now(view) {
        Some(step) => facts(step, view, usize::from(cells)),
        None => Vec::new(),
    }
}

/// Everything that is known of a step's doubt.
pub fn facts(step: &StepView, view: &View, cells: usize) -> Vec<Row2> {
    let Some(unknown) = &step.unknown else {
        return vec![Row2::left(vec![quiet(format!("nothing of {} is in doubt", step.key))])];
    };
    let now_ms = view.snapshot.now_ms;
    let mut rows = vec![title(step, unknown)];
    asked(&mut rows, unknown, now_ms, cells);
    known(&mut rows, unknown, now_ms, cells);
    probe(&mut rows, unknown, now_ms, cells);
    if let Some(why) = &unknown.verification {
        wrapped(&mut rows, "Check", (why, Tone::Bad), cells);
    }
    rows.push(Row2::default());
    match &unknown.settled {
        Some(settled) => end(&mut rows, step, settled, cells),
        None if view.watched.is_some() => rows.push(Row2::left(vec![label("Decide"), plain("whoever drives decides")])),
        None => decisions(&mut rows, step, unknown, now_ms),
    }
    rows
}

fn label(text: &str) -> (String, Tone) {
    quiet(format!("{text:<LABEL$}"))
}

fn wrapped(rows: &mut Vec<Row2>, name: &str, (text, tone): (&str, Tone), cells: usize) {
    let mut name = name;
    for line in wrap(text, cells.saturating_sub(LABEL).max(10)) {
        rows.push(Row2::left(vec![label(name), seg(line, tone)]));
        name = "";
    }
}

fn title(step: &StepView, unknown: &UnknownView) -> Row2 {
    let what = if unknown.what == "action" { String::new() } else { format!(", {}", unknown.what) };
    let (mark, tone, words) = match (&unknown.settled, &unknown.verification) {
        (Some(_), _) => ("✓", Tone::Good, "was in doubt, and is settled"),
        (None, Some(_)) => ("?", Tone::Bad, "cannot be checked: the answer was lost"),
        (None, None) => ("?", Tone::Bad, "sent, answer lost: not sent again by itself"),
    };
    Row2 {
        left: vec![seg(format!("{mark} {}{what}", step.key), tone), plain(format!("  {words}"))],
        right: vec![quiet(format!("attempt {}, class {:?}", unknown.attempt, unknown.class))],
    }
}

fn asked(rows: &mut Vec<Row2>, unknown: &UnknownView, now_ms: i64, cells: usize) {
    let place = if unknown.region.is_empty() { String::new() } else { format!("  in {}", unknown.region) };
    rows.push(Row2 {
        left: vec![
            label("Asked"),
            seg(look::api_name(&unknown.action), Tone::Strong),
            plain(place),
            quiet("  d shows all"),
        ],
        right: vec![quiet(unknown.account.clone())],
    });
    let names = unknown.request.iter().take(INPUTS).map(|(name, _)| width(name)).max().unwrap_or(0).min(30);
    for (name, value) in unknown.request.iter().take(INPUTS) {
        let room = cells.saturating_sub(LABEL + 4 + names).max(10);
        rows.push(Row2::left(vec![quiet(format!("{:LABEL$}  {name:<names$}  ", "")), plain(fit_middle(value, room))]));
    }
    if let Some(more) = unknown.request.len().checked_sub(INPUTS).filter(|more| *more > 0) {
        rows.push(Row2::left(vec![quiet(format!("{:LABEL$}  and {more} more", ""))]));
    }
    let by = unknown.confirmed_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let ago = clock_ms(elapsed_ms(unknown.sent_ms, now_ms));
    rows.push(Row2 {
        left: vec![label(""), plain(format!("sent {}{by}, {ago} ago", hms_utc(unknown.sent_ms)))],
        right: vec![quiet(class(unknown.class))],
    });
    rows.push(Row2 {
        left: vec![label(""), quiet(format!("token {}", unknown.token))],
        right: vec![quiet(fit_middle(&unknown.digest, 22))],
    });
}

/// What a second send would do.
const fn class(class: Class) -> &'static str {
    match class {
        Class::A => "twice is as once",
        Class::B => "its token guards it",
        Class::C => "its state guards it",
        Class::D => "nothing guards it",
    }
}

fn known(rows: &mut Vec<Row2>, unknown: &UnknownView, now_ms: i64, cells: usize) {
    wrapped(rows, "Known", (&unknown.error, Tone::Plain), cells);
    if unknown.settled.is_some() {
        return;
    }
    let text = match unsettled_ms(unknown, now_ms) {
        Some(left_ms) => format!("may still take effect: \"not done\" counts in {}", clock_ms(left_ms)),
        None => format!("what was sent has had its time since {}", hms_utc(unknown.settled_from_ms)),
    };
    rows.push(Row2::left(vec![label(""), quiet(text)]));
}

fn probe(rows: &mut Vec<Row2>, unknown: &UnknownView, now_ms: i64, cells: usize) {
    let (word, tone) = probe_word(unknown);
    let detail = unknown.detail.as_ref().map(|detail| format!("  {detail}")).unwrap_or_default();
    let mut first = true;
    for line in wrap(&format!("{word}{detail}"), cells.saturating_sub(LABEL).max(10)) {
        let segs: Segs = match line.strip_prefix(word) {
            Some(rest) if first => vec![label("Probe"), seg(word, tone), plain(rest.to_owned())],
            _ => vec![label(""), plain(line)],
        };
        first = false;
        rows.push(Row2::left(segs));
    }
    let Some(read) = &unknown.probe else {
        rows.push(Row2::left(vec![label(""), quiet("ask whoever sees the other side, and look there yourself")]));
        return;
    };
    let asked = match unknown.answered_ms {
        Some(ms) if unknown.answers > 1 => format!("  {} answers, last {}", unknown.answers, hms_utc(ms)),
        Some(ms) => format!("  answered {}", hms_utc(ms)),
        None => "  not answered yet".to_owned(),
    };
    let next = match unknown.next_ms {
        Some(ms) => format!(", again in {}", clock_ms(elapsed_ms(now_ms, ms))),
        None if unknown.probing => ", asking now".to_owned(),
        None => String::new(),
    };
    rows.push(Row2::left(vec![label(""), quiet(format!("{}{asked}{next}", look::api_name(read)))]));
}

fn decisions(rows: &mut Vec<Row2>, step: &StepView, unknown: &UnknownView, now_ms: i64) {
    let key = hint_of(Context::Main, Act::Open).map_or("", |binding| binding.label);
    let probe =
        if unknown.probe.is_some() && unknown.verification.is_none() { ", or to ask the probe again" } else { "" };
    let done = match &unknown.verification {
        Some(_) => "passed over; the other verifications are asked",
        None if unknown.what != "action" => "the roll back goes on",
        None if step.verify.is_empty() => "the step has succeeded: nothing verifies it",
        None => "its verification still runs",
    };
    let again = match (unknown.what.as_str(), unknown.class) {
        ("action", Class::B) => "a new attempt with the same token, through its gate",
        ("action", Class::A | Class::C | Class::D) => "a new attempt, through its checks and its gate",
        _ => "this call of the roll back, and those after it",
    };
    let not_done = if unknown.what == "action" {
        "the step has failed: retry, skip or roll back"
    } else {
        "the roll back has failed"
    };
    rows.push(Row2::left(vec![label("Decide"), seg(key, Tone::Wait), plain(format!(" to decide{probe}"))]));
    for (name, words) in
        [("Record as done      ", done), ("Record as not done  ", not_done), ("Send again          ", again)]
    {
        rows.push(Row2::left(vec![label(""), seg(name, Tone::Strong), quiet(words)]));
    }
    if let Some(ms) = unsettled_ms(unknown, now_ms) {
        let text = format!("Not done and send again only in {}.", clock_ms(ms));
        rows.push(Row2::left(vec![label(""), seg(text, Tone::Wait)]));
    }
    let who = unknown.mfa.as_ref().map(|mfa| format!(" and a code of {}", mfa.person)).unwrap_or_default();
    let typed = unknown.type_text.as_ref().map(|text| format!(", and {text} typed")).unwrap_or_default();
    rows.push(Row2::left(vec![label(""), quiet(format!("Each with a reason{who}{typed}."))]));
}

fn end(rows: &mut Vec<Row2>, step: &StepView, settled: &str, cells: usize) {
    wrapped(rows, "Settled", (settled, Tone::Good), cells);
    rows.push(Row2::left(vec![label("Now"), plain(look::doing(step).to_owned())]));
    let key = hint_of(Context::Main, Act::Open).map_or("", |binding| binding.label);
    rows.push(Row2::left(vec![label(""), seg(key, Tone::Wait), plain(" goes on to the run")]));
}
