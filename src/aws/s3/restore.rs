//! S3: an older version of an object is copied over the newest.
//!
//! Looks at the version first, and refuses what one copy cannot do before anything is sent.

use std::fmt::Write as _;

use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::StorageClass;
use serde_json::json;

use crate::aws::calls::Calls;
use crate::aws::error::{invalid, not_found};
use crate::aws::shape::empty_answer;
use crate::engine::ports::CloudReply;
use crate::model::action::s3::RestoreObjectVersion;
use crate::model::outcome::{CloudError, CloudErrorKind};

/// Above it, one copy is not enough.
pub(super) const LARGEST_COPY: i64 = 5 * 1024 * 1024 * 1024;

/// Metadata and tags come along; encryption and storage class are those of the bucket.
pub(in crate::aws) async fn restore_object_version(
    calls: &Calls<'_>,
    call: &RestoreObjectVersion,
) -> Result<CloudReply, CloudError> {
    let look = calls.s3().head_object().bucket(&call.bucket).key(&call.key).version_id(&call.version_id).send();
    let version = calls.look(look).await.map_err(|error| of_look(error, call))?;
    copyable(&version, call)?;
    let request = calls
        .s3()
        .copy_object()
        .bucket(&call.bucket)
        .key(&call.key)
        .copy_source(source_of(&call.bucket, &call.key, &call.version_id))
        .send();
    calls
        .try_answer(request, |output| {
            let copy = output.copy_object_result().ok_or_else(|| empty_answer("copy"))?;
            // Only buckets that keep versions name them.
            Ok(json!({
                "bucket": call.bucket,
                "key": call.key,
                "version_id": output.version_id().unwrap_or("null"),
                "copy_source_version_id": output.copy_source_version_id().unwrap_or(&call.version_id),
                "etag": copy.e_tag(),
            }))
        })
        .await
}

/// Answers to HEAD have no body, so S3 cannot say what is missing. We can.
fn of_look(error: CloudError, call: &RestoreObjectVersion) -> CloudError {
    let named = match error.kind {
        CloudErrorKind::NotFound => {
            let message = format!("bucket {} has no version {} of {}", call.bucket, call.version_id, call.key);
            not_found("NoSuchVersion", message)
        }
        CloudErrorKind::Invalid if error.code.contains("405") || error.code == "MethodNotAllowed" => {
            invalid("InvalidRequest", "The source of a copy may not be a delete marker.")
        }
        _ => return error,
    };
    CloudError { request_id: error.request_id, ..named }
}

fn copyable(version: &HeadObjectOutput, call: &RestoreObjectVersion) -> Result<(), CloudError> {
    if version.delete_marker() == Some(true) {
        return Err(invalid("InvalidRequest", "The source of a copy may not be a delete marker."));
    }
    let archived = matches!(version.storage_class(), Some(StorageClass::Glacier | StorageClass::DeepArchive))
        || version.archive_status().is_some();
    // `ongoing-request="false"` says that a copy was brought back from the archive and is readable.
    let readable = version.restore().is_some_and(|restore| restore.contains("ongoing-request=\"false\""));
    if archived && !readable {
        let tier = version.storage_class().map_or("an archive tier", StorageClass::as_str);
        let message = format!(
            "version {} of {} lies in {tier}: bring it back first (aws s3api restore-object), which takes minutes to hours",
            call.version_id, call.key
        );
        return Err(invalid("InvalidObjectState", message));
    }
    if version.content_length().is_some_and(|size| size > LARGEST_COPY) {
        let message = format!(
            "version {} of {} is larger than 5 GiB, which is more than one copy can do: copy it in parts \
             (aws s3api create-multipart-upload, upload-part-copy, complete-multipart-upload)",
            call.version_id, call.key
        );
        return Err(invalid("InvalidRequest", message));
    }
    Ok(())
}

/// The source of the copy as the header wants it: every byte of the key and the version that could
/// mean something in a URL is escaped.
pub(super) fn source_of(bucket: &str, key: &str, version_id: &str) -> String {
    let mut source = format!("{bucket}/");
    escape(&mut source, key, b"/");
    source.push_str("?versionId=");
    escape(&mut source, version_id, b"");
    source
}

fn escape(out: &mut String, text: &str, also: &[u8]) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || also.contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_escaped_into_the_source() {
        let source = source_of("files", "a b/ü+?&#.pdf", "3/L4=");
        assert_eq!(source, "files/a%20b/%C3%BC%2B%3F%26%23.pdf?versionId=3%2FL4%3D");
    }
}
