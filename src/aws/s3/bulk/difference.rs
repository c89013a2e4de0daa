//! The merge of the two listings: what is missing, what is different. Pure but for the pages.
//!
//! Must not know: copies.

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::TOLD;
use super::copy::Copier;
use super::listing::{Held, Objects, Place, Versions, Wanted};
use crate::aws::calls::Calls;
use crate::model::outcome::CloudError;

/// An object that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub wanted: Wanted,
    /// What stands in its place; nothing, where it is missing.
    pub held: Option<Held>,
}

/// What the listing alone tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    pub objects: u64,
    pub same: u64,
    pub left_newer: u64,
}

/// How an object stands.
enum State {
    Same,
    Newer,
    ToCopy,
}

fn state(place: &Place, wanted: &Wanted, held: Option<&Held>) -> State {
    match held {
        Some(held) if held.etag == wanted.etag && held.size == wanted.size => State::Same,
        // Written since and not replicated yet: whoever names no time does not want it undone.
        Some(held) if place.as_of_ms.is_none() && held.modified_ms > wanted.modified_ms => State::Newer,
        Some(_) | None => State::ToCopy,
    }
}

/// Lists both sides to their ends; what is to be copied goes into the queue, which may be full for a
/// while. With a copier it ends early once that has given up.
pub fn list<'f>(
    calls: &'f Calls<'f>,
    place: &'f Place,
    queue: mpsc::Sender<Found>,
    copier: Option<&'f Copier<'f>>,
) -> BoxFuture<'f, Result<Listed, CloudError>> {
    Box::pin(merge(calls, place, queue, copier))
}

async fn merge(
    calls: &Calls<'_>,
    place: &Place,
    queue: mpsc::Sender<Found>,
    copier: Option<&Copier<'_>>,
) -> Result<Listed, CloudError> {
    let (mut versions, mut objects) = (Versions::new(calls, place), Objects::new(calls, place));
    let mut listed = Listed::default();
    while let Some(wanted) = versions.next().await? {
        listed.objects += 1;
        let held = objects.at(&wanted.key).await?;
        match state(place, &wanted, held.as_ref()) {
            State::Same => listed.same += 1,
            State::Newer => listed.left_newer += 1,
            State::ToCopy => {
                if let Some(copier) = copier {
                    if copier.has_given_up() {
                        break;
                    }
                    calls.meter.found();
                }
                // Nobody takes it any more: then that side says why.
                if queue.send(Found { wanted, held }).await.is_err() {
                    break;
                }
            }
        }
    }
    Ok(listed)
}

/// What is to be copied, counted.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub objects: u64,
    pub same: u64,
    pub left_newer: u64,
    pub missing: u64,
    pub different: u64,
    pub bytes: u64,
    pub sample: Vec<String>,
}

impl Tally {
    pub fn add(&mut self, found: Found, is_ours: bool) {
        if is_ours {
            self.same += 1;
            return;
        }
        let count = if found.held.is_some() { &mut self.different } else { &mut self.missing };
        *count += 1;
        self.bytes += found.wanted.size;
        if self.sample.len() < TOLD {
            self.sample.push(found.wanted.key);
        }
    }

    pub fn with(&mut self, listed: &Listed) {
        self.objects = listed.objects;
        self.same += listed.same;
        self.left_newer = listed.left_newer;
    }
}
