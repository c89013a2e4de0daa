//! A headless drill seen from outside: each record as soon as it is durable, as the journal has it
//! (JSON), or the line of the timeline it stands for.
//!
//! A journal in front of a journal: it passes everything on and copies what was synced. The copy is
//! written by a thread of its own, so that a reader who stalls stalls nothing but what it reads.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;

use super::exit::{CliError, Exit};
use super::out::{self, Out};
use super::signals::{PIPE, Signals};
use crate::engine::ports::{Journal, JournalError};
use crate::journal::FileJournal;
use crate::model::event::{Event, Stamped};
use crate::model::time::hms_utc;
use crate::report::row::{Row, RowKind};
use crate::report::row_of;

/// Lines that may wait for a reader; a person who is that far behind is told how many were left out.
const LINES_WAITING: usize = 1024;
/// Bytes copied at a time.
const CHUNK_BYTES: u64 = 64 * 1024;
/// How often a signal is looked for while a reader takes its time.
const LOOK: Duration = Duration::from_millis(50);

/// What is shown of each record.
enum Show {
    /// The lines themselves, read back from the file: what scripts get is what was written.
    Lines {
        file: File,
        synced: Arc<AtomicU64>,
        wake: SyncSender<()>,
    },
    Rows {
        waiting: Vec<Row>,
        lines: SyncSender<String>,
        left_out: u64,
    },
}

pub struct Echo {
    inner: FileJournal,
    show: Show,
}

/// The thread that writes, seen from outside.
pub struct Copy {
    /// Turns true once nobody reads the output any more.
    pub unread: watch::Receiver<bool>,
    done: Receiver<()>,
}

impl Copy {
    /// Waits until all was written that there is to write, however slow its reader, or a signal comes.
    pub fn finish(&self, signals: &Signals) {
        while self.done.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) && signals.has_ended().is_none() {}
    }

    /// The same, but only so long.
    pub fn finish_within(&self, patience: Duration) {
        let _ = self.done.recv_timeout(patience);
    }
}

fn copying(write: impl FnOnce(&watch::Sender<bool>) + Send + 'static) -> io::Result<Copy> {
    let (tell, unread) = watch::channel(false);
    let (over, done) = sync_channel(1);
    thread::Builder::new().name("echo".to_owned()).spawn(move || {
        write(&tell);
        drop(over);
    })?;
    Ok(Copy { unread, done })
}

impl Echo {
    /// As lines of JSON, from the first record on.
    pub fn json(inner: FileJournal, run_dir: &Path) -> io::Result<(Self, Copy)> {
        let mut from = File::open(run_dir.join("journal.jsonl"))?;
        let file = from.try_clone()?;
        let synced = Arc::new(AtomicU64::new(0));
        let (wake, woken) = sync_channel(1);
        let until = Arc::clone(&synced);
        let copy = copying(move |unread| {
            let mut shown = 0;
            // The last time round is for what came before the journal was let go of.
            let mut is_last = false;
            while !is_last {
                is_last = woken.recv().is_err();
                while shown < until.load(Ordering::SeqCst) {
                    match copy_some(&mut from, until.load(Ordering::SeqCst) - shown) {
                        Ok(bytes) => shown += bytes,
                        // What cannot be shown is still in the journal; a broken echo stops no drill, but
                        // one that nobody reads does.
                        Err(error) => {
                            let _ = unread.send(error.is_some_and(|error| error.exit == Exit::Signal(PIPE)));
                            return;
                        }
                    }
                }
            }
        })?;
        let mut echo = Self { inner, show: Show::Lines { file, synced, wake } };
        echo.show_synced();
        Ok((echo, copy))
    }

    /// As lines of the timeline for people.
    pub fn rows(inner: FileJournal, out: Out) -> io::Result<(Self, Copy)> {
        let (lines, told) = sync_channel::<String>(LINES_WAITING);
        let copy = copying(move |_| told.iter().for_each(|line| out.say(&line)))?;
        Ok((Self { inner, show: Show::Rows { waiting: Vec::new(), lines, left_out: 0 } }, copy))
    }

    fn show_synced(&mut self) {
        match &mut self.show {
            Show::Rows { waiting, lines, left_out } => {
                for row in waiting.drain(..).filter(|row| row.kind != RowKind::Detail) {
                    let line = format!("{}  {:<16} {}", hms_utc(row.at_ms), row.subject, row.text);
                    let line = if *left_out > 0 { format!("({left_out} lines left out)\n{line}") } else { line };
                    *left_out = if lines.try_send(line).is_ok() { 0 } else { *left_out + 1 };
                }
            }
            Show::Lines { file, synced, wake } => {
                if let Ok(found) = file.metadata() {
                    synced.store(found.len(), Ordering::SeqCst);
                    // One that has not been taken up yet will do.
                    let _ = wake.try_send(());
                }
            }
        }
    }
}

/// Copies some of the next bytes to stdout. Gives how many; an error without one is the file's.
fn copy_some(from: &mut File, left_bytes: u64) -> Result<u64, Option<CliError>> {
    let mut chunk = Vec::new();
    let read = from.take(left_bytes.min(CHUNK_BYTES)).read_to_end(&mut chunk);
    if read.is_err() || chunk.is_empty() {
        return Err(None);
    }
    out::data(&chunk).map_err(Some)?;
    Ok(chunk.len() as u64)
}

impl Journal for Echo {
    fn append(&mut self, at_ms: i64, event: Event) -> Result<Stamped, JournalError> {
        let stamped = self.inner.append(at_ms, event)?;
        if let Show::Rows { waiting, .. } = &mut self.show {
            waiting.push(row_of(&stamped));
        }
        Ok(stamped)
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        self.inner.sync()?;
        self.show_synced();
        Ok(())
    }

    fn has_room(&mut self) -> bool {
        self.inner.has_room()
    }

    fn head(&self) -> (u64, String) {
        self.inner.head()
    }
}
