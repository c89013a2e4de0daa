//! S3 buckets and object versions.

mod bulk;
mod settings;

pub use bulk::{CompareWithReplica, CopyFromReplica, DEFAULT_CONCURRENT, MOST_CONCURRENT};
pub use settings::{GetBucketLifecycleConfiguration, PutBucketVersioning, VersioningConfiguration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Result: `{bucket, region}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeadBucket {
    pub bucket: String,
}

/// Result: `{status|null}`: `Enabled`, `Suspended`, or null when never set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetBucketVersioning {
    pub bucket: String,
}

/// Result: `{role, rules: [{id, status, prefix, destination_bucket}]}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetBucketReplication {
    pub bucket: String,
}

/// Result: `{versions: [{key, version_id, is_latest, last_modified, size, etag}], delete_markers: [{key, version_id, is_latest, last_modified}], is_truncated}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListObjectVersions {
    pub bucket: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// At most this many entries (default 1000).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_keys: Option<u32>,
}

/// Result: `{bucket, key, version_id, copy_source_version_id, etag}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreObjectVersion {
    pub bucket: String,
    pub key: String,
    /// The version to bring back.
    pub version_id: String,
}
