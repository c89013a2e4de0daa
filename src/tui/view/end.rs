//! The end of a run: objectives, where the time went, what is worth a look, the evidence.

use ratatui::layout::Rect;

use super::head::{banner, bar, hm, pace_tone};
use super::{draw_rows, keyrow, main};
use crate::driver::handle::{Over, View};
use crate::engine::snapshot::{Objective, Snapshot};
use crate::model::milestone::Milestone;
use crate::model::outcome::RunStatus;
use crate::model::text::width;
use crate::model::time::{clock_hms, human_ms};
use crate::report::milestones::Rta;
use crate::report::row::RowKind;
use crate::report::summary::TimeSummary;
use crate::tui::dialog::Row2;
use crate::tui::look;
use crate::tui::model::Model;
use crate::tui::pen::{Pen, plain, quiet, seg, wrap};
use crate::tui::theme::Tone;

/// Rows kept for "worth a look".
const WORTH_A_LOOK: usize = 8;

/// How it ended, in a word.
pub fn word(view: &View) -> &'static str {
    let snapshot = &view.snapshot;
    let missed = [snapshot.rto, snapshot.rpo].iter().flatten().any(|objective| objective.met == Some(false));
    match (snapshot.status, &view.over) {
        (_, Some(Over::Aborted)) | (RunStatus::Aborted, _) => "ABORTED",
        (RunStatus::Failed, _) => "FAILED",
        (RunStatus::Succeeded, _) if missed => "RECOVERED, OBJECTIVE MISSED",
        (RunStatus::Succeeded, _) => "RECOVERED",
        (RunStatus::Paused, _) => "paused",
        (RunStatus::Running | RunStatus::Waiting, _) => "nothing waits",
    }
}

/// Rows for the scrolled part.
pub fn height(size: (u16, u16)) -> u16 {
    size.1.saturating_sub(4)
}

pub fn draw(pen: &mut Pen, model: &Model, view: &View, size: (u16, u16)) {
    let snapshot = &view.snapshot;
    let word = word(view);
    let tone = if word == "RECOVERED" { Tone::Good } else { Tone::Bad };
    let left = [
        banner(snapshot.mode),
        seg(format!(" {word} "), tone),
        quiet("│ "),
        seg(snapshot.runbook.clone(), Tone::Strong),
        quiet(" │ "),
        plain(snapshot.run.chars().take(8).collect::<String>()),
    ];
    let ended_ms = snapshot.ended_ms.unwrap_or(snapshot.now_ms);
    let right = [plain(format!("{}  {} to {} ", snapshot.operator, hm(snapshot.clock_at_ms), hm(ended_ms)))];
    pen.pair(0, 0, size.0, &left, &right);
    main::rule(pen, 1, size.0, &[]);
    let area = Rect::new(1, 2, size.0.saturating_sub(2), height(size));
    let rows = rows(view, area.width);
    let most = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_sub(area.height);
    draw_rows(pen, area, &rows, usize::from(model.page_scroll.min(most)));
    main::rule(pen, size.1.saturating_sub(2), size.0, &[]);
    if let Some((text, _)) = &model.toast {
        main::rule(pen, size.1.saturating_sub(2), size.0, &[seg(text.clone(), Tone::Strong)]);
    }
    keyrow::draw(pen, model, view, Rect::new(0, size.1.saturating_sub(1), size.0, 1));
}

pub fn rows(view: &View, cells: u16) -> Vec<Row2> {
    let snapshot = &view.snapshot;
    let mut rows = Vec::new();
    rows.extend(snapshot.rto.map(|rto| objective("RTO", rto, cells)));
    rows.extend(last_call(snapshot));
    rows.extend(snapshot.rpo.map(|rpo| objective("RPO", rpo, cells)));
    rows.push(Row2::default());
    let time = time_rows(snapshot);
    let phases = phase_rows(snapshot);
    if cells >= 96 {
        let column = 52;
        for ix in 0..time.len().max(phases.len()) {
            let mut left = time.get(ix).cloned().unwrap_or_default();
            let used: usize = left.iter().map(|(text, _)| width(text)).sum();
            left.push(plain(" ".repeat(column - used.min(column))));
            left.extend(phases.get(ix).cloned().unwrap_or_default());
            rows.push(Row2::left(left));
        }
    } else {
        rows.extend(time.into_iter().map(Row2::left));
        rows.push(Row2::default());
        rows.extend(phases.into_iter().map(Row2::left));
    }
    rows.push(Row2::default());
    rows.extend(worth_a_look(view, cells));
    rows.push(Row2::default());
    rows.extend(evidence(snapshot, cells));
    rows.push(Row2::default());
    rows.extend(gaps(snapshot, cells));
    rows
}

/// What no journal knows, and only the author of the post-mortem can say.
fn gaps(snapshot: &Snapshot, cells: u16) -> Vec<Row2> {
    let known = |milestone: &Milestone| snapshot.milestones.iter().any(|one| one.milestone == *milestone);
    let times: Vec<&str> = [Milestone::Impact, Milestone::Detected, Milestone::Declared]
        .iter()
        .filter(|milestone| !known(milestone))
        .map(|milestone| milestone.word())
        .collect();
    let times = if times.is_empty() { String::new() } else { format!("; no time is known for {}", times.join(", ")) };
    let text = format!("customer impact, root cause, actions{times}");
    let lines = wrap(&text, usize::from(cells).saturating_sub(22).max(20));
    let head = |ix: usize| if ix == 0 { "GAPS FOR THE AUTHOR   " } else { "                      " };
    lines.into_iter().enumerate().map(|(ix, line)| Row2::left(vec![quiet(head(ix)), plain(line)])).collect()
}

fn objective(name: &str, objective: Objective, cells: u16) -> Row2 {
    let budget_ms = objective.budget_ms;
    let head = seg(format!("{name} {:<7}", human_ms(budget_ms)), Tone::Strong);
    let Some(actual_ms) = objective.actual_ms else {
        return Row2::left(vec![head, quiet("not measured")]);
    };
    let pace = look::pace(actual_ms, budget_ms);
    let verdict = match objective.met {
        Some(true) => seg(format!("met, {} to spare", human_ms(budget_ms.saturating_sub(actual_ms))), Tone::Good),
        Some(false) if actual_ms <= budget_ms => seg("not met: the run was not finished", Tone::Bad),
        Some(false) => seg(format!("missed by {}", human_ms(actual_ms.saturating_sub(budget_ms))), Tone::Bad),
        None => quiet("not decided"),
    };
    let room = cells.saturating_sub(50).min(52);
    Row2::left(vec![
        head,
        seg(bar(actual_ms, budget_ms, room), pace_tone(pace)),
        plain(format!("  {}   ", clock_hms(actual_ms))),
        verdict,
    ])
}

/// The clock stopped when the checks were green; the last call had returned before that.
fn last_call(snapshot: &Snapshot) -> Option<Row2> {
    let (rta, _) = (Rta::of(snapshot), snapshot.rto?);
    let (last_ms, verified_ms) = (rta.last_call_ms?, rta.verified_ms?);
    let text = format!("checks green at {}, last call returned at {}", clock_hms(verified_ms), clock_hms(last_ms));
    Some(Row2::left(vec![quiet(format!("            {text}"))]))
}

fn time_rows(snapshot: &Snapshot) -> Vec<Vec<(String, Tone)>> {
    let parts = TimeSummary::from(snapshot.time).parts();
    let whole: u64 = parts.iter().map(|(_, ms)| ms).sum();
    let mut rows = vec![vec![quiet("WHERE THE TIME WENT")]];
    for (name, ms) in parts {
        let share = look::percent(ms, whole);
        let blocks = usize::try_from(share * 16 / 100).unwrap_or(0);
        rows.push(vec![
            plain(format!("{name:<17}")),
            plain(format!("{:>8}  {share:>3}%  ", clock_hms(ms))),
            quiet("█".repeat(blocks)),
        ]);
    }
    rows
}

fn phase_rows(snapshot: &Snapshot) -> Vec<Vec<(String, Tone)>> {
    let names = snapshot.phases.iter().map(|phase| width(&phase.id)).max().unwrap_or(8).clamp(8, 16);
    let mut rows = vec![vec![quiet(format!("PHASES{}    budget    actual", " ".repeat(names - 4)))]];
    for phase in &snapshot.phases {
        let star = if phase.critical { "*" } else { " " };
        let budget = phase.budget_ms.map_or_else(|| "      -".to_owned(), clock_hms);
        let (mark, tone) = match phase.budget_ms {
            Some(budget) if phase.actual_ms > budget => ("✗", Tone::Bad),
            _ if phase.started_ms.is_none() => ("·", Tone::Quiet),
            _ => ("✓", Tone::Good),
        };
        let name = crate::model::text::fit(&phase.id, names);
        let gap = " ".repeat(names.saturating_sub(width(&name)));
        rows.push(vec![
            plain(format!("{name}{gap} ")),
            quiet(star),
            plain(format!("  {budget:>8}  {:>8}   ", clock_hms(phase.actual_ms))),
            seg(mark, tone),
        ]);
    }
    rows
}

fn worth_a_look(view: &View, cells: u16) -> Vec<Row2> {
    let mut rows = vec![Row2::left(vec![quiet("WORTH A LOOK")])];
    let worth: Vec<_> =
        view.rows.iter().filter(|row| matches!(row.kind, RowKind::Deviation | RowKind::Failure)).collect();
    for row in worth.iter().take(WORTH_A_LOOK) {
        let (mark, tone) = if row.kind == RowKind::Failure { ("✗", Tone::Bad) } else { ("!", Tone::Strong) };
        let text = wrap(&row.text, usize::from(cells).saturating_sub(26).max(20));
        for (ix, piece) in text.into_iter().enumerate() {
            let left = if ix == 0 {
                vec![
                    seg(format!("  {mark} "), tone),
                    plain(format!("{:<12} ", crate::model::text::fit(&row.subject, 12))),
                    plain(piece),
                ]
            } else {
                vec![plain(format!("{:17}{piece}", ""))]
            };
            let right = if ix == 0 { vec![quiet(hm(row.at_ms))] } else { Vec::new() };
            rows.push(Row2 { left, right });
        }
    }
    if worth.len() > WORTH_A_LOOK {
        rows.push(Row2::left(vec![quiet(format!("    and {} more: l", worth.len() - WORTH_A_LOOK))]));
    }
    if worth.is_empty() {
        rows.push(Row2::left(vec![quiet("  − no skip, override, retry, failure or budget exceeded")]));
    }
    rows
}

fn evidence(snapshot: &Snapshot, cells: u16) -> Vec<Row2> {
    let count = format!("EVIDENCE  {} records, head {}", snapshot.journal_seq, snapshot.journal_head);
    let verify = format!("lifeboat verify {}", snapshot.run);
    let export = format!("lifeboat timeline {} --format md", snapshot.run);
    if cells >= 96 {
        return vec![
            Row2 { left: vec![quiet(count)], right: vec![plain(verify)] },
            Row2 { left: vec![quiet("          for the post-mortem (y copies it)")], right: vec![plain(export)] },
        ];
    }
    vec![
        Row2::left(vec![quiet(count)]),
        Row2::left(vec![plain(format!("          {verify}"))]),
        Row2::left(vec![plain(format!("          {export}"))]),
    ]
}
