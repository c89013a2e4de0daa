//! Many objects at once: what a bucket lacks against its replica, and copying just that.
//!
//! A copy whose answer is lost was broken off in the middle: a part of the objects is there, as after a
//! line that went down. Must not know: how a person is shown how far it is.

use serde_json::json;

use super::super::{Answer, Context, Refusal, World};
use super::{Bucket, LARGEST_COPY, Version};
use crate::model::Value;
use crate::model::action::s3 as calls;
use crate::model::time::parse_rfc3339_ms;
use crate::sim::dice::HOST;
use crate::sim::fault::Delivery;

/// Keys and failures told one by one.
const TOLD: usize = 20;
/// Copies a second from one region to another, 32 at a time.
const COPIES_PER_S: u64 = 180;

/// What the two buckets differ in.
#[derive(Default)]
struct Difference {
    objects: u64,
    same: u64,
    missing: u64,
    different: u64,
    left_newer: u64,
    to_copy: Vec<(String, Version)>,
}

impl World {
    fn difference(&self, call: &calls::CompareWithReplica) -> Result<Difference, Refusal> {
        let as_of_ms = call.as_of.as_deref().map(parse_rfc3339_ms).transpose();
        let as_of_ms = as_of_ms.map_err(|why| Refusal::invalid("InvalidTime", why))?;
        if call.bucket == call.replica_bucket && as_of_ms.is_none() {
            let why = "a bucket has nothing to copy from itself but earlier versions: say as of when (`as_of`)";
            return Err(Refusal::invalid("InvalidRequest", why));
        }
        let (replica, bucket) = (self.bucket(&call.replica_bucket)?, self.bucket(&call.bucket)?);
        let prefix = call.prefix.as_deref().unwrap_or_default();
        let mut found = Difference::default();
        for (key, versions) in replica.objects.iter().filter(|(key, _)| key.starts_with(prefix)) {
            let then = versions.iter().find(|version| as_of_ms.is_none_or(|as_of| version.modified_ms <= as_of));
            let Some(wanted) = then.filter(|version| !version.is_delete_marker) else { continue };
            found.objects += 1;
            match held(bucket, key) {
                Some(held) if held.etag == wanted.etag && held.size == wanted.size => {
                    found.same += 1;
                    continue;
                }
                Some(held) if as_of_ms.is_none() && held.modified_ms > wanted.modified_ms => {
                    found.left_newer += 1;
                    continue;
                }
                Some(_) => found.different += 1,
                None => found.missing += 1,
            }
            found.to_copy.push((key.clone(), wanted.clone()));
        }
        Ok(found)
    }

    pub(in crate::sim::world) fn compare_with_replica(&self, call: &calls::CompareWithReplica) -> Answer {
        let found = self.difference(call)?;
        let sample: Vec<&str> = found.to_copy.iter().take(TOLD).map(|(key, _)| key.as_str()).collect();
        Ok(json!({
            "objects": found.objects,
            "same": found.same,
            "missing": found.missing,
            "different": found.different,
            "left_newer": found.left_newer,
            "to_copy": found.to_copy.len(),
            "bytes_to_copy": found.to_copy.iter().map(|(_, version)| version.size).sum::<u64>(),
            "sample": sample,
        }))
    }

    pub(in crate::sim::world) fn copy_from_replica(
        &mut self,
        call: &calls::CopyFromReplica,
        context: &mut Context<'_>,
    ) -> Answer {
        let mut found = self.difference(&call.comparison())?;
        if context.fate.delivery == Delivery::AnswerLost {
            let percent = usize::try_from(context.dice.between(30, 70)).unwrap_or(50);
            found.to_copy.truncate(found.to_copy.len() * percent / 100);
        }
        let now_ms = self.now_ms;
        let (mut copied, mut bytes, mut failed) = (0_u64, 0_u64, 0_u64);
        let mut failures: Vec<Value> = Vec::new();
        let Some(bucket) = self.buckets.get_mut(&call.bucket) else { return Ok(Value::Null) };
        for (key, wanted) in found.to_copy {
            if let Some((code, message)) = refusal(bucket, &key, &wanted) {
                failed += 1;
                if failures.len() < TOLD {
                    failures.push(json!({"key": key, "code": code, "message": message}));
                }
                continue;
            }
            copied += 1;
            bytes += wanted.size;
            let is_versioned = bucket.versioning.as_deref() == Some("Enabled");
            let id = if is_versioned { context.dice.text(HOST, 32) } else { "null".to_owned() };
            let versions = bucket.objects.entry(key).or_default();
            versions.retain(|version| is_versioned || version.id != "null");
            versions.insert(0, Version { id, modified_ms: now_ms, ..wanted });
        }
        Ok(json!({
            "objects": found.objects,
            "copied": copied,
            "already_there": found.same,
            "left_newer": found.left_newer,
            "failed": failed,
            "bytes": bytes,
            "failures": failures,
        }))
    }

    /// How long so many copies into a bucket take.
    #[must_use]
    pub fn copies_take_ms(&self, bucket: &str, copies: u64) -> u64 {
        let per_s = self.buckets.get(bucket).and_then(|bucket| bucket.copies_per_s).unwrap_or(COPIES_PER_S);
        copies.saturating_mul(1_000) / per_s.max(1)
    }
}

/// The newest version, if the object exists.
fn held<'a>(bucket: &'a Bucket, key: &str) -> Option<&'a Version> {
    bucket.objects.get(key)?.first().filter(|version| !version.is_delete_marker)
}

fn refusal(bucket: &Bucket, key: &str, wanted: &Version) -> Option<(&'static str, &'static str)> {
    if bucket.denied_prefix.as_deref().is_some_and(|prefix| key.starts_with(prefix)) {
        return Some(("AccessDenied", "Access Denied"));
    }
    (wanted.size > LARGEST_COPY).then_some(("EntityTooLarge", "larger than 5 GiB, which is more than one copy can do"))
}
