//! The one key table. Key row, help, palette and dispatcher all read it, so that none can lie.
//!
//! Must not know what an act does; `update` does.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Help,
    Palette,
    Filter,
    NextPane,
    PrevPane,
    Down,
    Up,
    PageDown,
    PageUp,
    Top,
    Bottom,
    Open,
    Back,
    Note,
    Skip,
    External,
    RunReads,
    RollBack,
    Pause,
    Timeline,
    Log,
    Request,
    Contacts,
    Doubt,
    CopyCommand,
    CopyLink,
    Leave,
    Suspend,
    // of what is over
    CopyMarkdown,
    WriteHtml,
    CopySlack,
    Export,
    History,
    Mark,
    Compare,
    // dialogs
    NextField,
    PrevField,
    Accept,
}

/// Where a binding is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// The run screen and its full-screen views.
    Main,
    /// The end of the run.
    End,
    /// A second screen, which can do nothing.
    Watch,
    /// A dialog with fields and buttons; the buttons' own letters come from the dialog.
    Form,
    /// A list to choose from: decision menu and palette.
    Menu,
    /// The filter line.
    Filter,
    /// Before a drill: what is to be drilled, and how.
    Start,
    /// The last look before a run in the real world.
    Begin,
    /// Past runs: the list, one, two beside each other.
    History,
}

/// A key: code and whether Ctrl is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(pub KeyCode, pub bool);

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    pub context: Context,
    pub keys: &'static [Key],
    /// How the keys are written.
    pub label: &'static str,
    pub act: Act,
    /// One or two words, for the key row.
    pub hint: &'static str,
    /// A sentence, for help and palette.
    pub help: &'static str,
    /// Place in the key row, 1 first; 0 never. The highest are dropped first when room is short.
    pub rank: u8,
}

const fn c(ch: char) -> Key {
    Key(KeyCode::Char(ch), false)
}

const fn ctrl(ch: char) -> Key {
    Key(KeyCode::Char(ch), true)
}

const fn k(code: KeyCode) -> Key {
    Key(code, false)
}

const fn bind(
    context: Context,
    keys: &'static [Key],
    label: &'static str,
    act: Act,
    hint: &'static str,
    help: &'static str,
    rank: u8,
) -> Binding {
    Binding { context, keys, label, act, hint, help, rank }
}

/// Every binding, in the order of the help screen.
pub const TABLE: &[Binding] = {
    use Context::{Begin, End, Filter, Form, History, Main, Menu, Start, Watch};
    &[
        bind(Main, &[c('?')], "?", Act::Help, "help", "show every key", 1),
        bind(Main, &[c(':')], ":", Act::Palette, "command", "find a command by name", 6),
        bind(Main, &[c('/')], "/", Act::Filter, "filter", "show only the steps whose name matches", 7),
        bind(Main, &[k(KeyCode::Tab)], "Tab", Act::NextPane, "pane", "go to the next pane", 8),
        bind(Main, &[k(KeyCode::BackTab)], "Shift+Tab", Act::PrevPane, "", "go to the previous pane", 0),
        bind(Main, &[c('j'), k(KeyCode::Down)], "j", Act::Down, "down", "move down", 10),
        bind(Main, &[c('k'), k(KeyCode::Up)], "k", Act::Up, "up", "move up", 11),
        bind(Main, &[k(KeyCode::PageDown), ctrl('d')], "PgDn", Act::PageDown, "", "move down a page", 0),
        bind(Main, &[k(KeyCode::PageUp), ctrl('u')], "PgUp", Act::PageUp, "", "move up a page", 0),
        bind(Main, &[c('g'), k(KeyCode::Home)], "g", Act::Top, "", "go to the top", 0),
        bind(Main, &[c('G'), k(KeyCode::End)], "G", Act::Bottom, "", "go to the bottom", 0),
        bind(
            Main,
            &[k(KeyCode::Enter)],
            "Enter",
            Act::Open,
            "open",
            "open the step: its gate, or what is to be decided",
            2,
        ),
        bind(
            Main,
            &[k(KeyCode::Esc)],
            "Esc",
            Act::Back,
            "back",
            "go back; on the main screen, to the step that waits",
            0,
        ),
        bind(Main, &[c('n')], "n", Act::Note, "note", "add a note to the journal", 4),
        bind(Main, &[c('s')], "s", Act::Skip, "", "skip the step, with a reason", 0),
        bind(Main, &[c('x')], "x", Act::External, "", "say that the step was done externally, with evidence", 0),
        bind(Main, &[c('R')], "R", Act::RunReads, "", "on a phase: run its ready read-only steps at once", 0),
        bind(Main, &[c('r')], "r", Act::RollBack, "", "roll the step back", 0),
        bind(Main, &[c('P')], "P", Act::Pause, "pause", "pause after the running steps, or go on", 5),
        bind(Main, &[c('t')], "t", Act::Timeline, "timeline", "show the timeline of the phases", 9),
        bind(Main, &[c('l')], "l", Act::Log, "log", "show the log of the step", 12),
        bind(Main, &[c('d')], "d", Act::Request, "request", "show the request of the step in full", 13),
        bind(Main, &[c('c')], "c", Act::Contacts, "contacts", "show whom to call", 14),
        bind(Main, &[c('u')], "u", Act::Doubt, "", "show what is in doubt: sent, and the answer lost", 0),
        bind(Main, &[c('y')], "y", Act::CopyCommand, "", "copy the step as an aws command line, or its message", 0),
        bind(Main, &[c('o')], "o", Act::CopyLink, "", "copy the link to the AWS console", 0),
        bind(Main, &[c('q'), ctrl('c')], "q", Act::Leave, "leave", "leave or abort (asks first)", 3),
        bind(
            Main,
            &[ctrl('z')],
            "Ctrl+Z",
            Act::Suspend,
            "",
            "to the shell, back with fg; not while a call is in flight",
            0,
        ),
        bind(Watch, &[c('?')], "?", Act::Help, "help", "show every key", 1),
        bind(Watch, &[c('q'), ctrl('c')], "q", Act::Leave, "leave", "close this screen; the run goes on", 2),
        bind(Watch, &[c('j'), k(KeyCode::Down)], "j", Act::Down, "down", "move down", 3),
        bind(Watch, &[c('k'), k(KeyCode::Up)], "k", Act::Up, "up", "move up", 4),
        bind(Watch, &[k(KeyCode::Tab)], "Tab", Act::NextPane, "pane", "go to the next pane", 5),
        bind(Watch, &[k(KeyCode::BackTab)], "Shift+Tab", Act::PrevPane, "", "go to the previous pane", 0),
        bind(Watch, &[k(KeyCode::PageDown), ctrl('d')], "PgDn", Act::PageDown, "", "move down a page", 0),
        bind(Watch, &[k(KeyCode::PageUp), ctrl('u')], "PgUp", Act::PageUp, "", "move up a page", 0),
        bind(Watch, &[c('g'), k(KeyCode::Home)], "g", Act::Top, "", "go to the top", 0),
        bind(Watch, &[c('G'), k(KeyCode::End)], "G", Act::Bottom, "", "go to the bottom", 0),
        bind(
            Watch,
            &[k(KeyCode::Esc)],
            "Esc",
            Act::Back,
            "back",
            "go back; on the main screen, to the step that waits",
            0,
        ),
        bind(Watch, &[c('/')], "/", Act::Filter, "filter", "show only the steps whose name matches", 10),
        bind(Watch, &[c('t')], "t", Act::Timeline, "timeline", "show the timeline of the phases", 6),
        bind(Watch, &[c('l')], "l", Act::Log, "log", "show the log of the step", 7),
        bind(Watch, &[c('d')], "d", Act::Request, "request", "show the request of the step in full", 8),
        bind(Watch, &[c('c')], "c", Act::Contacts, "contacts", "show whom to call", 9),
        bind(Watch, &[c('u')], "u", Act::Doubt, "", "show what is in doubt: sent, and the answer lost", 0),
        bind(Watch, &[c('y')], "y", Act::CopyCommand, "", "copy the step as an aws command line, or its message", 0),
        bind(Watch, &[c('o')], "o", Act::CopyLink, "", "copy the link to the AWS console", 0),
        bind(End, &[c('q'), ctrl('c')], "q", Act::Leave, "close", "close", 1),
        bind(End, &[k(KeyCode::Esc)], "Esc", Act::Back, "", "go back from a page", 0),
        bind(End, &[c('m')], "m", Act::CopyMarkdown, "copy Markdown", "copy the timeline as Markdown", 2),
        bind(End, &[c('h')], "h", Act::WriteHtml, "HTML", "write the timeline as a page, into the run's directory", 3),
        bind(End, &[c('s')], "s", Act::CopySlack, "Slack", "copy the timeline as the blocks of a Slack message", 5),
        bind(End, &[c('e')], "e", Act::Export, "export…", "write any form of it, or the whole evidence, to a file", 4),
        bind(End, &[c('p')], "p", Act::History, "past runs", "show past runs: open one, compare two", 6),
        bind(End, &[c('t')], "t", Act::Timeline, "timeline", "show the timeline of the phases", 7),
        bind(End, &[c('l')], "l", Act::Log, "log", "show the journal", 8),
        bind(End, &[c('y')], "y", Act::CopyCommand, "copy command", "copy the command that writes the timeline", 10),
        bind(End, &[c('j'), k(KeyCode::Down)], "j", Act::Down, "down", "move down", 11),
        bind(End, &[c('k'), k(KeyCode::Up)], "k", Act::Up, "up", "move up", 12),
        bind(End, &[c('?')], "?", Act::Help, "help", "show every key", 9),
        bind(Form, &[k(KeyCode::Esc)], "Esc", Act::Back, "cancel", "close the dialog; nothing happens", 1),
        bind(Form, &[k(KeyCode::Tab)], "Tab", Act::NextField, "next field", "go to the next field", 2),
        bind(Form, &[k(KeyCode::BackTab)], "Shift+Tab", Act::PrevField, "", "go to the previous field", 0),
        bind(Form, &[k(KeyCode::Up)], "Up", Act::Up, "", "choose the one above", 0),
        bind(Form, &[k(KeyCode::Down)], "Down", Act::Down, "", "choose the one below", 0),
        bind(Form, &[k(KeyCode::Enter)], "Enter", Act::Accept, "", "go on to the next field; never runs a step", 0),
        bind(Form, &[k(KeyCode::PageDown), ctrl('d')], "PgDn", Act::PageDown, "", "read on in a long text", 0),
        bind(Form, &[k(KeyCode::PageUp), ctrl('u')], "PgUp", Act::PageUp, "", "read back in a long text", 0),
        bind(Form, &[ctrl('c')], "Ctrl+C", Act::Leave, "", "leave or abort (asks first)", 0),
        bind(Menu, &[k(KeyCode::Esc)], "Esc", Act::Back, "cancel", "close; nothing happens", 1),
        bind(Menu, &[k(KeyCode::Up)], "Up", Act::Up, "", "choose the one above", 0),
        bind(Menu, &[k(KeyCode::Down)], "Down", Act::Down, "next", "choose the one below", 3),
        bind(Menu, &[k(KeyCode::Enter)], "Enter", Act::Accept, "open", "take the one under the cursor", 2),
        bind(Menu, &[ctrl('c')], "Ctrl+C", Act::Leave, "", "leave or abort (asks first)", 0),
        bind(Filter, &[k(KeyCode::Enter)], "Enter", Act::Accept, "keep", "keep the filter", 1),
        bind(Filter, &[k(KeyCode::Esc)], "Esc", Act::Back, "clear", "clear the filter", 2),
        bind(Filter, &[ctrl('c')], "Ctrl+C", Act::Leave, "", "leave or abort (asks first)", 0),
        bind(Start, &[k(KeyCode::Enter)], "Enter", Act::Accept, "start", "start", 1),
        bind(Start, &[k(KeyCode::Up), k(KeyCode::BackTab)], "Up", Act::Up, "", "go up", 0),
        bind(Start, &[k(KeyCode::Down), k(KeyCode::Tab)], "Down", Act::Down, "next", "go down", 3),
        bind(Start, &[k(KeyCode::Right)], "Right", Act::NextField, "change", "change what is under the cursor", 4),
        bind(Start, &[k(KeyCode::Left)], "Left", Act::PrevField, "", "change it the other way", 0),
        bind(Start, &[k(KeyCode::Esc), ctrl('c')], "Esc", Act::Leave, "quit", "quit", 2),
        bind(Start, &[ctrl('r')], "Ctrl+R", Act::History, "past runs", "show past runs: open one, compare two", 5),
        bind(History, &[c('q'), ctrl('c')], "q", Act::Leave, "close", "close; from a page of a run too", 2),
        bind(
            History,
            &[k(KeyCode::Esc)],
            "Esc",
            Act::Back,
            "back",
            "back to the list, and from there to where one was",
            3,
        ),
        bind(
            History,
            &[k(KeyCode::Enter)],
            "Enter",
            Act::Open,
            "open",
            "show one run: where the time went, its timeline",
            1,
        ),
        bind(History, &[c(' ')], "Space", Act::Mark, "mark", "mark a run; two can be compared", 4),
        bind(History, &[c('d')], "d", Act::Compare, "compare", "put the two marked runs beside each other", 5),
        bind(History, &[c('m')], "m", Act::CopyMarkdown, "copy Markdown", "copy its timeline as Markdown", 6),
        bind(History, &[c('h')], "h", Act::WriteHtml, "HTML", "write its timeline as a page, into its directory", 7),
        bind(History, &[c('e')], "e", Act::Export, "bundle", "write all its evidence into its directory", 8),
        bind(History, &[c('j'), k(KeyCode::Down)], "j", Act::Down, "down", "go down", 9),
        bind(History, &[c('k'), k(KeyCode::Up)], "k", Act::Up, "up", "go up", 10),
        bind(History, &[k(KeyCode::PageDown), ctrl('d')], "PgDn", Act::PageDown, "", "go down a page", 0),
        bind(History, &[k(KeyCode::PageUp), ctrl('u')], "PgUp", Act::PageUp, "", "go up a page", 0),
        bind(History, &[c('g'), k(KeyCode::Home)], "g", Act::Top, "", "go to the first", 0),
        bind(History, &[c('G'), k(KeyCode::End)], "G", Act::Bottom, "", "go to the last", 0),
        bind(Begin, &[k(KeyCode::Enter)], "Enter", Act::Accept, "begin", "begin the run", 1),
        bind(Begin, &[c('q'), k(KeyCode::Esc), ctrl('c')], "q", Act::Leave, "quit", "quit; nothing has begun", 2),
        bind(Begin, &[k(KeyCode::Down), c('j')], "Down", Act::Down, "more", "show what comes below", 3),
        bind(Begin, &[k(KeyCode::Up), c('k')], "Up", Act::Up, "", "show what comes above", 0),
    ]
};

/// The bindings of one context.
pub fn of(context: Context) -> impl Iterator<Item = &'static Binding> {
    TABLE.iter().filter(move |b| b.context == context)
}

/// What a key means here.
pub fn lookup(context: Context, event: &KeyEvent) -> Option<Act> {
    let key = normal(event)?;
    of(context).find(|b| b.keys.contains(&key)).map(|b| b.act)
}

/// The key without what terminals differ in: Shift is in the letter; Alt and Super are not ours.
pub fn normal(event: &KeyEvent) -> Option<Key> {
    let others = KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::HYPER | KeyModifiers::META;
    if event.modifiers.intersects(others) {
        return None;
    }
    let shift = event.modifiers.contains(KeyModifiers::SHIFT);
    let code = match event.code {
        KeyCode::Char(ch) if shift && ch.is_ascii_lowercase() => KeyCode::Char(ch.to_ascii_uppercase()),
        KeyCode::Tab if shift => KeyCode::BackTab,
        code => code,
    };
    let is_ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    match code {
        // Ctrl with a letter is the same with and without Shift or Caps Lock.
        KeyCode::Char(ch) if is_ctrl => Some(Key(KeyCode::Char(ch.to_ascii_lowercase()), true)),
        code => Some(Key(code, false)),
    }
}

/// The hint and key of an act, as the key table has it.
pub fn hint_of(context: Context, act: Act) -> Option<&'static Binding> {
    of(context).find(|b| b.act == act)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_context() {
        for (at, one) in TABLE.iter().enumerate() {
            for other in &TABLE[at + 1..] {
                if one.context == other.context {
                    assert!(!one.keys.iter().any(|key| other.keys.contains(key)), "{} and {}", one.label, other.label);
                }
            }
        }
    }

    #[test]
    fn the_label_is_the_first_key() {
        for binding in TABLE {
            let Key(code, is_ctrl) = binding.keys[0];
            let text = match code {
                KeyCode::Char(ch) if is_ctrl => format!("Ctrl+{}", ch.to_ascii_uppercase()),
                KeyCode::Char(' ') => "Space".into(),
                KeyCode::Char(ch) => ch.to_string(),
                KeyCode::BackTab => "Shift+Tab".into(),
                KeyCode::PageDown => "PgDn".into(),
                KeyCode::PageUp => "PgUp".into(),
                code => format!("{code:?}"),
            };
            assert_eq!(binding.label, text);
        }
    }

    #[test]
    fn shift_and_caps_are_one_letter() {
        let shifted = KeyEvent::new(KeyCode::Char('r'), KeyModifiers::SHIFT);
        assert_eq!(lookup(Context::Main, &shifted), Some(Act::RunReads));
        let alt = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::ALT);
        assert_eq!(lookup(Context::Main, &alt), None);
    }
}
