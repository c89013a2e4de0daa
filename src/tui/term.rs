//! The one owner of the terminal: claims it, draws what has changed, gives it back whatever happens.
//!
//! Must not know what is shown.

use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::crossterm::clipboard::CopyToClipboard;
use ratatui::crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange, EventStream,
    KeyboardEnhancementFlags, PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use ratatui::crossterm::style::Print;
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate,
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use ratatui::crossterm::{cursor, execute, queue};
use ratatui::layout::Rect;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{QueueSelector, tcflush};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::model::redact;
use crate::model::text::safe;

/// Whether the terminal is ours just now; the panic hook asks.
static CLAIMED: AtomicBool = AtomicBool::new(false);

/// What to tell the person after a panic: how to go on.
static LAST_WORDS: Mutex<String> = Mutex::new(String::new());

/// Save and restore the terminal's own title (xterm).
const PUSH_TITLE: &str = "\x1b[22;0t";
const POP_TITLE: &str = "\x1b[23;0t";

pub struct Term {
    backend: CrosstermBackend<BufWriter<Stdout>>,
    shown: Buffer,
    title: Option<String>,
    sets_title: bool,
}

/// Keys and the like, from the one stream this process ever makes.
///
/// A stream that ends wakes its reader, and a key that arrives in the same moment is then not seen
/// until the next one. So screens that follow one another share theirs.
pub async fn events() -> tokio::sync::MutexGuard<'static, EventStream> {
    static EVENTS: OnceLock<tokio::sync::Mutex<EventStream>> = OnceLock::new();
    EVENTS.get_or_init(|| tokio::sync::Mutex::new(EventStream::new())).lock().await
}

impl Term {
    /// Takes the terminal. `last_words` are printed should the program panic.
    pub fn claim(sets_title: bool, last_words: &str) -> io::Result<Self> {
        install_hook();
        last_words.clone_into(&mut LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner));
        enable_raw_mode()?;
        CLAIMED.store(true, Ordering::SeqCst);
        let mut term = Self {
            backend: CrosstermBackend::new(BufWriter::with_capacity(32 * 1024, io::stdout())),
            shown: Buffer::empty(Rect::ZERO),
            title: None,
            sets_title,
        };
        term.enter()?;
        Ok(term)
    }

    /// No question is asked of the terminal: the first frame never waits for an answer. Terminals
    /// that do not know the keyboard flags ignore them.
    fn enter(&mut self) -> io::Result<()> {
        let flags = KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES | KeyboardEnhancementFlags::REPORT_EVENT_TYPES;
        if self.sets_title {
            queue!(self.backend, Print(PUSH_TITLE))?;
        }
        execute!(
            self.backend,
            EnterAlternateScreen,
            EnableBracketedPaste,
            EnableFocusChange,
            PushKeyboardEnhancementFlags(flags),
            DisableLineWrap,
            cursor::Hide,
            Clear(ClearType::All)
        )
    }

    /// Gives the terminal to whoever is next, for a while.
    pub fn give_back(&mut self) {
        release(self.sets_title);
    }

    /// Takes it again, whatever was done to it meanwhile; what was typed meanwhile was not for us.
    pub fn take_back(&mut self) -> io::Result<()> {
        let is_ours = CLAIMED.swap(true, Ordering::SeqCst);
        if is_ours {
            // A shell sets the modes it likes for a job that is stopped and continued.
            disable_raw_mode()?;
        }
        enable_raw_mode()?;
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        self.title = None;
        self.forget();
        self.enter()
    }

    /// Whether it is still ours: a panic gives it back.
    pub fn is_ours() -> bool {
        CLAIMED.load(Ordering::SeqCst)
    }

    pub fn size() -> io::Result<(u16, u16)> {
        size()
    }

    /// Shows a screen: writes the cells that differ, nothing when none does.
    pub fn show(&mut self, next: Buffer) -> io::Result<()> {
        let is_resized = next.area != self.shown.area;
        if !is_resized && next == self.shown {
            return Ok(());
        }
        queue!(self.backend, BeginSynchronizedUpdate)?;
        if is_resized {
            queue!(self.backend, Clear(ClearType::All))?;
            self.shown = Buffer::empty(next.area);
        }
        let changes = self.shown.diff(&next);
        self.backend.draw(changes.into_iter())?;
        queue!(self.backend, EndSynchronizedUpdate)?;
        Write::flush(&mut self.backend)?;
        self.shown = next;
        Ok(())
    }

    /// The whole screen is written anew next time (after a resize or a continue).
    pub fn forget(&mut self) {
        self.shown = Buffer::empty(Rect::ZERO);
    }

    pub fn title(&mut self, title: &str) -> io::Result<()> {
        if !self.sets_title || self.title.as_deref() == Some(title) {
            return Ok(());
        }
        self.title = Some(title.to_owned());
        execute!(self.backend, Print(format!("\x1b]0;{}\x07", safe(title))))
    }

    /// Into the clipboard of the person's own terminal, also over ssh (OSC 52).
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(self.backend, CopyToClipboard::to_clipboard_from(redact::shared().text(text).as_ref()))
    }

    /// Bell, and a notification where the terminal knows them (OSC 9).
    pub fn ring(&mut self, message: &str) -> io::Result<()> {
        execute!(self.backend, Print(format!("\x07\x1b]9;{}\x07", safe(message))))
    }
}

impl Drop for Term {
    fn drop(&mut self) {
        release(self.sets_title);
    }
}

/// Gives the terminal back, once. Errors are of no use any more: the terminal may be gone.
fn release(sets_title: bool) {
    if !CLAIMED.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    let _ = execute!(
        out,
        PopKeyboardEnhancementFlags,
        DisableFocusChange,
        DisableBracketedPaste,
        EnableLineWrap,
        cursor::Show,
        LeaveAlternateScreen
    );
    if sets_title {
        let _ = execute!(out, Print(POP_TITLE));
    }
    let _ = disable_raw_mode();
}

/// Makes a screen that is stuck in writing to a terminal that nobody reads go on: what waits to be read
/// is thrown away.
pub fn unblock() {
    let _ = tcflush(io::stdout(), QueueSelector::OFlush);
}

/// The modes of the terminal as they were, without a word written: for a terminal that takes none.
pub fn abandon() {
    if CLAIMED.swap(false, Ordering::SeqCst) {
        let _ = disable_raw_mode();
    }
}

/// A panic restores the terminal before it is told, and says how to go on.
fn install_hook() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let was_ours = CLAIMED.load(Ordering::SeqCst);
            release(true);
            before(info);
            if was_ours {
                let words = LAST_WORDS.lock().map(|words| words.clone()).unwrap_or_default();
                let _ = writeln!(io::stderr(), "{words}");
            }
        }));
    });
}

/// Puts something that is never readable in the place of a terminal that is gone: the event reader
/// would go round and round on it, and take a whole core from the call in flight.
fn hush() {
    use rustix::pipe::{PipeFlags, pipe_with};
    if let Ok((quiet, writer)) = pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC)
        && rustix::stdio::dup2_stdin(&quiet).is_ok()
    {
        // Kept open for good: a pipe without a writer is readable again, at its end.
        std::mem::forget(writer);
    }
}

/// How long to wait for a key's reader to get to it.
const READER_MS: u64 = 2;

/// Whether no key waits to be read; else its reader has had a moment for it.
pub async fn nothing_typed() -> bool {
    let stdin = io::stdin();
    // What is not typed at stdin is known to the reader alone.
    if !stdin.is_terminal() {
        return true;
    }
    let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let is_quiet = poll(&mut fds, Some(&at_once)).is_ok_and(|waiting| waiting == 0);
    if !is_quiet {
        sleep(Duration::from_millis(READER_MS)).await;
    }
    is_quiet
}

/// Turns true once the terminal has hung up. The event reader itself never tells; the thread
/// sleeps in the kernel until then.
pub fn hung_up() -> watch::Receiver<bool> {
    static WATCH: OnceLock<watch::Receiver<bool>> = OnceLock::new();
    WATCH
        .get_or_init(|| {
            let (tell, told) = watch::channel(false);
            let spawned = thread::Builder::new().name("tty-watch".to_owned()).spawn(move || {
                let stdin = io::stdin();
                let mut fds = [PollFd::new(&stdin, PollFlags::empty())];
                loop {
                    match poll(&mut fds, None) {
                        Ok(_) if fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) => {
                            break;
                        }
                        Ok(_) | Err(rustix::io::Errno::INTR) => {}
                        Err(_) => return,
                    }
                }
                hush();
                // Nobody may be listening any more.
                let _ = tell.send(true);
            });
            // Without the thread a lost terminal is seen by the reader's error alone.
            drop(spawned);
            told
        })
        .clone()
}
