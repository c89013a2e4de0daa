//! A part of the program has panicked: what is in flight is still awaited, its outcome still made
//! durable, and nothing further begins.
//!
//! The words of a panic may hold anything, so the journal names the part alone; they go to stderr.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::future::FutureExt;
use futures_util::stream::StreamExt;

use super::answers::{answered, is_kept};
use super::core::{Driver, Woke};
use super::handle::Over;
use crate::engine::ports::JournalError;
use crate::model::event::Event;
use crate::model::outcome::{CloudError, CloudErrorKind};

pub(super) const ADAPTER: &str = "lifeboat has panicked in a call to the cloud";
pub(super) const DEVICE: &str = "lifeboat has panicked while it checked a code";
const DRIVER: &str = "lifeboat has panicked in its driver";

/// `None` when it panicked. Nothing of what it was about is used afterwards without being looked at.
pub(super) async fn caught<T>(future: impl Future<Output = T>) -> Option<T> {
    AssertUnwindSafe(future).catch_unwind().await.ok()
}

/// The answer of a call whose carrier has panicked.
pub(super) fn no_outcome() -> CloudError {
    CloudError {
        kind: CloudErrorKind::UnknownOutcome,
        code: "Panicked".to_owned(),
        message: "the program panicked while it waited for the answer".to_owned(),
        request_id: None,
    }
}

impl Driver {
    /// The loop has panicked. The engine is asked nothing any more: a resume folds what is written.
    pub(super) async fn wind_up(&mut self) -> Over {
        let over = match caught(self.last_outcomes()).await {
            Some(Err(error)) => return self.broken(error.0),
            Some(Ok(())) | None => Over::Panicked { reason: DRIVER.to_owned() },
        };
        // As it was last shown: only what is durable is ever shown.
        let mut view = self.view.borrow().as_ref().clone();
        view.over = Some(over.clone());
        self.view.send_replace(Arc::new(view));
        over
    }

    /// Writes the outcome of every change that was sent and that no resume could ask for, and that the run was left.
    async fn last_outcomes(&mut self) -> Result<(), JournalError> {
        let taken: Vec<Event> = std::mem::take(&mut self.facts).into_iter().filter(is_outcome).collect();
        for outcome in taken {
            self.write(outcome)?;
        }
        self.parts.journal.sync()?;
        while self.sends > self.kept {
            let next = match self.calls.next().now_or_never() {
                Some(next) => next,
                None if self.parts.clock.skip_idle() => continue,
                None => self.calls.next().await,
            };
            match next {
                Some(Woke::Answer(answer)) if answer.request.changes => {
                    self.sends -= 1;
                    self.kept -= usize::from(is_kept(&answer.request));
                    self.write(answered(answer.request, answer.result))?;
                    self.parts.journal.sync()?;
                }
                Some(_) => {}
                None => break,
            }
        }
        if self.leaving.is_none() && self.parts.engine.finished().is_none() {
            self.write(Event::RunLeft { reason: DRIVER.to_owned() })?;
        }
        self.parts.journal.sync()
    }

    fn write(&mut self, event: Event) -> Result<(), JournalError> {
        self.parts.journal.append(self.parts.clock.now_ms(), event).map(drop)
    }
}

/// Whether this fact says what became of a change that was sent.
const fn is_outcome(event: &Event) -> bool {
    matches!(event, Event::ActionSucceeded { .. } | Event::ActionRefused { .. } | Event::ActionUnknown { .. })
}
