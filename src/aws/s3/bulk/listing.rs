//! Two listings, each in the order of its keys, a page at a time: the versions that are wanted, and
//! what the bucket holds now. Must not know: what is done about the difference.

use std::collections::VecDeque;
use std::time::Duration;

use aws_sdk_s3::config::{Config, Region};
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_smithy_types::DateTime;

use crate::aws::calls::Calls;
use crate::aws::error::invalid;
use crate::model::action::s3::CompareWithReplica;
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::time::parse_rfc3339_ms;

const GOES_ON: &str = "the listing goes on, and does not say where";

/// From where to where, and what.
pub struct Place {
    pub bucket: String,
    pub replica: String,
    pub replica_region: Region,
    pub prefix: Option<String>,
    pub as_of_ms: Option<i64>,
}

impl Place {
    pub fn of(call: &CompareWithReplica) -> Result<Self, CloudError> {
        let as_of_ms = call.as_of.as_deref().map(parse_rfc3339_ms).transpose();
        let as_of_ms = as_of_ms.map_err(|why| invalid("InvalidTime", why))?;
        if call.bucket == call.replica_bucket && as_of_ms.is_none() {
            let why = "a bucket has nothing to copy from itself but earlier versions: say as of when (`as_of`)";
            return Err(invalid("InvalidRequest", why));
        }
        Ok(Self {
            bucket: call.bucket.clone(),
            replica: call.replica_bucket.clone(),
            replica_region: Region::new(call.replica_region.clone()),
            prefix: call.prefix.clone().filter(|prefix| !prefix.is_empty()),
            as_of_ms,
        })
    }

    /// What makes a request go to the replica's region.
    pub fn there(&self) -> aws_sdk_s3::config::Builder {
        Config::builder().region(self.replica_region.clone())
    }
}

/// The version of an object that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub key: String,
    pub version_id: String,
    pub etag: String,
    pub size: u64,
    pub modified_ms: i64,
}

/// What the bucket holds under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub etag: String,
    pub size: u64,
    pub modified_ms: i64,
}

/// A version or a delete marker.
struct Entry {
    wanted: Wanted,
    is_latest: bool,
    is_marker: bool,
}

/// The versions that are wanted, by key.
pub struct Versions<'a> {
    calls: &'a Calls<'a>,
    place: &'a Place,
    page: VecDeque<Entry>,
    next: Option<(Option<String>, Option<String>)>,
    /// Its version has been chosen, or there was none at the time.
    decided: Option<String>,
    last: String,
}

impl<'a> Versions<'a> {
    pub fn new(calls: &'a Calls<'a>, place: &'a Place) -> Self {
        Self { calls, place, page: VecDeque::new(), next: Some((None, None)), decided: None, last: String::new() }
    }

    pub async fn next(&mut self) -> Result<Option<Wanted>, CloudError> {
        loop {
            let Some(entry) = self.page.pop_front() else {
                let Some((key, version)) = self.next.take() else { return Ok(None) };
                self.turn(key, version).await?;
                continue;
            };
            let is_then = self.place.as_of_ms.map_or(entry.is_latest, |as_of| entry.wanted.modified_ms <= as_of);
            if !is_then || self.decided.as_ref() == Some(&entry.wanted.key) {
                continue;
            }
            self.decided = Some(entry.wanted.key.clone());
            // A marker: the object did not exist then.
            if !entry.is_marker {
                return Ok(Some(entry.wanted));
            }
        }
    }

    async fn turn(&mut self, key: Option<String>, version: Option<String>) -> Result<(), CloudError> {
        let mut tries = 1;
        let output = loop {
            let list = self.calls.s3().list_object_versions().bucket(&self.place.replica);
            let list = list.set_prefix(self.place.prefix.clone()).set_key_marker(key.clone());
            let list = list.set_version_id_marker(version.clone()).customize().config_override(self.place.there());
            let answer = self.calls.look(list.send()).await;
            if !is_asked_again(answer.as_ref().err(), &mut tries).await {
                break answer?;
            }
        };
        if output.is_truncated() == Some(true) {
            let next =
                (output.next_key_marker().map(str::to_owned), output.next_version_id_marker().map(str::to_owned));
            if next == (key, version) || next.0.is_none() {
                return Err(invalid("UnreadableAnswer", GOES_ON));
            }
            self.next = Some(next);
        }
        self.page = entries(&output);
        ordered(&mut self.last, self.page.iter().map(|entry| entry.wanted.key.as_str()))
    }
}

fn entries(output: &ListObjectVersionsOutput) -> VecDeque<Entry> {
    let versions = output.versions().iter().map(|version| Entry {
        wanted: Wanted {
            key: version.key().unwrap_or_default().to_owned(),
            version_id: version.version_id().unwrap_or("null").to_owned(),
            etag: version.e_tag().unwrap_or_default().to_owned(),
            size: size(version.size()),
            modified_ms: at_ms(version.last_modified()),
        },
        is_latest: version.is_latest() == Some(true),
        is_marker: false,
    });
    let markers = output.delete_markers().iter().map(|marker| Entry {
        wanted: Wanted {
            key: marker.key().unwrap_or_default().to_owned(),
            version_id: marker.version_id().unwrap_or("null").to_owned(),
            etag: String::new(),
            size: 0,
            modified_ms: at_ms(marker.last_modified()),
        },
        is_latest: marker.is_latest() == Some(true),
        is_marker: true,
    });
    let mut all: Vec<Entry> = versions.chain(markers).collect();
    // The newest first, as S3 has them: the two lists are one in its answer.
    all.sort_by(|a, b| {
        let order = |entry: &Entry| (std::cmp::Reverse(entry.wanted.modified_ms), !entry.is_latest, entry.is_marker);
        a.wanted.key.cmp(&b.wanted.key).then_with(|| order(a).cmp(&order(b)))
    });
    all.into()
}

/// What a bucket holds now, by key.
pub struct Objects<'a> {
    calls: &'a Calls<'a>,
    place: &'a Place,
    page: VecDeque<(String, Held)>,
    next: Next,
    last: String,
}

/// Which page is turned to next.
enum Next {
    First,
    After(String),
    NoMore,
}

impl<'a> Objects<'a> {
    pub fn new(calls: &'a Calls<'a>, place: &'a Place) -> Self {
        Self { calls, place, page: VecDeque::new(), next: Next::First, last: String::new() }
    }

    /// What is under a key; keys are asked for in their order.
    pub async fn at(&mut self, key: &str) -> Result<Option<Held>, CloudError> {
        loop {
            while self.page.front().is_some_and(|(front, _)| front.as_str() < key) {
                self.page.pop_front();
            }
            if let Some((front, _)) = self.page.front() {
                let is_it = front == key;
                return Ok(is_it.then(|| self.page.pop_front()).flatten().map(|(_, held)| held));
            }
            let token = match std::mem::replace(&mut self.next, Next::NoMore) {
                Next::First => None,
                Next::After(token) => Some(token),
                Next::NoMore => return Ok(None),
            };
            self.turn(token).await?;
        }
    }

    async fn turn(&mut self, token: Option<String>) -> Result<(), CloudError> {
        let mut tries = 1;
        let output = loop {
            let list = self.calls.s3().list_objects_v2().bucket(&self.place.bucket);
            let list = list.set_prefix(self.place.prefix.clone()).set_continuation_token(token.clone());
            let answer = self.calls.look(list.send()).await;
            if !is_asked_again(answer.as_ref().err(), &mut tries).await {
                break answer?;
            }
        };
        if output.is_truncated() == Some(true) {
            let next = output.next_continuation_token().filter(|next| Some(*next) != token.as_deref());
            let next = next.ok_or_else(|| invalid("UnreadableAnswer", GOES_ON))?;
            self.next = Next::After(next.to_owned());
        }
        let held = output.contents().iter().map(|object| {
            let held = Held {
                etag: object.e_tag().unwrap_or_default().to_owned(),
                size: size(object.size()),
                modified_ms: at_ms(object.last_modified()),
            };
            (object.key().unwrap_or_default().to_owned(), held)
        });
        self.page = held.collect();
        ordered(&mut self.last, self.page.iter().map(|(key, _)| key.as_str()))
    }
}

/// The merge takes the order for granted.
fn ordered<'k>(last: &mut String, keys: impl Iterator<Item = &'k str>) -> Result<(), CloudError> {
    for key in keys {
        if key < last.as_str() {
            let why = format!("the listing is not in the order of its keys: {key} after {last}");
            return Err(invalid("ListingOutOfOrder", why));
        }
        if key != last {
            key.clone_into(last);
        }
    }
    Ok(())
}

/// How often a page is asked for.
const TRIES: u32 = 5;

/// Whether a page is asked for again that a busy service did not give, after a pause: it only reads.
async fn is_asked_again(error: Option<&CloudError>, tries: &mut u32) -> bool {
    if *tries >= TRIES || !error.is_some_and(is_passing) {
        return false;
    }
    tokio::time::sleep(pause(*tries)).await;
    *tries += 1;
    true
}

/// Whether asking again may help: the service was there, and busy.
fn is_passing(error: &CloudError) -> bool {
    error.kind == CloudErrorKind::Throttled
        || (error.kind == CloudErrorKind::Unavailable
            && !["NoConnection", "Timeout", "RequestNotBuilt"].contains(&error.code.as_str()))
}

/// After the first answer that said "busy". Tests do not wait for a scripted service.
const FIRST_PAUSE: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 500 });

/// Twice as long each time.
pub fn pause(tries: u32) -> Duration {
    FIRST_PAUSE * 2_u32.saturating_pow(tries.saturating_sub(1).min(6))
}

fn size(size: Option<i64>) -> u64 {
    u64::try_from(size.unwrap_or(0)).unwrap_or(0)
}

fn at_ms(at: Option<&DateTime>) -> i64 {
    at.and_then(|at| at.to_millis().ok()).unwrap_or(0)
}
