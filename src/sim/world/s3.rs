//! S3: buckets, their versioning and replication, and the versions of objects.

mod bulk;

use std::collections::BTreeMap;

use serde_json::json;

use super::{Answer, Context, Dice, Refusal, World};
use crate::model::Value;
use crate::model::action::s3 as calls;
use crate::model::time::rfc3339;
use crate::sim::dice::{HEX, HOST};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bucket {
    pub name: String,
    pub region: String,
    pub versioning: Option<String>,
    pub replication: Option<Replication>,
    /// After how many days versions end that are no longer the newest; `None` without any rule.
    pub old_versions_days: Option<u32>,
    /// Keys that begin so may not be written: a policy of the bucket says so.
    pub denied_prefix: Option<String>,
    /// How many objects a second are copied into it; as many as usual unless a scenario says otherwise.
    pub copies_per_s: Option<u64>,
    /// Versions of each key, the newest first.
    pub objects: BTreeMap<String, Vec<Version>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replication {
    pub role: String,
    pub rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub id: String,
    pub status: String,
    pub prefix: String,
    pub destination: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub id: String,
    pub modified_ms: i64,
    pub size: u64,
    pub etag: String,
    pub is_delete_marker: bool,
}

/// Above it, one copy is not enough.
const LARGEST_COPY: u64 = 5 * 1024 * 1024 * 1024;
const DEFAULT_KEYS: u32 = 1000;

/// A version of an object with content of its own.
pub fn new_version(dice: &mut Dice, modified_ms: i64) -> Version {
    Version {
        id: dice.text(HOST, 32),
        modified_ms,
        size: dice.between(2_000, 4_000_000),
        etag: format!("\"{}\"", dice.text(HEX, 32)),
        is_delete_marker: false,
    }
}

impl World {
    fn bucket(&self, name: &str) -> Result<&Bucket, Refusal> {
        let missing = || Refusal::not_found("NoSuchBucket", "The specified bucket does not exist");
        self.buckets.get(name).ok_or_else(missing)
    }

    pub(super) fn head_bucket(&self, call: &calls::HeadBucket) -> Answer {
        // A HEAD has no body, so the service's code does not arrive.
        let bucket = self.buckets.get(&call.bucket).ok_or_else(|| Refusal::not_found("NotFound", "Not Found"))?;
        Ok(json!({"bucket": bucket.name, "region": bucket.region}))
    }

    pub(super) fn get_bucket_versioning(&self, call: &calls::GetBucketVersioning) -> Answer {
        Ok(json!({"status": self.bucket(&call.bucket)?.versioning}))
    }

    pub(super) fn get_bucket_replication(&self, call: &calls::GetBucketReplication) -> Answer {
        let none = || {
            let code = "ReplicationConfigurationNotFoundError";
            Refusal::not_found(code, "The replication configuration was not found")
        };
        let replication = self.bucket(&call.bucket)?.replication.as_ref().ok_or_else(none)?;
        let rules: Vec<Value> = replication
            .rules
            .iter()
            .map(|rule| {
                json!({
                    "id": rule.id,
                    "status": rule.status,
                    "prefix": rule.prefix,
                    "destination_bucket": rule.destination,
                })
            })
            .collect();
        Ok(json!({"role": replication.role, "rules": rules}))
    }

    pub(super) fn get_bucket_lifecycle(&self, call: &calls::GetBucketLifecycleConfiguration) -> Answer {
        let none = || {
            let code = "NoSuchLifecycleConfiguration";
            Refusal::not_found(code, "The lifecycle configuration does not exist")
        };
        let days = self.bucket(&call.bucket)?.old_versions_days.ok_or_else(none)?;
        Ok(json!({"rules": [{
            "id": "old-versions",
            "status": "Enabled",
            "prefix": "",
            "expiration_days": null,
            "noncurrent_version_expiration_days": days,
            "transitions": [],
            "noncurrent_version_transitions": [{"days": 30, "storage_class": "STANDARD_IA"}],
            "abort_incomplete_multipart_upload_days": 7,
        }]}))
    }

    pub(super) fn put_bucket_versioning(&mut self, call: &calls::PutBucketVersioning) -> Answer {
        let status = &call.versioning_configuration.status;
        if !matches!(status.as_str(), "Enabled" | "Suspended") {
            return Err(Refusal::invalid("MalformedXML", format!("`{status}` is no status")));
        }
        let replicates = self.bucket(&call.bucket)?.replication.is_some();
        if replicates && status != "Enabled" {
            let why =
                "A replication configuration is present on this bucket, so the versioning state cannot be changed.";
            return Err(Refusal::invalid("InvalidBucketState", why));
        }
        if let Some(bucket) = self.buckets.get_mut(&call.bucket) {
            bucket.versioning = Some(status.clone());
        }
        Ok(json!({"status": status}))
    }

    pub(super) fn list_object_versions(&self, call: &calls::ListObjectVersions) -> Answer {
        let prefix = call.prefix.as_deref().unwrap_or_default();
        let limit = usize::try_from(call.max_keys.unwrap_or(DEFAULT_KEYS)).unwrap_or(usize::MAX);
        let mut entries =
            self.bucket(&call.bucket)?.objects.iter().filter(|(key, _)| key.starts_with(prefix)).flat_map(
                |(key, versions)| versions.iter().enumerate().map(move |(ix, version)| (key, ix == 0, version)),
            );
        let (mut versions, mut markers) = (Vec::new(), Vec::new());
        for (key, is_latest, version) in entries.by_ref().take(limit) {
            let mut view = json!({
                "key": key,
                "version_id": version.id,
                "is_latest": is_latest,
                "last_modified": rfc3339(version.modified_ms),
            });
            if version.is_delete_marker {
                markers.push(view);
            } else {
                view["size"] = json!(version.size);
                view["etag"] = json!(version.etag);
                versions.push(view);
            }
        }
        Ok(json!({"versions": versions, "delete_markers": markers, "is_truncated": entries.next().is_some()}))
    }

    pub(super) fn restore_object_version(
        &mut self,
        call: &calls::RestoreObjectVersion,
        context: &mut Context<'_>,
    ) -> Answer {
        let bucket = self.bucket(&call.bucket)?;
        let no_key = || Refusal::not_found("NoSuchKey", "The specified key does not exist.");
        let no_version = || Refusal::not_found("NoSuchVersion", "The specified version does not exist.");
        let versions = bucket.objects.get(&call.key).ok_or_else(no_key)?;
        let wanted = versions.iter().find(|version| version.id == call.version_id).ok_or_else(no_version)?;
        if wanted.is_delete_marker {
            return Err(Refusal::invalid("InvalidRequest", "The source of a copy may not be a delete marker."));
        }
        if wanted.size > LARGEST_COPY {
            let why = "The specified copy source is larger than the maximum allowable size for a copy source";
            return Err(Refusal::invalid("InvalidRequest", why));
        }
        let mut newest = wanted.clone();
        newest.modified_ms = self.now_ms;
        let is_versioned = bucket.versioning.as_deref() == Some("Enabled");
        newest.id = if is_versioned { context.dice.text(HOST, 32) } else { "null".to_owned() };
        let view = json!({
            "bucket": call.bucket,
            "key": call.key,
            "version_id": newest.id,
            "copy_source_version_id": call.version_id,
            "etag": newest.etag,
        });
        let versions = self.buckets.get_mut(&call.bucket).and_then(|bucket| bucket.objects.get_mut(&call.key));
        if let Some(versions) = versions {
            versions.retain(|version| is_versioned || version.id != "null");
            versions.insert(0, newest);
        }
        Ok(view)
    }
}
