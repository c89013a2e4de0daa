//! A headless drill seen from outside: each record as soon as it is durable, as the journal has it
//! (JSON), or the line of the timeline it stands for.
//!
//! A journal in front of a journal: it passes everything on and copies what was synced.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::out::{self, Out};
use crate::engine::ports::{Journal, JournalError};
use crate::journal::FileJournal;
use crate::model::event::{Event, Stamped};
use crate::model::time::hms_utc;
use crate::report::row::{Row, RowKind};
use crate::report::row_of;

/// What is shown of each record.
enum Show {
    /// The line itself, read back from the file: what scripts get is what was written.
    Lines(File),
    Rows(Vec<Row>),
}

pub struct Echo {
    inner: FileJournal,
    out: Out,
    show: Show,
    /// The reader has gone; the drill goes on without it.
    closed: bool,
}

impl Echo {
    /// As lines of JSON, from the first record on.
    pub fn json(inner: FileJournal, run_dir: &Path, out: Out) -> std::io::Result<Self> {
        let file = File::open(run_dir.join("journal.jsonl"))?;
        let mut echo = Self { inner, out, show: Show::Lines(file), closed: false };
        echo.show_synced();
        Ok(echo)
    }

    /// As lines of the timeline for people.
    pub const fn rows(inner: FileJournal, out: Out) -> Self {
        Self { inner, out, show: Show::Rows(Vec::new()), closed: false }
    }

    fn show_synced(&mut self) {
        match &mut self.show {
            Show::Rows(rows) => {
                for row in rows.drain(..).filter(|row| row.kind != RowKind::Detail) {
                    self.out.say(&format!("{}  {:<16} {}", hms_utc(row.at_ms), row.subject, row.text));
                }
            }
            Show::Lines(file) => {
                let mut lines = Vec::new();
                // What cannot be read back is still in the journal; a broken echo stops no drill.
                self.closed |= file.read_to_end(&mut lines).is_err();
                self.closed = self.closed || out::data(&lines).is_err();
            }
        }
    }
}

impl Journal for Echo {
    fn append(&mut self, at_ms: i64, event: Event) -> Result<Stamped, JournalError> {
        let stamped = self.inner.append(at_ms, event)?;
        if let Show::Rows(rows) = &mut self.show {
            rows.push(row_of(&stamped));
        }
        Ok(stamped)
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        self.inner.sync()?;
        if !self.closed {
            self.show_synced();
        }
        Ok(())
    }

    fn has_room(&mut self) -> bool {
        self.inner.has_room()
    }

    fn head(&self) -> (u64, String) {
        self.inner.head()
    }
}
