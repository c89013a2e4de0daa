//! The dialogue of `--plain` as a pure machine: views, lines and answers in; lines and commands out.
//!
//! Must not know the terminal, nor any clock. Gates are the same forms as on the full screen, so
//! what locks a button there locks it here.

use super::items::{Go, Item, items};
use crate::driver::handle::View;
use crate::engine::command::{Command, Refusal};
use crate::model::text::{ascii, safe, safe_lines};
use crate::model::time::hms_utc;
use crate::report::row::RowKind;
use crate::tui::dialog::field::{Field, Whose};
use crate::tui::dialog::{self, Form, Kind, Row2, gate};
use crate::tui::look;
use crate::tui::model::at_end;
use crate::tui::view::{contacts, doubt, end};

/// The deciding word must come this long after it was asked for: typed ahead, it does not count.
const TOO_FAST_MS: u64 = 400;

/// Columns of the summary at the end.
const COLUMNS: u16 = 78;

/// What is written or sent.
#[derive(Debug)]
pub enum Say {
    Line(String),
    /// Without a line's end.
    Prompt(String),
    Send(Command),
}

#[derive(Default)]
pub struct Script {
    is_begun: bool,
    last_seq: u64,
    shown: Vec<Item>,
    asking: Option<Asking>,
    /// What holds for the whole run, as last said: an expired login, a wrong clock.
    told: Vec<String>,
    /// When the last output was written.
    written_ms: u64,
}

/// A form being filled in, one line a field.
struct Asking {
    form: Form,
    button: char,
    word: &'static str,
    /// Fields still to ask for, by index; then the word.
    left: Vec<usize>,
}

fn line(text: impl AsRef<str>) -> Say {
    Say::Line(safe(text.as_ref()))
}

impl Script {
    pub fn written(&mut self, now_ms: u64) {
        self.written_ms = now_ms;
    }

    /// The rows that are new, and the list of what can be chosen when that has changed.
    pub fn view(&mut self, view: &View) -> Vec<Say> {
        let mut say = Vec::new();
        if !self.is_begun {
            self.is_begun = true;
            say.extend(greeting(view));
        }
        for row in view.rows.iter().filter(|row| row.seq > self.last_seq) {
            if row.kind != RowKind::Detail {
                say.push(line(format!("{} {}: {}", hms_utc(row.at_ms), row.subject, row.text)));
            }
        }
        self.last_seq = view.rows.last().map_or(self.last_seq, |row| row.seq.max(self.last_seq));
        let state = run_state(view);
        say.extend(state.iter().filter(|words| !self.told.contains(words)).map(|words| line(format!("! {words}"))));
        self.told = state;
        if at_end(view) {
            self.asking = None;
            say.extend(summary(view));
            return say;
        }
        if let Some(asking) = &self.asking {
            let seal = dialog::seal(asking.form.kind, view, &asking.form.step);
            if seal.as_ref() != Some(&asking.form.seal) {
                self.asking = None;
                say.push(line("what was asked has changed; nothing was sent"));
                say.push(Say::Send(Command::Attention { on: false }));
                self.shown.clear();
            } else if !say.is_empty() {
                say.extend(self.prompt(view));
            }
        }
        let items = items(view);
        if self.asking.is_none() && items != self.shown {
            self.shown = items;
            say.extend(self.list(view));
        }
        say
    }

    fn list(&self, view: &View) -> Vec<Say> {
        let mut say = vec![line(clock(view))];
        say.extend(self.shown.iter().enumerate().map(|(ix, item)| line(format!("  {} {}", ix + 1, item.label))));
        let pause = if view.snapshot.paused.is_some() { "p go on" } else { "p pause" };
        let has_text = look::waiting(&view.snapshot).iter().any(|step| look::message(step).is_some());
        let text = if has_text { "y text, " } else { "" };
        say.push(line(format!("  n note, {pause}, t times, {text}c contacts, ? list, q leave or abort")));
        say.push(Say::Prompt("> ".to_owned()));
        say
    }

    /// A line from the person.
    pub fn line(&mut self, view: &View, text: &str, now_ms: u64) -> Vec<Say> {
        let is_fast = now_ms.saturating_sub(self.written_ms) < TOO_FAST_MS;
        if self.asking.is_some() {
            return self.field(view, text, is_fast);
        }
        match text.trim() {
            "" => vec![Say::Prompt("> ".to_owned())],
            "?" => self.list(view),
            "n" => self.ask(view, Kind::Note, "", 'W', ""),
            "p" if view.snapshot.paused.is_some() => vec![Say::Send(Command::Continue)],
            "p" => self.ask(view, Kind::Pause, "", 'P', ""),
            "q" => self.ask(view, Kind::Leave, "", 'L', ""),
            "t" => times(view),
            "y" => texts(view),
            "c" => people(view),
            number => {
                let chosen =
                    number.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).and_then(|ix| self.shown.get(ix));
                match chosen.map(|item| item.go.clone()) {
                    Some(go) => self.go(view, go),
                    None => {
                        vec![line("choose a number or a letter of the list; ? shows it"), Say::Prompt("> ".to_owned())]
                    }
                }
            }
        }
    }

    fn go(&mut self, view: &View, go: Go) -> Vec<Say> {
        match go {
            Go::Ask { kind, step, button, word } => self.ask(view, kind, &step, button, word),
            Go::Retry { step } => vec![Say::Send(Command::Retry { step })],
            Go::ProbeAgain { step } => vec![Say::Send(Command::ProbeAgain { step })],
            Go::Reads { phase } => vec![Say::Send(Command::RunReads { phase })],
        }
    }

    fn ask(&mut self, view: &View, kind: Kind, step: &str, button: char, word: &'static str) -> Vec<Say> {
        let Some(mut form) = dialog::open(kind, view, step, 0) else {
            return vec![line("that is not possible now"), Say::Prompt("> ".to_owned())];
        };
        form.text.whole();
        let (title, mut rows) = dialog::intro(&form, view);
        if let Some(step) = look::step(view, step).filter(|_| kind == Kind::Doubt) {
            rows = doubt::facts(step, view, usize::from(COLUMNS));
        }
        let mut say = vec![Say::Send(Command::Attention { on: true })];
        say.push(line(format!("{} {title}", view.snapshot.mode.banner())));
        say.extend(rows.iter().map(|row| line(format!("  {}", flat(row)))));
        if kind == Kind::Gate && button != 'A' {
            let open = look::step(view, step).and_then(gate::approvals).map_or(0, gate::missing);
            if open > 0 {
                say.push(line(format!("  {open} approval(s) still open")));
            }
        }
        say.push(line("  an empty line cancels"));
        let left = fields_of(&form, button);
        self.asking = Some(Asking { form, button, word, left });
        say.extend(self.prompt(view));
        say
    }

    /// Asks for the next field, or for the word, or is through.
    fn prompt(&self, view: &View) -> Vec<Say> {
        let Some(asking) = &self.asking else { return Vec::new() };
        let text = match asking.left.first() {
            Some(ix) => field_prompt(&asking.form, *ix, view),
            None => format!("type the word `{}` to do it: ", asking.word),
        };
        vec![Say::Prompt(safe(&text))]
    }

    fn field(&mut self, view: &View, text: &str, is_fast: bool) -> Vec<Say> {
        let Some(asking) = &mut self.asking else { return Vec::new() };
        if let Some(ix) = asking.left.first().copied() {
            let field = asking.form.fields.get_mut(ix);
            let may_be_empty = matches!(field, Some(Field::Text { min_chars: 0, .. }));
            if text.is_empty() && !may_be_empty {
                return self.close(view, "cancelled; nothing was sent");
            }
            if let Some(field) = field {
                field.fill(text);
                if asking.form.kind == Kind::Leave && ix == 0 {
                    asking.button = if text == "abort" { 'A' } else { 'L' };
                    if !matches!(text, "abort" | "leave") {
                        return self.close(view, "staying; nothing was sent");
                    }
                } else if !field.is_complete() {
                    return self.close(view, "that does not match; nothing was sent");
                }
            }
            asking.left.remove(0);
            if !asking.left.is_empty() || !asking.word.is_empty() {
                return self.prompt(view);
            }
            return self.send(view);
        }
        if text != asking.word {
            return self.close(view, "not the word; nothing was sent");
        }
        if is_fast {
            return self.close(view, "that came before it could be read; nothing was sent");
        }
        self.send(view)
    }

    fn send(&mut self, view: &View) -> Vec<Say> {
        let Some(asking) = &self.asking else { return Vec::new() };
        let button = dialog::buttons(&asking.form, view).into_iter().find(|button| button.key == asking.button);
        if let Some(button) = button.filter(|button| !button.locked.is_empty()) {
            let why = format!("locked: {}; nothing was sent", button.locked.join(", "));
            return self.close(view, &why);
        }
        let command = dialog::command(&asking.form, view, asking.button);
        let is_sealed = dialog::seal(asking.form.kind, view, &asking.form.step).as_ref() == Some(&asking.form.seal);
        match command.filter(|_| is_sealed) {
            Some(command) => {
                self.asking = None;
                vec![Say::Send(command), Say::Send(Command::Attention { on: false })]
            }
            None => self.close(view, "that is not possible now; nothing was sent"),
        }
    }

    fn close(&mut self, view: &View, why: &str) -> Vec<Say> {
        self.asking = None;
        self.shown = items(view);
        let mut say = vec![line(why), Say::Send(Command::Attention { on: false })];
        say.extend(self.list(view));
        say
    }

    /// The driver's answer.
    pub fn answer(&mut self, view: &View, answer: Result<(), Refusal>) -> Vec<Say> {
        let Err(refusal) = answer else { return Vec::new() };
        let hint = refusal.hint.map(|hint| format!(": {hint}")).unwrap_or_default();
        let mut say = vec![line(format!("refused: {}{hint}", refusal.message))];
        if self.asking.is_none() {
            self.shown = items(view);
            say.extend(self.list(view));
        }
        say
    }
}

/// What holds for the whole run just now, beyond its steps.
fn run_state(view: &View) -> Vec<String> {
    let snapshot = &view.snapshot;
    let expired = snapshot.expired.first().map(look::expired_words);
    // Told once, not at every second that it grows by.
    let skew = snapshot.skew_ms.map(|_| "this machine's clock and that of AWS are more than 5s apart".to_owned());
    expired.into_iter().chain(skew).collect()
}

/// Fields that this button wants: an approval has its own.
fn fields_of(form: &Form, button: char) -> Vec<usize> {
    let is_approval = |field: &Field| {
        matches!(field, Field::Choice { .. } | Field::Code { whose: Whose::Chosen, .. }) && form.kind == Kind::Gate
    };
    let wanted = |field: &Field| form.kind != Kind::Gate || is_approval(field) == (button == 'A');
    form.fields.iter().enumerate().filter(|(_, field)| wanted(field)).map(|(ix, _)| ix).collect()
}

fn field_prompt(form: &Form, ix: usize, view: &View) -> String {
    match form.fields.get(ix) {
        Some(Field::Name { .. }) if form.kind == Kind::Leave => {
            "type `leave` to pause and leave, `abort` to abort: ".to_owned()
        }
        Some(Field::Name { want, .. }) => format!("type the name {want}: "),
        Some(Field::Code { whose, .. }) => {
            let person = match whose {
                Whose::Person(person) => person.clone(),
                Whose::Chosen => form
                    .fields
                    .iter()
                    .find_map(|field| match field {
                        Field::Choice { options, at, .. } => options.get(*at).cloned(),
                        _ => None,
                    })
                    .unwrap_or_default(),
            };
            let practice = look::practice(view, &person)
                .map(|code| format!(", practice code {}, {} s", code.code, code.left_ms.div_ceil(1000)))
                .unwrap_or_default();
            format!("MFA code of {person}{practice}: ")
        }
        Some(Field::Text { label, help, .. }) => format!("{label} ({help}): "),
        Some(Field::Choice { label, options, .. }) => {
            let list: Vec<String> = options.iter().enumerate().map(|(ix, name)| format!("{} {name}", ix + 1)).collect();
            format!("{label} ({}): ", list.join(", "))
        }
        None => String::new(),
    }
}

fn flat(row: &Row2) -> String {
    let words = |segs: &[(String, _)]| segs.iter().map(|(text, _)| text.as_str()).collect::<String>();
    let right = words(&row.right);
    if right.is_empty() { words(&row.left) } else { format!("{}  {right}", words(&row.left)) }
}

fn greeting(view: &View) -> Vec<Say> {
    let snapshot = &view.snapshot;
    let mut say = vec![line(format!(
        "{} {} run {} operator {} {} {}",
        snapshot.mode.banner(),
        snapshot.runbook,
        snapshot.run,
        snapshot.operator,
        snapshot.regions,
        snapshot.account
    ))];
    if let Some(drill) = &snapshot.drill {
        say.push(line(format!("scenario {}, seed {}, speed {}", drill.scenario, drill.seed, drill.speed)));
    }
    say
}

fn clock(view: &View) -> String {
    let left = crate::tui::view::left_words(&view.snapshot);
    let waiting = look::waiting(&view.snapshot);
    let names: Vec<String> = waiting.iter().map(|step| format!("{} {}", step.key, look::doing(step))).collect();
    if names.is_empty() {
        format!("RTO: {left}. Nothing waits for you.")
    } else {
        format!("RTO: {left}. {}", names.join("; "))
    }
}

fn times(view: &View) -> Vec<Say> {
    let mut say = vec![line(clock(view))];
    for phase in &view.snapshot.phases {
        let budget = phase.budget_ms.map(|ms| format!(" of {}", crate::model::time::human_ms(ms))).unwrap_or_default();
        let used = crate::model::time::human_ms(phase.actual_ms);
        let critical = if phase.critical { ", critical" } else { "" };
        say.push(line(format!("  {}: {}, {used}{budget}{critical}", phase.id, phase.status.word())));
    }
    say.push(Say::Prompt("> ".to_owned()));
    say
}

/// Texts that are ready to copy, as they are: no prefix, no other wrapping than their own.
fn texts(view: &View) -> Vec<Say> {
    let mut say = Vec::new();
    for step in look::waiting(&view.snapshot) {
        let Some(text) = look::message(step) else { continue };
        say.push(line(format!("text of {}:", step.key)));
        say.extend(safe_lines(&text).into_iter().map(Say::Line));
    }
    if say.is_empty() {
        say.push(line("no step that waits has a text"));
    }
    say.push(Say::Prompt("> ".to_owned()));
    say
}

/// Whom to call, and when.
fn people(view: &View) -> Vec<Say> {
    let mut say: Vec<Say> = contacts::all(view, COLUMNS).iter().map(|row| line(flat(row).trim_end())).collect();
    say.push(Say::Prompt("> ".to_owned()));
    say
}

/// The end of the run in words: bars and glyphs say nothing to a screen reader.
fn summary(view: &View) -> Vec<Say> {
    let mut say = vec![line(format!("{} {}", view.snapshot.mode.banner(), end::word(view)))];
    for row in end::rows(view, COLUMNS) {
        let text: String = flat(&row).chars().filter(|c| !matches!(c, '█' | '┄' | '┃')).collect();
        let text = match text.strip_prefix("  ✗") {
            Some(rest) => format!("  failed:{rest}"),
            None => text.replace('✓', "within").replace('✗', "over"),
        };
        say.push(line(ascii(text.trim_end())));
    }
    say
}
