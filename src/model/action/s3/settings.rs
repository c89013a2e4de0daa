//! A bucket's settings: how long it keeps objects, and whether it keeps versions.

use serde_json::json;

use super::GetBucketVersioning;
use crate::model::Value;
use crate::model::action::Action;
use crate::model::action::operation::{Home, Operation, Pages, inputs, part};
use crate::model::outcome::ProbeAnswer;

inputs! {
    /// Result: `{rules: [{id, status, prefix, expiration_days|null, noncurrent_version_expiration_days|null, transitions: [{days, storage_class}], noncurrent_version_transitions: [{days, storage_class}], abort_incomplete_multipart_upload_days|null}]}`. A bucket without rules is not found: `NoSuchLifecycleConfiguration`.
    GetBucketLifecycleConfiguration {
        bucket: String;
    }

    /// Result: `{status}`. Versions that are there stay when it is suspended.
    PutBucketVersioning {
        bucket: String,
        versioning_configuration: VersioningConfiguration;
    }

    /// Whether versions are kept.
    VersioningConfiguration {
        /// `Enabled` or `Suspended`.
        status: String;
    }
}

fn page(pages: &Pages<'_>, bucket: &str, tab: &str) -> String {
    pages.regional(&format!("s3/buckets/{}?region={{region}}&tab={tab}", part(bucket)))
}

impl Operation for GetBucketLifecycleConfiguration {
    fn home(&self) -> Home<'_> {
        Home::Bucket(&self.bucket)
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.bucket]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.bucket, "management"))
    }
}

impl Operation for PutBucketVersioning {
    fn probe(&self) -> Option<Action> {
        Some(Action::GetBucketVersioning(GetBucketVersioning { bucket: self.bucket.clone() }))
    }

    fn judge(&self, _: Option<&Value>, now: &Value) -> ProbeAnswer {
        match now.get("status") {
            None => ProbeAnswer::CannotTell,
            Some(status) if *status == json!(self.versioning_configuration.status) => ProbeAnswer::After,
            // Null: it was never set.
            Some(_) => ProbeAnswer::Before,
        }
    }

    fn home(&self) -> Home<'_> {
        Home::Bucket(&self.bucket)
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.bucket]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, &self.bucket, "properties"))
    }
}
