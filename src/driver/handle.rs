//! What a face holds of a running driver: the latest view, and a way to ask for things.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use crate::engine::command::{Command, Refusal};
use crate::engine::snapshot::Snapshot;
use crate::report::row::Row;

/// Everything a screen shows, replaced as a whole after each event and once a second.
#[derive(Debug, Clone)]
pub struct View {
    pub snapshot: Snapshot,
    /// The timeline so far, oldest first (the newest 5,000 rows). Each row is shared, as the list is
    /// copied whenever a face still holds the one before.
    pub rows: Arc<Vec<Arc<Row>>>,
    /// Drill authenticator: who, the code now shown, milliseconds it stays valid.
    pub practice: Vec<PracticeCode>,
    /// People may hand things in from other terminals of this machine.
    pub is_open: bool,
    /// On a second screen, which can do nothing: how the run stands there.
    pub watched: Option<String>,
    /// The driver has stopped; nothing more will come.
    pub over: Option<Over>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PracticeCode {
    pub person: String,
    pub code: String,
    pub left_ms: u64,
}

/// How the driver ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Over {
    /// Every step is settled.
    Finished,
    /// The operator left, a signal came, or a headless run met something only a person can decide.
    Left {
        reason: String,
    },
    Aborted,
    /// The journal could not be written.
    Broken {
        reason: String,
    },
    /// A part of the program has panicked; calls in flight were awaited, and the run can be resumed.
    Panicked {
        reason: String,
    },
}

/// One request and where its answer goes.
pub type Request = (Command, oneshot::Sender<Result<(), Refusal>>);

/// A face's end of a running driver.
#[derive(Clone)]
pub struct Handle {
    pub view: watch::Receiver<Arc<View>>,
    pub requests: mpsc::Sender<Request>,
}
