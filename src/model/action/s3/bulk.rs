//! Many objects at once: what a bucket lacks against its replica, and copying just that.
//!
//! Nobody keeps a list of what was copied: the buckets are the record. An object is as it should be
//! when its newest version has the entity tag and the size of the version wanted, so whoever goes on
//! after a crash compares, and copies what is missing. Must not know: how objects are listed or copied.

use serde_json::json;

use crate::model::Value;
use crate::model::action::Action;
use crate::model::action::operation::{Home, Operation, Pages, inputs, part};
use crate::model::outcome::ProbeAnswer;
use crate::model::plan::ResolvedTarget;

/// Copies that are under way at the same time, unless the runbook says otherwise.
pub const DEFAULT_CONCURRENT: u32 = 32;
/// S3 takes thousands a second for each prefix; beyond this the line is full, not S3.
pub const MOST_CONCURRENT: u32 = 128;

inputs! {
    /// Result: `{objects, copied, already_there, left_newer, failed, bytes, failures: [{key, code, message}]}`; of failures the first 20. `objects` is what the replica has under the prefix, `left_newer` what was left alone because the bucket's version is the newer one. An object above 5 GiB is a failure that says how to copy it. It goes on with the others when one fails; whoever sends it again copies what is still missing.
    CopyFromReplica {
        /// The bucket that gets the objects. Without versioning, what is copied over is lost.
        bucket: String,
        /// Where they come from. The bucket itself for its own earlier versions; then `as_of` is needed.
        replica_bucket: String,
        /// The region in which that bucket lies.
        replica_region: String;
        /// Only keys that begin so; everything unless given.
        prefix: String,
        /// As they were at this time (RFC 3339): the last version until then, over whatever is there now. Without it the newest version counts, and an object that is newer in the bucket is left alone.
        as_of: String,
        /// Copies at the same time, 128 at most (default 32).
        max_concurrent: u32,
    }

    /// Result: `{objects, same, missing, different, left_newer, to_copy, bytes_to_copy, sample: [key]}`: what `copy_from_replica` with the same inputs would do; 20 keys of it.
    CompareWithReplica {
        bucket: String,
        replica_bucket: String,
        replica_region: String;
        prefix: String,
        /// As `copy_from_replica` takes it.
        as_of: String,
    }
}

impl CopyFromReplica {
    /// The look at what it would do.
    #[must_use]
    pub fn comparison(&self) -> CompareWithReplica {
        CompareWithReplica {
            bucket: self.bucket.clone(),
            replica_bucket: self.replica_bucket.clone(),
            replica_region: self.replica_region.clone(),
            prefix: self.prefix.clone(),
            as_of: self.as_of.clone(),
        }
    }

    /// Its answer, as far as two looks tell it, the one before it and one after it.
    #[must_use]
    pub fn answer_between(&self, before: &Value, now: &Value) -> Option<Value> {
        let copied = before["to_copy"].as_u64()?.saturating_sub(now["to_copy"].as_u64()?);
        let bytes = before["bytes_to_copy"].as_u64()?.saturating_sub(now["bytes_to_copy"].as_u64()?);
        Some(json!({
            "objects": now["objects"],
            "copied": copied,
            "already_there": before["same"],
            "left_newer": now["left_newer"],
            "failed": 0,
            "bytes": bytes,
            "failures": [],
        }))
    }
}

fn page(pages: &Pages<'_>, bucket: &str, prefix: Option<&str>) -> String {
    let prefix = prefix.map(|prefix| format!("&prefix={}", part(prefix))).unwrap_or_default();
    pages.regional(&format!("s3/buckets/{}?region={{region}}{prefix}&tab=objects", part(bucket)))
}

/// Class C, object by object: each copy is sent on the condition that the bucket still holds what the
/// comparison saw there (`If-Match`, or `If-None-Match` where nothing was), so a copy that arrives late
/// or twice is refused by S3 itself, and so is one over what somebody has written meanwhile. One answer
/// lost makes the outcome of the whole unknown: then it is compared again, and a person decides.
impl Operation for CopyFromReplica {
    fn probe(&self) -> Option<Action> {
        Some(Action::CompareWithReplica(self.comparison()))
    }

    /// Half of it is not done: sending it again copies the other half.
    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        match now["to_copy"].as_u64() {
            None => ProbeAnswer::CannotTell,
            Some(0) => ProbeAnswer::After,
            Some(_) => ProbeAnswer::Before,
        }
    }

    fn failure(&self, answer: &Value) -> Option<String> {
        let failed = answer["failed"].as_u64().filter(|failed| *failed > 0)?;
        let first = &answer["failures"][0];
        let text = |member: &str| first[member].as_str().unwrap_or_default().to_owned();
        let why = format!("{}: {} {}", text("key"), text("code"), text("message"));
        Some(format!("{failed} of {} objects could not be copied; {why}", answer["objects"]))
    }

    fn may_take_long(&self) -> bool {
        true
    }

    fn rights(&self) -> &'static [&'static str] {
        &[
            "s3:ListBucket*",
            "s3:GetObject*",
            "s3:PutObject*",
            "s3:GetEncryptionConfiguration",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey*",
        ]
    }

    fn home(&self) -> Home<'_> {
        Home::Bucket(&self.bucket)
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.bucket, &self.replica_bucket]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.bucket, self.prefix.as_deref()))
    }

    /// By hand it is `sync`, which looks at sizes and times and knows no earlier versions: with a time it
    /// takes a person to say which, so the line only shows them.
    fn command_lines(&self, target: &ResolvedTarget) -> Option<Vec<Vec<String>>> {
        if self.as_of.is_some() {
            return self.comparison().command_lines(target);
        }
        let prefix = self.prefix.as_deref().unwrap_or_default();
        // `sync` takes folders, not beginnings of names.
        let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
        let place = |bucket: &str| format!("s3://{bucket}/{folder}");
        let words = ["aws", "s3", "sync", &place(&self.replica_bucket), &place(&self.bucket)];
        let mut line: Vec<String> = words.map(str::to_owned).to_vec();
        let rest = prefix.rsplit_once('/').map_or(prefix, |(_, rest)| rest);
        if !rest.is_empty() {
            line.extend(["--exclude", "*", "--include", &format!("{rest}*")].map(str::to_owned));
        }
        line.extend(["--source-region".to_owned(), self.replica_region.clone()]);
        line.extend(where_to(target));
        Some(vec![line])
    }
}

impl Operation for CompareWithReplica {
    fn may_take_long(&self) -> bool {
        true
    }

    fn rights(&self) -> &'static [&'static str] {
        &["s3:ListBucket"]
    }

    fn home(&self) -> Home<'_> {
        Home::Bucket(&self.bucket)
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.bucket, &self.replica_bucket]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.bucket, self.prefix.as_deref()))
    }

    /// Two listings; the comparing is the reader's.
    fn command_lines(&self, target: &ResolvedTarget) -> Option<Vec<Vec<String>>> {
        let list = |operation: &str, bucket: &str| -> Vec<String> {
            let mut line = ["aws", "s3api", operation, "--bucket", bucket].map(str::to_owned).to_vec();
            line.extend(self.prefix.iter().flat_map(|prefix| ["--prefix".to_owned(), prefix.clone()]));
            line
        };
        let mut replica = list("list-object-versions", &self.replica_bucket);
        replica.extend(["--region".to_owned(), self.replica_region.clone()]);
        replica.extend(profile(target));
        let mut own = list("list-objects-v2", &self.bucket);
        own.extend(where_to(target));
        Some(vec![replica, own])
    }
}

fn where_to(target: &ResolvedTarget) -> Vec<String> {
    let region = target.region.iter().flat_map(|region| ["--region".to_owned(), region.clone()]);
    region.chain(profile(target)).collect()
}

fn profile(target: &ResolvedTarget) -> Vec<String> {
    target.profile.iter().flat_map(|profile| ["--profile".to_owned(), profile.clone()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(with: &Value) -> CopyFromReplica {
        let mut all = json!({"bucket": "shop", "replica_bucket": "shop-replica", "replica_region": "us-east-1"});
        for (name, value) in with.as_object().unwrap() {
            all[name] = value.clone();
        }
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn half_of_it_is_not_done() {
        let copy = copy(&json!({}));
        let judge = |now: &Value| copy.judge(None, now);
        assert_eq!(judge(&json!({"to_copy": 0, "same": 9})), ProbeAnswer::After);
        assert_eq!(judge(&json!({"to_copy": 1, "same": 8})), ProbeAnswer::Before);
        assert_eq!(judge(&json!({})), ProbeAnswer::CannotTell);
    }

    #[test]
    fn a_lost_answer_is_told_by_two_looks() {
        let look = |same: u64, left: u64| json!({"objects": 10, "same": same, "left_newer": 1, "to_copy": left, "bytes_to_copy": left * 100});
        let answer = copy(&json!({})).answer_between(&look(3, 6), &look(9, 0)).unwrap();
        let expected = json!({"objects": 10, "copied": 6, "already_there": 3, "left_newer": 1, "failed": 0, "bytes": 600, "failures": []});
        assert_eq!(answer, expected);
    }

    #[test]
    fn objects_that_failed_make_a_failure() {
        let copy = copy(&json!({}));
        assert_eq!(copy.failure(&json!({"objects": 3, "failed": 0, "failures": []})), None);
        let failure = json!({"key": "a/b", "code": "AccessDenied", "message": "no"});
        let said = copy.failure(&json!({"objects": 3, "failed": 2, "failures": [failure]})).unwrap();
        assert_eq!(said, "2 of 3 objects could not be copied; a/b: AccessDenied no");
    }

    #[test]
    fn by_hand_it_is_a_sync_or_a_look_at_versions() {
        let target = ResolvedTarget {
            region: Some("eu-central-1".to_owned()),
            profile: Some("dr".to_owned()),
            ..ResolvedTarget::default()
        };
        let lines = |with: &Value| -> Vec<String> {
            copy(with).command_lines(&target).unwrap().iter().map(|line| line.join(" ")).collect()
        };
        let end = "--region eu-central-1 --profile dr";
        assert_eq!(
            lines(&json!({"prefix": "up/doc"})),
            [format!(
                "aws s3 sync s3://shop-replica/up s3://shop/up --exclude * --include doc* --source-region us-east-1 {end}"
            )]
        );
        assert_eq!(
            lines(&json!({})),
            [format!("aws s3 sync s3://shop-replica/ s3://shop/ --source-region us-east-1 {end}")]
        );
        let by_time = lines(&json!({"as_of": "2026-01-03T17:00:00Z", "prefix": "up/"}));
        assert_eq!(by_time.len(), 2);
        assert!(by_time[0].starts_with("aws s3api list-object-versions --bucket shop-replica --prefix up/"));
        assert_eq!(by_time[1], format!("aws s3api list-objects-v2 --bucket shop --prefix up/ {end}"));
    }
}
