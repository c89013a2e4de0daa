//! Draws the start screens.

use ratatui::buffer::Buffer;

use super::begin::{Begin, LineTone};
use super::state::{Line, Picker, Start};
use crate::model::outcome::Mode;
use crate::model::text::{fit, width};
use crate::model::time::human_ms;
use crate::tui::keys::{Act, Binding, Context, of};
use crate::tui::model::Options;
use crate::tui::pen::{Pen, Seg, Segs, plain, quiet, seg, segs_width, to_ascii, wrap};
use crate::tui::theme::{Theme, Tone};

/// Cells of the label column.
const LABEL: usize = 11;

/// What the screens before a simulated drill promise.
const NO_CLOUD: &str = "nothing on this screen can reach AWS ";

/// Drills shown.
const HISTORY: usize = 5;

/// A row and whether the cursor is on it.
struct Row {
    segs: Segs,
    right: Segs,
    is_here: bool,
}

pub fn start(start: &Start, options: Options, buf: &mut Buffer) {
    let width = buf.area.width;
    let rows = rows(start, usize::from(width));
    let left = [seg(" DRILL ", Tone::Strong), quiet("│ "), plain(start.model.runbook.clone())];
    let title = if start.model.title == start.model.runbook { String::new() } else { start.model.title.clone() };
    let head: Vec<Seg> = left.into_iter().chain([quiet(format!("  {title}"))]).collect();
    let foot = format!("runbook {} ", start.model.digest8);
    screen(buf, options, (&head, NO_CLOUD), (Context::Start, &foot), &rows, start.message);
}

pub fn picker(picker: &Picker, options: Options, buf: &mut Buffer) {
    let names = picker.runbooks.iter().map(|line| width(&line.name)).max().unwrap_or(0).min(32);
    let mut rows = vec![row(vec![quiet(" Which runbook?")]), row(Vec::new())];
    for (ix, line) in picker.runbooks.iter().enumerate() {
        let is_here = ix == picker.at;
        let name = fit(&line.name, names);
        let gap = " ".repeat(names.saturating_sub(width(&name)) + 2);
        let tone = if is_here { Tone::Strong } else { Tone::Plain };
        let segs = vec![plain("   "), seg(name, tone), plain(gap), quiet(line.summary.clone())];
        rows.push(Row { segs, right: Vec::new(), is_here });
    }
    if picker.runbooks.is_empty() {
        rows.push(row(vec![quiet("   none here")]));
    }
    let head = [seg(" DRILL ", Tone::Strong), quiet("│ lifeboat")];
    screen(buf, options, (&head, NO_CLOUD), (Context::Start, ""), &rows, None);
}

pub fn begin(begin: &Begin, options: Options, buf: &mut Buffer) {
    let model = &begin.model;
    let cells = usize::from(buf.area.width).saturating_sub(LABEL + 3).max(8);
    let mut rows = Vec::new();
    for line in model.lines() {
        let tone = match line.tone {
            LineTone::Plain => Tone::Plain,
            LineTone::Good => Tone::Good,
            LineTone::Bad => Tone::Bad,
        };
        let mut name = line.label;
        for piece in wrap(&line.text, cells) {
            rows.push(row(vec![label(name), seg(piece, tone)]));
            name = "";
        }
    }
    let rows: Vec<Row> = rows.into_iter().skip(begin.scrolled).collect();
    let word = seg(format!(" {} ", model.mode.banner()), banner_tone(model.mode));
    let title = if model.title == model.runbook { String::new() } else { format!("  {}", model.title) };
    let head = [word, quiet("│ "), seg(model.runbook.clone(), Tone::Strong), quiet(title)];
    let too_small = (!begin.fits()).then_some("too small: at least 50x10");
    let message = begin.message.or(too_small).or_else(|| (!begin.is_listening()).then_some("a moment"));
    let foot = format!("run {}  runbook {} ", model.run.chars().take(8).collect::<String>(), model.digest8);
    screen(buf, options, (&head, "nothing has begun "), (Context::Begin, &foot), &rows, message);
}

const fn banner_tone(mode: Mode) -> Tone {
    match mode {
        Mode::Real => Tone::Banner,
        Mode::Drill => Tone::Strong,
    }
}

fn row(segs: Segs) -> Row {
    Row { segs, right: Vec::new(), is_here: false }
}

fn screen(
    buf: &mut Buffer,
    options: Options,
    (head, promise): (&[Seg], &str),
    (context, foot): (Context, &str),
    rows: &[Row],
    message: Option<&str>,
) {
    let (width, height) = (buf.area.width, buf.area.height);
    if width == 0 || height == 0 {
        return;
    }
    let mut pen = Pen::new(buf, Theme { color: options.color });
    let promise = if width >= 70 { vec![quiet(promise)] } else { Vec::new() };
    pen.pair(0, 0, width, head, &promise);
    pen.rule(0, 1, width);
    let room = usize::from(height.saturating_sub(4));
    let here = rows.iter().position(|row| row.is_here).unwrap_or(0);
    let first = (here + 2).saturating_sub(room).min(rows.len().saturating_sub(room));
    for (row, y) in rows.iter().skip(first).take(room).zip(2..) {
        pen.pair(0, y, width, &row.segs, &row.right);
        if row.is_here {
            pen.text(0, y, 1, "▌", Tone::Wait);
        }
    }
    if height > 3 {
        pen.rule(0, height - 2, width);
        if let Some(message) = message {
            pen.text(1, height - 2, width, &format!(" {message} "), Tone::Bad);
        }
        // Where nothing comes below, no key shows it.
        let is_live = |binding: &&Binding| {
            context != Context::Begin || binding.act != Act::Down || rows.len() > usize::from(height.saturating_sub(4))
        };
        let mut bindings: Vec<_> = of(context).filter(|binding| binding.rank > 0).filter(is_live).collect();
        bindings.sort_by_key(|binding| binding.rank);
        let mut keys: Segs = vec![plain(" ")];
        let foot = if width >= 70 { vec![quiet(foot)] } else { Vec::new() };
        let mut room = usize::from(width).saturating_sub(1 + segs_width(&foot));
        for binding in bindings {
            let needed = binding.label.len() + binding.hint.len() + 4;
            if needed > room {
                break;
            }
            room -= needed;
            keys.push(seg(binding.label, Tone::Strong));
            keys.push(quiet(format!(" {}   ", binding.hint)));
        }
        pen.pair(0, height - 1, width, &keys, &foot);
    }
    if options.ascii {
        to_ascii(buf);
    }
}

fn rows(start: &Start, cells: usize) -> Vec<Row> {
    let model = &start.model;
    let mut rows = Vec::new();
    let names = model.scenarios.iter().map(|scenario| width(&scenario.name)).max().unwrap_or(0).clamp(8, 24);
    for (ix, scenario) in model.scenarios.iter().enumerate() {
        let name = fit(&scenario.name, names);
        let gap = " ".repeat(names.saturating_sub(width(&name)));
        let is_here = start.line() == Line::Scenario(ix);
        let text = vec![
            radio(start.chosen == ix),
            seg(format!("{name}{gap}  "), if is_here { Tone::Strong } else { Tone::Plain }),
            quiet(scenario.summary.clone()),
        ];
        rows.push(labelled(if ix == 0 { "Scenario" } else { "" }, text, is_here));
    }
    let on_file = start.line() == Line::File;
    let cursor = if on_file { "▏" } else { "" };
    let gap = " ".repeat(names.saturating_sub(5));
    let path =
        if start.file.is_empty() && !on_file { "another one, by its path".to_owned() } else { start.file.clone() };
    let file = vec![radio(start.is_file()), plain(format!("file…{gap}  ")), plain(format!("{path}{cursor}"))];
    rows.push(labelled(if model.scenarios.is_empty() { "Scenario" } else { "" }, file, on_file));
    rows.extend(settings(start, cells));
    if !model.people.is_empty() {
        let people: Vec<String> = model.people.iter().map(|(who, roles)| format!("{who} {roles}")).collect();
        rows.push(Row {
            segs: vec![label("People"), plain(people.join("    "))],
            right: vec![quiet("practice MFA codes shown ")],
            is_here: false,
        });
    }
    rows.extend(history(start));
    rows
}

fn settings(start: &Start, cells: usize) -> Vec<Row> {
    let model = &start.model;
    let faults = match model.scenarios.get(start.chosen) {
        _ if start.surprise => "hidden from the operator".to_owned(),
        Some(scenario) if scenario.faults.is_empty() => "none".to_owned(),
        Some(scenario) => scenario.faults.join("; "),
        None => "as the file says".to_owned(),
    };
    let speed = start.speed_text();
    let plays = match (model.rto_ms, speed.parse::<u64>()) {
        (Some(rto_ms), Ok(speed)) => {
            format!("{speed}x, so RTO {} plays in {}", human_ms(rto_ms), human_ms(rto_ms / speed / 1000 * 1000))
        }
        (None, Ok(speed)) => format!("{speed}x"),
        (_, Err(_)) => "as fast as it can, but at human pace while a dialog is open".to_owned(),
    };
    let mark = if start.surprise { "[x] " } else { "[ ] " };
    let cursor = if start.line() == Line::Seed { "▏" } else { "" };
    let starts = if model.starts_at.is_empty() { String::new() } else { format!("starts {} ", model.starts_at) };
    vec![
        labelled("Faults", vec![quiet(fit(&faults, cells.saturating_sub(LABEL + 2)))], false),
        labelled(
            "Surprise",
            vec![plain(mark), plain("hide the faults from the operator"), quiet("   (game day)")],
            start.line() == Line::Surprise,
        ),
        Row {
            segs: vec![label("Clock"), plain(plays)],
            right: vec![quiet(starts)],
            is_here: start.line() == Line::Speed,
        },
        labelled(
            "Seed",
            vec![plain(format!("{}{cursor}", start.seed)), quiet("   the same seed replays the same drill")],
            start.line() == Line::Seed,
        ),
    ]
}

fn history(start: &Start) -> Vec<Row> {
    if start.model.history.is_empty() {
        return Vec::new();
    }
    let line = |when: &str, result: &str, rto: &str, slowest: &str, seed: &str| {
        format!("{when:<12} {result:<12} {rto:<10} {:<15} {seed}", fit(slowest, 15))
    };
    let mut rows = vec![row(Vec::new())];
    let head = vec![label("Last drills"), quiet(line(" when", " result", " RTO", " slowest", " seed"))];
    rows.push(row(head));
    for past in start.model.history.iter().take(HISTORY) {
        let text = line(&past.when, &past.result, &past.rto, &past.slowest, &past.seed);
        rows.push(row(vec![label(""), plain(format!(" {text}"))]));
    }
    rows
}

fn radio(is_chosen: bool) -> Seg {
    if is_chosen { seg("(•) ", Tone::Strong) } else { plain("( ) ") }
}

fn label(text: &str) -> Seg {
    quiet(format!(" {text:<LABEL$}"))
}

fn labelled(name: &str, text: Segs, is_here: bool) -> Row {
    let mut segs = vec![label(name)];
    segs.extend(text);
    Row { segs, right: Vec::new(), is_here }
}
