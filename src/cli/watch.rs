//! `watch`: follows a run on a second screen that cannot do anything, from its journal alone.
//!
//! Takes no lock and asks nobody: the journal may be a copy. Must not know who drives the run.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::exit::{CliError, Exit, Outcome};
use super::out::{self, is_interactive};
use super::settings::Settings;
use super::signals::{HANGUP, Signals};
use super::{args, doctor, face, kept, past, runs};
use crate::driver::HistorySlot;
use crate::driver::handle::{Handle, Over, View};
use crate::journal::{self, Follower, ReadError, Record};
use crate::model::event::Stamped;
use crate::model::outcome::RunStatus;
use crate::model::time::hms_utc;
use crate::report::fold::{self, Replayed};
use crate::report::row::{Row, RowKind};
use crate::report::row_of;
use crate::tui;

/// How often the journal is looked at: one question to the file system.
const EVERY: Duration = Duration::from_millis(250);
/// How often the clock on the screen moves, and whoever drives is looked for.
const TICK: Duration = Duration::from_secs(1);
/// Rows kept for the screen.
const ROWS_KEPT: usize = 5_000;

pub fn watch(settings: &Settings, wanted: &args::Watch) -> Outcome {
    if !settings.plain && !is_interactive() {
        return Err(CliError::usage("the screen needs a terminal")
            .hint("--plain writes one line an event; lifeboat status RUN --json is for scripts"));
    }
    if settings.json {
        return Err(CliError::usage("--json is refused: a screen is watched")
            .hint("lifeboat status RUN --json, or tail -f on the journal itself"));
    }
    let mut followed = Followed::begin(settings, &path_of(settings, &wanted.run)?)?;
    let watched = face::block_on(async {
        if settings.plain { plain(settings, &mut followed).await } else { screen(settings, &mut followed).await }
    });
    match watched.map_err(|error| CliError::failed(format!("failed to watch: {error}")))? {
        Let::Closed => followed.verdict(),
        Let::Signal(number) => Err(CliError::new(Exit::Signal(number), "the second screen was closed")),
        Let::Closing(error) => Err(error),
    }
}

/// Why it is over.
enum Let {
    Closed,
    Signal(u8),
    /// The reader of the lines has gone.
    Closing(CliError),
}

/// A path is a journal, or the directory of one; anything else names a run kept here.
fn path_of(settings: &Settings, wanted: &str) -> Result<PathBuf, CliError> {
    let is_path = wanted.contains('/') || Path::new(wanted).is_file();
    if is_path { Ok(PathBuf::from(wanted)) } else { Ok(runs::find(settings, wanted)?.dir) }
}

async fn screen(settings: &Settings, followed: &mut Followed) -> io::Result<Let> {
    let (show, view) = watch::channel(Arc::new(followed.view()));
    // Nobody takes requests, and the screen sends none.
    let (requests, nobody) = mpsc::channel(1);
    drop(nobody);
    let mut signals = Signals::listen();
    tokio::select! {
        exit = tui::run(Handle { view, requests }, face::options(settings), None) => Ok(match exit? {
            tui::Exit::TerminalLost => Let::Signal(HANGUP),
            tui::Exit::Finished | tui::Exit::Left | tui::Exit::Aborted | tui::Exit::Broken => Let::Closed,
        }),
        number = signals.ended() => Ok(Let::Signal(number)),
        () = keep_up(followed, |view| { show.send_replace(Arc::new(view)); }) => Ok(Let::Closed),
    }
}

/// Looks again and again, for as long as somebody watches.
async fn keep_up(followed: &mut Followed, mut show: impl FnMut(View)) {
    let mut look = interval(EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ticked = Instant::now();
    loop {
        look.tick().await;
        let has_ticked = ticked.elapsed() >= TICK;
        if has_ticked {
            ticked = Instant::now();
            followed.foresee();
        }
        if followed.look() || has_ticked {
            show(followed.view());
        }
    }
}

/// One line an event, until the run is over.
async fn plain(settings: &Settings, followed: &mut Followed) -> io::Result<Let> {
    let mut signals = Signals::listen();
    let mut look = interval(EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = 0;
    loop {
        for row in followed.rows.iter().filter(|row| row.seq > told && row.kind != RowKind::Detail) {
            let line = format!("{}  {:<16} {}", hms_utc(row.at_ms), row.subject, row.text);
            if let Err(error) = out::line(&settings.out.shown(&line)) {
                return Ok(Let::Closing(error));
            }
        }
        told = followed.journal.records();
        if followed.is_over() || followed.journal.damage().is_some() {
            return Ok(Let::Closed);
        }
        tokio::select! {
            _ = look.tick() => drop(followed.look()),
            number = signals.ended() => return Ok(Let::Signal(number)),
        }
    }
}

/// A run as far as its journal tells just now.
struct Followed {
    journal: Follower,
    replayed: Replayed,
    rows: Arc<Vec<Arc<Row>>>,
    /// The last look failed, for this reason.
    trouble: Option<String>,
    /// What past runs tell, until it was taken in.
    history: HistorySlot,
    has_learnt: bool,
}

impl Followed {
    fn begin(settings: &Settings, path: &Path) -> Result<Self, CliError> {
        let mut journal = Follower::of(path);
        let records = journal.more().map_err(|error| CliError::new(not_there(&error), error.to_string()))?;
        let records: Vec<Stamped> = records.into_iter().map(Record::into_stamped).collect();
        let replayed = match (fold::replay(&records, journal.run().unwrap_or_default()), journal.damage()) {
            (Ok(replayed), _) => replayed,
            (Err(_), Some(damage)) if records.is_empty() => return Err(kept::damaged(damage)),
            (Err(error), _) => return Err(kept::not_replayed(&error)),
        };
        let history = past::begin(settings, replayed.plan(), replayed.engine.run_id());
        let mut followed = Self { journal, replayed, rows: Arc::default(), trouble: None, history, has_learnt: false };
        followed.keep(&records);
        Ok(followed)
    }

    /// Takes in what has been added; whether anything has changed.
    fn look(&mut self) -> bool {
        let before = (self.journal.damage().is_some(), self.trouble.is_some());
        let records = match self.journal.more() {
            Ok(records) => {
                self.trouble = None;
                records
            }
            Err(error) => {
                self.trouble = Some(error.to_string());
                Vec::new()
            }
        };
        let records: Vec<Stamped> = records.into_iter().map(Record::into_stamped).collect();
        for stamped in &records {
            // What these cause is done by whoever drives.
            drop(self.replayed.engine.handle(stamped));
        }
        self.keep(&records);
        !records.is_empty() || before != (self.journal.damage().is_some(), self.trouble.is_some())
    }

    fn keep(&mut self, records: &[Stamped]) {
        let rows = Arc::make_mut(&mut self.rows);
        rows.extend(records.iter().map(|stamped| Arc::new(row_of(stamped))));
        let extra = rows.len().saturating_sub(ROWS_KEPT);
        rows.drain(..extra);
    }

    fn is_over(&self) -> bool {
        self.replayed.engine.finished().is_some()
    }

    /// The simulated clock goes as whoever drives lets it: known is where it stood at the last record.
    fn now_ms(&self) -> i64 {
        let last_ms = self.replayed.engine.last_at_ms();
        if self.replayed.header.is_simulated() { last_ms } else { doctor::now_ms().max(last_ms) }
    }

    /// Works out when it will be over, as far as anything has changed.
    fn foresee(&mut self) {
        let now_ms = self.now_ms();
        let engine = &mut self.replayed.engine;
        if let Some(history) = self.history.get().filter(|_| !self.has_learnt) {
            engine.learn(Arc::clone(history));
            self.has_learnt = true;
        }
        engine.foresee(now_ms);
    }

    fn view(&self) -> View {
        let (engine, now_ms) = (&self.replayed.engine, self.now_ms());
        let mut snapshot = engine.snapshot(now_ms);
        snapshot.journal_seq = self.journal.records();
        snapshot.journal_head =
            self.journal.head().map(|head| head.to_hex().chars().take(8).collect()).unwrap_or_default();
        for step in &mut snapshot.steps {
            if step.activity == "waits for you" {
                step.activity = format!("waits for {}", snapshot.operator);
            }
        }
        let over = engine.finished().map(|status| match status {
            RunStatus::Aborted => Over::Aborted,
            RunStatus::Running | RunStatus::Waiting | RunStatus::Paused | RunStatus::Succeeded | RunStatus::Failed => {
                Over::Finished
            }
        });
        let (rows, watched) = (Arc::clone(&self.rows), Some(self.words()));
        View { snapshot, rows, practice: Vec::new(), is_open: false, watched, over }
    }

    /// How the run stands, in a few words.
    fn words(&self) -> String {
        let driver = journal::holder(self.journal.run_dir());
        match (self.journal.damage(), &self.trouble, driver) {
            (Some(damage), _, _) => format!("watching: record {} is damaged, shown up to there", damage.record),
            (None, Some(trouble), _) => format!("watching: {trouble}"),
            (None, None, _) if self.is_over() => "watching".to_owned(),
            (None, None, Some(_)) => "watching, live".to_owned(),
            (None, None, None) => "watching: nobody drives this run here just now".to_owned(),
        }
    }

    fn verdict(&self) -> Outcome {
        self.journal.damage().map_or(Ok(Exit::Done), |damage| Err(kept::damaged(damage)))
    }
}

const fn not_there(error: &ReadError) -> Exit {
    match error {
        ReadError::NotFound(_) => Exit::Usage,
        ReadError::Io(_) => Exit::Failed,
    }
}
