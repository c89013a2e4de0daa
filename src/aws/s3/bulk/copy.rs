//! One object copied, once, under the condition that nothing has changed in its place; and what became
//! of all of them.
//!
//! Sent again is only what S3 said it did not do (`SlowDown` and its like). An answer that proves nothing
//! leaves its object unsure: the others go on, and the outcome of the whole is unknown, so that the
//! comparison is asked before anybody sends more. Must not know: listings.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use serde_json::json;

use super::TOLD;
use super::difference::{Found, Listed};
use super::listing::{Place, Wanted, pause};
use super::mark::{Marks, is_marked};
use crate::aws::calls::Calls;
use crate::aws::error::{invalid, ours};
use crate::aws::s3::restore::{LARGEST_COPY, source_of};
use crate::aws::shape::empty_answer;
use crate::model::Value;
use crate::model::outcome::{CloudError, CloudErrorKind};

/// How often a copy is sent that S3 was too busy for.
const TRIES: u32 = 6;
/// So many failures before anything was copied: it is not the objects.
const HOPELESS: u64 = 20;

/// What became of one object.
pub enum Piece {
    Copied {
        bytes: u64,
    },
    /// Somebody's copy of the same version stands there: an earlier send of ours, as a rule.
    There,
    Failed {
        key: String,
        error: CloudError,
    },
    /// It may have been copied.
    Unsure {
        error: CloudError,
    },
    /// Not sent, and nothing more is to be.
    Over {
        error: CloudError,
    },
    /// Not looked at any more.
    Left,
}

pub struct Copier<'a> {
    calls: &'a Calls<'a>,
    place: &'a Place,
    marks: &'a Marks,
    given_up: AtomicBool,
    tally: Mutex<Tally>,
}

#[derive(Debug, Default)]
struct Tally {
    copied: u64,
    there: u64,
    bytes: u64,
    failed: u64,
    failures: Vec<Value>,
    unsure: u64,
    left: u64,
    /// The first error of its kind: why the outcome is unknown, and why no more was sent.
    doubt: Option<CloudError>,
    over: Option<CloudError>,
}

impl<'a> Copier<'a> {
    pub fn new(calls: &'a Calls<'a>, place: &'a Place, marks: &'a Marks) -> Self {
        Self { calls, place, marks, given_up: AtomicBool::new(false), tally: Mutex::default() }
    }

    pub fn has_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Copies one object.
    pub fn copy(&self, found: Found) -> BoxFuture<'_, Piece> {
        Box::pin(self.attempt(found))
    }

    async fn attempt(&self, found: Found) -> Piece {
        let wanted = &found.wanted;
        if wanted.size > LARGEST_COPY.unsigned_abs() {
            return Piece::Failed { key: wanted.key.clone(), error: self.too_large(wanted) };
        }
        let mut tries = 1;
        loop {
            if self.has_given_up() {
                return Piece::Left;
            }
            if self.calls.is_overdue() {
                return Piece::Over { error: ours(CloudErrorKind::Unavailable, "Timeout", "the step's time is up") };
            }
            match Box::pin(self.once(&found)).await {
                Err(error) if is_busy(&error) && tries < TRIES => {
                    tokio::time::sleep(pause(tries)).await;
                    tries += 1;
                }
                Ok(piece) => return piece,
                Err(error) => return self.judge(&found, error).await,
            }
        }
    }

    async fn once(&self, found: &Found) -> Result<Piece, CloudError> {
        let (wanted, place) = (&found.wanted, self.place);
        if self.marks.is_copied(self.calls, place, found).await? {
            return Ok(Piece::There);
        }
        let source = source_of(&place.replica, &wanted.key, &wanted.version_id);
        let copy = self.calls.s3().copy_object().bucket(&place.bucket).key(&wanted.key).copy_source(source);
        let copy = match &found.held {
            Some(held) => copy.if_match(&held.etag),
            None => copy.if_none_match("*"),
        };
        let copy = self.marks.put(self.calls, place, wanted, copy).await?;
        let output = self.calls.send(copy.send()).await?;
        // A 200 may carry an error, or be somebody else's page.
        let result = output.copy_object_result().ok_or_else(|| empty_answer("copy"))?;
        result.e_tag().ok_or_else(|| empty_answer("copy"))?;
        Ok(Piece::Copied { bytes: wanted.size })
    }

    async fn judge(&self, found: &Found, error: CloudError) -> Piece {
        let key = found.wanted.key.clone();
        match error.kind {
            CloudErrorKind::UnknownOutcome => Piece::Unsure { error },
            CloudErrorKind::Expired | CloudErrorKind::Unavailable => Piece::Over { error },
            CloudErrorKind::Invalid if is_condition(&error) => self.changed(found, error).await,
            CloudErrorKind::Invalid | CloudErrorKind::Throttled | CloudErrorKind::Denied | CloudErrorKind::NotFound => {
                Piece::Failed { key, error }
            }
        }
    }

    /// The condition did not hold: either it is there already, or somebody writes.
    async fn changed(&self, found: &Found, error: CloudError) -> Piece {
        let wanted = &found.wanted;
        let look = self.calls.s3().head_object().bucket(&self.place.bucket).key(&wanted.key).send();
        if let Ok(head) = self.calls.look(look).await {
            let is_same = head.e_tag() == Some(wanted.etag.as_str());
            if is_same || is_marked(&head, self.place, wanted) {
                return Piece::There;
            }
        }
        let message = format!("it was written after it was compared, and left as it is now ({})", error.code);
        Piece::Failed { key: wanted.key.clone(), error: invalid("ChangedMeanwhile", message) }
    }

    fn too_large(&self, wanted: &Wanted) -> CloudError {
        let Place { bucket, replica, .. } = self.place;
        let message = format!(
            "larger than 5 GiB, which is more than one copy can do: `aws s3 cp s3://{replica}/{key} s3://{bucket}/{key} \
             --source-region {region}` copies it in parts",
            key = wanted.key,
            region = self.place.replica_region,
        );
        invalid("EntityTooLarge", message)
    }

    /// Notes what became of one.
    pub fn take(&self, piece: Piece) {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        match piece {
            Piece::Copied { bytes } => {
                tally.copied += 1;
                tally.bytes += bytes;
                self.calls.meter.done(bytes);
            }
            Piece::There => {
                tally.there += 1;
                self.calls.meter.done(0);
            }
            Piece::Failed { key, error } => {
                tally.failed += 1;
                if tally.failures.len() < TOLD {
                    tally.failures.push(json!({"key": key, "code": error.code, "message": error.message}));
                }
                if tally.copied + tally.there + tally.unsure == 0 && tally.failed >= HOPELESS {
                    tally.over.get_or_insert(error);
                }
            }
            Piece::Unsure { error } => {
                tally.unsure += 1;
                tally.doubt.get_or_insert(error);
            }
            Piece::Over { error } => {
                tally.left += 1;
                tally.over.get_or_insert(error);
            }
            Piece::Left => tally.left += 1,
        }
        if tally.over.is_some() {
            self.given_up.store(true, Ordering::Relaxed);
        }
    }

    /// The outcome of the whole.
    pub fn close(self, listed: Result<Listed, CloudError>) -> Result<Value, CloudError> {
        let tally = self.tally.into_inner().unwrap_or_else(PoisonError::into_inner);
        let done = format!("{} objects were copied", tally.copied + tally.there);
        if let Some(doubt) = tally.doubt {
            let message = format!("{}; {done}, the answers about {} are lost", doubt.message, tally.unsure);
            return Err(CloudError { message, ..doubt });
        }
        // What was copied stays; sent again, it goes on from there.
        let told = |error: CloudError| {
            let message = if tally.copied + tally.there > 0 {
                format!("{}; {done}, sent again it goes on with the others", error.message)
            } else {
                error.message
            };
            CloudError { message, ..error }
        };
        if let Some(over) = tally.over {
            return Err(told(over));
        }
        let listed = listed.map_err(told)?;
        Ok(json!({
            "objects": listed.objects,
            "copied": tally.copied,
            "already_there": listed.same + tally.there,
            "left_newer": listed.left_newer,
            "failed": tally.failed,
            "bytes": tally.bytes,
            "failures": tally.failures,
        }))
    }
}

/// S3 said that it did not do it, for want of time; or nothing was sent yet. `SlowDown` comes with a 503,
/// which by itself would prove nothing; under that name S3 refuses before it begins.
fn is_busy(error: &CloudError) -> bool {
    let is_unsent = error.kind == CloudErrorKind::Unavailable && error.code != "RequestNotBuilt";
    error.kind == CloudErrorKind::Throttled || error.code == "SlowDown" || is_unsent
}

fn is_condition(error: &CloudError) -> bool {
    ["PreconditionFailed", "ConditionalRequestConflict"].contains(&error.code.as_str())
}
