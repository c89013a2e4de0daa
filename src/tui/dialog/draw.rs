//! Draws a dialog over the screen, or says how large the terminal must be for it.
//!
//! [`fits`] is what locks the buttons on a small terminal; it counts the very lines that are drawn.

use ratatui::layout::Rect;

use super::field::{CODE_DIGITS, Field, Whose};
use super::{Button, Dialog, Form, Kind, Menu, Row2, buttons, gate, intro};
use crate::driver::handle::View;
use crate::engine::snapshot::MfaView;
use crate::model::text::{fit, width};
use crate::model::time::hms_utc;
use crate::tui::keys::{Context, of};
use crate::tui::look;
use crate::tui::pen::{Pen, Segs, plain, quiet, seg, segs_width, wrap};
use crate::tui::theme::Tone;

/// Widest dialog, narrowest one that can be read.
const WIDEST: u16 = 76;
const NARROWEST: u16 = 50;

/// Items of a menu shown at once.
const MENU_ROWS: usize = 12;

/// Cells between border and text, on both sides together.
const PADDING: u16 = 4;

/// The lines of a dialog, ready to be drawn.
struct Laid {
    title: String,
    rows: Vec<Row2>,
    context: Context,
    footer: &'static str,
    width: u16,
}

/// The size that the dialog needs, when the terminal is smaller.
pub fn needs(dialog: &Dialog, view: &View, size: (u16, u16)) -> Option<(u16, u16)> {
    let laid = lay(dialog, view, size);
    let height = u16::try_from(laid.rows.len() + 2).unwrap_or(u16::MAX);
    let wide_enough = size.0 >= NARROWEST;
    if wide_enough && height <= size.1 { None } else { Some((NARROWEST.max(size.0.min(WIDEST)), height)) }
}

pub fn fits(dialog: &Dialog, view: &View, size: (u16, u16)) -> bool {
    needs(dialog, view, size).is_none()
}

/// Without blank lines when it would not fit with them.
fn lay(dialog: &Dialog, view: &View, size: (u16, u16)) -> Laid {
    let width = size.0.clamp(NARROWEST, WIDEST);
    let inner = usize::from(width - PADDING);
    let mut laid = match dialog {
        Dialog::Form(form) => lay_form(form, view, inner),
        Dialog::Menu(menu) => lay_menu(menu, view, inner),
    };
    laid.width = width;
    let room = usize::from(size.1).saturating_sub(2);
    if laid.rows.len() > room {
        laid.rows.retain(|row| !row.left.is_empty() || !row.right.is_empty());
    }
    // How to approve from elsewhere is said by the step's detail too.
    if laid.rows.len() > room {
        laid.rows.retain(|row| !row.left.iter().any(|(text, _)| text.contains(gate::ELSEWHERE)));
    }
    // A refusal takes the place of lines read before; the next key brings them back.
    let has_refusal = matches!(dialog, Dialog::Form(form) if form.refusal.is_some());
    if has_refusal && laid.rows.len() > room && room > 8 {
        let extra = laid.rows.len() - room;
        laid.rows.drain(1..=extra.min(4));
    }
    laid
}

fn lay_form(form: &Form, view: &View, inner: usize) -> Laid {
    let (title, head) = intro(form, view);
    let mut rows = vec![Row2::default()];
    rows.extend(head.into_iter().flat_map(|row| wrapped(row, inner)));
    for (ix, field) in form.fields.iter().enumerate() {
        rows.push(Row2::default());
        rows.extend(field_rows(form, view, ix, field, inner));
    }
    if form.kind == Kind::Gate {
        rows.extend(approval_rows(form, view, inner));
    }
    rows.push(Row2::default());
    if let Some(refusal) = &form.refusal {
        rows.extend(
            wrap(refusal, inner - 2)
                .into_iter()
                .map(|line| Row2::left(vec![seg("! ", Tone::Bad), seg(line, Tone::Bad)])),
        );
    }
    if form.is_checking_code() {
        // A colleague's code, for an approval or an override, is one of a device enrolled here.
        let is_operators = !form.asked_again && !matches!(form.kind, Kind::Override(_));
        let whose = if view.snapshot.codes_at_aws && is_operators { " with AWS" } else { "" };
        rows.push(Row2::left(vec![seg(format!("… checking the code{whose}; if it is right, it is done"), Tone::Wait)]));
    }
    rows.extend(button_rows(form, view, inner));
    rows.push(Row2::default());
    let footer = if form.enter_sends { "Enter sends" } else { "Enter never runs a step" };
    Laid { title, rows, context: Context::Form, footer, width: 0 }
}

fn lay_menu(menu: &Menu, view: &View, inner: usize) -> Laid {
    let (title, head) = menu.intro(view);
    let mut rows: Vec<Row2> = head.into_iter().flat_map(|row| wrapped(row, inner)).collect();
    rows.insert(0, Row2::default());
    rows.push(Row2::default());
    let items = menu.items(view);
    let at = menu.at.min(items.len().saturating_sub(1));
    let first = at.saturating_sub(MENU_ROWS - 1);
    for (ix, item) in items.iter().enumerate().skip(first).take(MENU_ROWS) {
        let (mark, tone) = if ix == at { ("▶ ", Tone::Strong) } else { ("  ", Tone::Plain) };
        let room = inner.saturating_sub(4 + width(&item.detail));
        rows.push(Row2 {
            left: vec![seg(mark, tone), seg(fit(&item.label, room.max(16)), tone)],
            right: vec![quiet(item.detail.clone())],
        });
    }
    if items.is_empty() {
        rows.push(Row2::left(vec![quiet("  nothing matches")]));
    }
    if let Some(refusal) = &menu.refusal {
        rows.push(Row2::left(vec![seg(format!("! {refusal}"), Tone::Bad)]));
    }
    rows.push(Row2::default());
    Laid { title, rows, context: Context::Menu, footer: "", width: 0 }
}

/// A line of one long text is broken; a line of several parts is broken after its last fitting part.
fn wrapped(row: Row2, inner: usize) -> Vec<Row2> {
    if segs_width(&row.left) + segs_width(&row.right) < inner {
        return vec![row];
    }
    let mut rows = Vec::new();
    let mut line: Segs = Vec::new();
    for (text, tone) in row.left {
        let used = segs_width(&line);
        if used + width(&text) <= inner {
            line.push((text, tone));
            continue;
        }
        let indent: String = " ".repeat(if used > 0 && used < 16 { used } else { 2 });
        let first_room = inner.saturating_sub(used);
        let mut pieces = if first_room >= 24 { wrap(&text, first_room) } else { wrap(text.trim_start(), inner - 2) };
        if first_room >= 24 {
            let rest = if pieces.len() > 1 { pieces.split_off(1).join(" ") } else { String::new() };
            line.push((pieces.remove(0), tone));
            pieces = if rest.is_empty() { Vec::new() } else { wrap(&rest, inner.saturating_sub(indent.len())) };
        }
        if !line.is_empty() {
            rows.push(Row2::left(std::mem::take(&mut line)));
        }
        for piece in pieces {
            if !line.is_empty() {
                rows.push(Row2::left(std::mem::take(&mut line)));
            }
            line = vec![(format!("{indent}{piece}"), tone)];
        }
    }
    if !line.is_empty() {
        rows.push(Row2::left(line));
    }
    if !row.right.is_empty() {
        rows.push(Row2 { left: vec![plain(" ")], right: row.right });
    }
    rows
}

fn field_rows(form: &Form, view: &View, ix: usize, field: &Field, inner: usize) -> Vec<Row2> {
    let is_focused = form.focus == ix + 1;
    let tone = if is_focused { Tone::Strong } else { Tone::Plain };
    let mark = if is_focused { "▶" } else { " " };
    let number = seg(format!("{mark}{}  ", ix + 1), tone);
    let cursor = if is_focused { "▏" } else { "" };
    match field {
        Field::Name { want, have, .. } => {
            let label = if form.kind == Kind::Leave { "To abort, type the word" } else { "Type the name" };
            let shown = tail(have, inner.saturating_sub(34));
            let have_row = Row2 {
                left: vec![plain("    "), seg(format!("{shown}{cursor}"), tone)],
                right: vec![name_state(want, have)],
            };
            let mut rows = wrapped(
                Row2::left(vec![number, seg(format!("{label}    "), tone), seg(want.clone(), Tone::Strong)]),
                inner,
            );
            rows.push(have_row);
            rows
        }
        Field::Code { whose, digits } => code_rows(form, view, number, whose, digits, tone, cursor),
        Field::Text { label, have, help, .. } => {
            let shown = tail(have, inner.saturating_sub(6));
            vec![
                Row2 { left: vec![number, seg(*label, tone)], right: vec![quiet(*help)] },
                Row2::left(vec![plain("    "), seg(format!("{shown}{cursor}"), tone)]),
            ]
        }
        Field::Choice { label, options, at } => {
            let chosen = options.get(*at).cloned().unwrap_or_default();
            let change = if options.len() > 1 { "Up, Down" } else { "" };
            let given = look::step(view, &form.step).filter(|_| form.kind == Kind::Gate).and_then(gate::approvals);
            let given = given.map(|a| format!("{} of {} given  ", a.granted.len(), a.min)).unwrap_or_default();
            let right = vec![plain(given), quiet(change)];
            vec![Row2 { left: vec![number, seg(format!("{label}    "), tone), seg(chosen, Tone::Strong)], right }]
        }
    }
}

/// The end of a text, where the cursor is.
fn tail(text: &str, cells: usize) -> String {
    let mut shown: String = text.to_owned();
    while width(&shown) > cells && !shown.is_empty() {
        shown.remove(0);
    }
    shown
}

fn name_state(want: &str, have: &str) -> (String, Tone) {
    let (typed, whole) = (have.chars().count(), want.chars().count());
    if have == want {
        return seg("✓ matches", Tone::Good);
    }
    let right = want.chars().zip(have.chars()).take_while(|(a, b)| a == b).count();
    if right < typed {
        return seg(format!("differs at letter {}", right + 1), Tone::Bad);
    }
    quiet(format!("{typed} of {whole}{}", if typed > 0 { ", right so far" } else { "" }))
}

fn code_rows(
    form: &Form,
    view: &View,
    number: (String, Tone),
    whose: &Whose,
    digits: &str,
    tone: Tone,
    cursor: &str,
) -> Vec<Row2> {
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
    let mfa = mfa_of(form, view);
    let device = mfa.filter(|_| matches!(whose, Whose::Person(_))).map(|mfa| mfa.device.clone()).unwrap_or_default();
    let boxes: String = (0..CODE_DIGITS).map(|ix| if ix < digits.len() { "[ • ] " } else { "[   ] " }).collect();
    let label = if form.kind == Kind::Gate && *whose == Whose::Chosen { "Code of" } else { "MFA code of" };
    // In a drill the person's authenticator is on the screen, where a real one would be in a pocket.
    let (device, practice) = match look::practice(view, &person) {
        None => (device, Vec::new()),
        Some(code) => {
            let (left, right) = code.code.split_at_checked(3).unwrap_or((&code.code, ""));
            (
                String::new(),
                vec![quiet("practice code "), plain(format!("{left} {right}, {}s", code.left_ms.div_ceil(1000)))],
            )
        }
    };
    vec![
        Row2 { left: vec![number, seg(format!("{label} {person}    "), tone), quiet(device)], right: practice },
        Row2 {
            left: vec![plain("    "), seg(boxes.trim_end(), tone), seg(cursor, tone)],
            right: vec![code_state(view, mfa.filter(|_| matches!(whose, Whose::Person(_))))],
        },
    ]
}

fn mfa_of<'a>(form: &Form, view: &'a View) -> Option<&'a MfaView> {
    let step = look::step(view, &form.step)?;
    match form.kind {
        Kind::Gate => step.gate.as_ref()?.mfa.as_ref(),
        Kind::RollBack => step.rollback.as_ref()?.mfa.as_ref(),
        Kind::Doubt => step.unknown.as_ref()?.mfa.as_ref(),
        Kind::Override(_) | Kind::Skip | Kind::External | Kind::Pause | Kind::Note | Kind::Leave | Kind::Export => None,
    }
}

fn code_state(view: &View, mfa: Option<&MfaView>) -> (String, Tone) {
    let next_s = look::next_code_ms(view.snapshot.now_ms).div_ceil(1000);
    let is_used =
        mfa.and_then(|mfa| mfa.last_counter).is_some_and(|counter| counter >= look::code_counter(view.snapshot.now_ms));
    if mfa.is_some_and(|mfa| mfa.wrong_tries >= 3) {
        seg(format!("three wrong codes: wait for the next, in {next_s}s"), Tone::Wait)
    } else if is_used {
        seg(format!("already used, next in {next_s}s"), Tone::Wait)
    } else {
        quiet(format!("new code in {next_s}s"))
    }
}

fn approval_rows(form: &Form, view: &View, inner: usize) -> Vec<Row2> {
    let Some(approvals) = look::step(view, &form.step).and_then(gate::approvals) else { return Vec::new() };
    let open = gate::missing(approvals);
    let mut rows = Vec::new();
    // Where one approves here and now, the field's own line says it.
    if !form.fields.iter().any(|field| matches!(field, Field::Choice { .. })) {
        let mut head = vec![plain(format!("    Approval {} of {}", approvals.granted.len(), approvals.min))];
        if open > 0 {
            head.push(quiet(format!("    from {}: {}", approvals.from.join(", "), approvals.eligible.join(", "))));
        }
        rows.push(Row2::default());
        rows.extend(wrapped(Row2::left(head), inner));
    }
    for one in &approvals.granted {
        let (at, until) = (hms_utc(one.at_ms), hms_utc(one.until_ms));
        let text = format!("    ✓ {} {at}, valid until {until}", one.by);
        rows.push(Row2::left(vec![seg(text, Tone::Good)]));
        let place = one.from.as_ref().map(|from| quiet(format!("      from {from}")));
        rows.extend(place.into_iter().flat_map(|place| wrapped(Row2::left(vec![place]), inner)));
    }
    if open > 0 {
        for one in &approvals.lapsed {
            rows.push(Row2::left(vec![seg(format!("    the approval of {} {}", one.by, one.why), Tone::Wait)]));
        }
        // A command is shown whole or not at all.
        let line = gate::elsewhere(view, &form.step).filter(|line| width(line) + 4 <= inner);
        rows.extend(line.map(|line| Row2::left(vec![quiet(format!("    {line}"))])));
    }
    rows
}

fn button_rows(form: &Form, view: &View, inner: usize) -> Vec<Row2> {
    let cancel = if form.kind == Kind::Leave { "Stay" } else { "Cancel" };
    let (mark, tone) = if form.focus == 0 { ("▶", Tone::Strong) } else { (" ", Tone::Plain) };
    let mut rows = vec![Row2::left(vec![seg(format!("  {mark}[ {cancel} ]  "), tone)])];
    let mark = if form.on_buttons() { "▶" } else { " " };
    for button in buttons(form, view) {
        let (left, right) = button_line(form, &button, mark);
        let first = rows.len() == 1 && segs_width(&rows[0].left) + segs_width(&left) + segs_width(&right) < inner;
        if first && segs_width(&rows[0].left) < 16 {
            rows[0].left.extend(left);
            rows[0].right = right;
        } else {
            let fits = segs_width(&left) + 2 + segs_width(&right) < inner;
            let mut left = left;
            left.insert(0, plain("  "));
            if fits {
                rows.push(Row2 { left, right });
            } else {
                rows.push(Row2::left(left));
                let text: String = right.iter().map(|(text, _)| text.as_str()).collect();
                rows.extend(
                    wrap(&text, inner - 6).into_iter().map(|line| Row2::left(vec![quiet(format!("      {line}"))])),
                );
            }
        }
    }
    rows
}

fn button_line(form: &Form, button: &Button, mark: &str) -> (Segs, Segs) {
    let key = if form.enter_sends { "Enter".to_owned() } else { button.key.to_string() };
    let text = format!("{mark}[ {key}  {} ]", button.label);
    let mut locked = button.locked.clone();
    if !form.guard.is_armed() {
        locked.push("a moment".to_owned());
    }
    if !locked.is_empty() {
        return (vec![quiet(text)], vec![quiet(format!("locked: {}", locked.join(", ")))]);
    }
    if form.is_typing() && !form.enter_sends {
        return (vec![plain(text)], vec![quiet("Tab out of the field, then press it")]);
    }
    (
        vec![seg(text, Tone::Wait)],
        vec![plain(if form.enter_sends { String::new() } else { format!("press {}", button.key) })],
    )
}

/// Draws the dialog; when the terminal is too small for its text, says so instead.
pub fn draw(pen: &mut Pen, dialog: &Dialog, view: &View, size: (u16, u16)) {
    pen.dim_all();
    if let Some((wide, high)) = needs(dialog, view, size) {
        draw_too_small(pen, dialog, view, size, (wide, high));
        return;
    }
    let laid = lay(dialog, view, size);
    let height = u16::try_from(laid.rows.len() + 2).unwrap_or(u16::MAX).min(size.1);
    // Row 1 stays in sight where it can: it says which run this is.
    let y = if height < size.1 { ((size.1 - height) / 2).max(1) } else { 0 };
    let area = Rect::new((size.0 - laid.width) / 2, y, laid.width, height);
    pen.clear(area);
    frame(pen, area, &laid, view);
    for (row, y) in laid.rows.iter().zip(area.y + 1..) {
        pen.pair(area.x + 2, y, area.width - PADDING, &row.left, &row.right);
    }
}

fn frame(pen: &mut Pen, area: Rect, laid: &Laid, view: &View) {
    let (left, right, top, bottom) = (area.x, area.right() - 1, area.y, area.bottom() - 1);
    for y in [top, bottom] {
        pen.repeat(left, y, area.width, '─', Tone::Plain);
    }
    for y in top + 1..bottom {
        pen.text(left, y, 1, "│", Tone::Plain);
        pen.text(right, y, 1, "│", Tone::Plain);
    }
    for (x, y, glyph) in [(left, top, "┌"), (right, top, "┐"), (left, bottom, "└"), (right, bottom, "┘")] {
        pen.text(x, y, 1, glyph, Tone::Plain);
    }
    let banner = if look::is_drill(view) { Tone::Strong } else { Tone::Bad };
    let mode = format!(" {} ", view.snapshot.mode.banner());
    let regions = format!("{} ", view.snapshot.regions);
    let mode_width = u16::try_from(width(&mode)).unwrap_or(0);
    let regions_room = area.width.saturating_sub(mode_width + 24).min(u16::try_from(width(&regions)).unwrap_or(0));
    let at = right.saturating_sub(mode_width + regions_room + 1);
    pen.text(left + 2, top, at.saturating_sub(left + 3), &format!(" {} ", laid.title), Tone::Strong);
    let next = pen.text(at, top, mode_width, &mode, banner);
    pen.text(next, top, regions_room, &regions, Tone::Plain);
    let mut hints: Vec<String> =
        of(laid.context).filter(|b| b.rank > 0).map(|b| format!("{} {}", b.label, b.hint)).collect();
    if !laid.footer.is_empty() {
        hints.push(laid.footer.to_owned());
    }
    pen.text(left + 2, bottom, area.width - 4, &format!(" {} ", hints.join("   ")), Tone::Quiet);
}

fn draw_too_small(pen: &mut Pen, dialog: &Dialog, view: &View, size: (u16, u16), needed: (u16, u16)) {
    let title = match dialog {
        Dialog::Form(form) => intro(form, view).0,
        Dialog::Menu(menu) => menu.intro(view).0,
    };
    let text = format!(
        "{title}: locked, the terminal must be at least {}x{} (now {}x{}). Esc cancel",
        needed.0, needed.1, size.0, size.1
    );
    let room = usize::from(size.0.saturating_sub(2)).max(1);
    let lines = wrap(&text, room);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(size.1);
    // Row 1 keeps the word REAL or DRILL when there is room for both.
    let y = size.1.saturating_sub(height) / 2;
    let y = if size.1 > height { y.max(1) } else { y };
    pen.clear(Rect::new(0, y, size.0, height));
    for (line, y) in lines.iter().zip(y..size.1) {
        pen.text(1.min(size.0.saturating_sub(1)), y, size.0, line, Tone::Wait);
    }
}
