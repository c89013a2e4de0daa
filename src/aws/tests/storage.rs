//! S3 at the wire.

use serde_json::{Value, json};

use super::scripts::script;
use super::{play, refusal, replay};
use crate::aws::wire::Answer;
use crate::model::action::examples;
use crate::model::outcome::{CloudErrorKind, ProbeAnswer};

const RESTORE: &str = "aws/s3.restore_object_version";

#[tokio::test]
async fn a_bucket_says_where_it_is() {
    let (head, sent) = play("aws/s3.head_bucket").await;
    assert_eq!(head, json!({"bucket": "shop-content", "region": "us-east-1"}));
    assert_eq!((sent[0].method.as_str(), sent[0].uri.contains("shop-content")), ("HEAD", true));
    // Asked in the wrong region, it redirects, and says where it is.
    let moved = Answer::status(301, "").with_header("x-amz-bucket-region", "eu-west-1");
    let (head, _) = replay("aws/s3.head_bucket", [moved]).await;
    assert_eq!(head.unwrap()["region"], "eu-west-1");
    // Without a word about it, it is where it was asked.
    let (head, _) = replay("aws/s3.head_bucket", [Answer::ok("")]).await;
    assert_eq!(head.unwrap()["region"], "eu-central-1");
    for (status, kind) in [(404, CloudErrorKind::NotFound), (403, CloudErrorKind::Denied)] {
        let (head, _) = replay("aws/s3.head_bucket", [Answer::status(status, "")]).await;
        assert_eq!(head.unwrap_err().kind, kind);
    }
}

#[tokio::test]
async fn versioning_and_replication_are_read() {
    let (versioning, sent) = play("aws/s3.get_bucket_versioning").await;
    assert_eq!(versioning, json!({"status": "Enabled"}));
    assert!(sent[0].uri.contains("?versioning"), "{}", sent[0].uri);
    let (never, _) = replay("aws/s3.get_bucket_versioning", [Answer::ok("<VersioningConfiguration/>")]).await;
    assert_eq!(never.unwrap(), json!({"status": null}));
    let (replication, sent) = play("aws/s3.get_bucket_replication").await;
    assert!(sent[0].uri.contains("?replication"), "{}", sent[0].uri);
    let rule = |id: &str, status: &str, prefix: &str| json!({"id": id, "status": status, "prefix": prefix, "destination_bucket": "arn:aws:s3:::shop-content-replica"});
    let rules = json!([rule("all", "Enabled", "uploads/"), rule("old", "Disabled", "old/")]);
    assert_eq!(replication, json!({"role": "arn:aws:iam::111122223333:role/replicate", "rules": rules}));
    let none =
        Answer::status(404, "<Error><Code>ReplicationConfigurationNotFoundError</Code><Message>none</Message></Error>");
    let (none, _) = replay("aws/s3.get_bucket_replication", [none]).await;
    assert_eq!(refusal(&none.unwrap_err()), (CloudErrorKind::NotFound, "ReplicationConfigurationNotFoundError"));
}

#[tokio::test]
async fn versions_are_listed() {
    let (versions, sent) = play("aws/s3.list_object_versions").await;
    for words in ["versions", "prefix=uploads%2F", "max-keys=100"] {
        assert!(sent[0].uri.contains(words), "{}", sent[0].uri);
    }
    let version = |id: &str, at: &str, size: u32, etag: &str| json!({"key": "uploads/report.pdf", "version_id": id, "is_latest": false, "last_modified": at, "size": size, "etag": etag});
    assert_eq!(
        versions,
        json!({
            "versions": [
                version("v-bad", "2026-11-21T13:00:00.000Z", 7, "\"bad\""),
                version("v-good", "2026-11-20T13:00:00.000Z", 4096, "\"good\""),
            ],
            "delete_markers": [{"key": "uploads/report.pdf", "version_id": "v-gone", "is_latest": true,
                                "last_modified": "2026-11-21T13:30:00.000Z"}],
            "is_truncated": false,
        })
    );
}

#[tokio::test]
async fn a_version_is_looked_at_and_copied_once() {
    let (restored, sent) = play(RESTORE).await;
    assert_eq!(
        restored,
        json!({"bucket": "shop-content", "key": "uploads/report.pdf", "version_id": "v-new",
               "copy_source_version_id": "v-good", "etag": "\"good\""})
    );
    let [look, copy] = &sent[..] else { panic!("{sent:?}") };
    assert!(look.method == "HEAD" && look.uri.contains("/uploads/report.pdf?versionId=v-good"), "{}", look.uri);
    assert!(copy.method == "PUT" && copy.uri.contains("/uploads/report.pdf"), "{}", copy.uri);
    assert_eq!(copy.header("x-amz-copy-source"), Some("shop-content/uploads/report.pdf?versionId=v-good"));
    assert_eq!(copy.header("x-amz-metadata-directive"), None, "metadata come along by default");
}

#[tokio::test]
async fn what_one_copy_cannot_do_is_refused_unsent() {
    let head = || Answer::ok("").with_header("content-length", "10");
    let archived = |tier: &str| head().with_header("x-amz-storage-class", tier);
    let refused = async |head: Answer| {
        let (answer, sent) = replay(RESTORE, [head]).await;
        assert_eq!(sent.len(), 1, "nothing was copied");
        answer.unwrap_err()
    };
    for tier in ["GLACIER", "DEEP_ARCHIVE"] {
        let error = refused(archived(tier)).await;
        assert_eq!(refusal(&error), (CloudErrorKind::Invalid, "InvalidObjectState"));
        assert!(error.message.contains(tier), "{}", error.message);
    }
    let tiering = archived("INTELLIGENT_TIERING").with_header("x-amz-archive-status", "ARCHIVE_ACCESS");
    assert_eq!(refused(tiering).await.code, "InvalidObjectState");
    let ongoing = archived("GLACIER").with_header("x-amz-restore", "ongoing-request=\"true\"");
    assert_eq!(refused(ongoing).await.code, "InvalidObjectState");
    let large = refused(Answer::ok("").with_header("content-length", "5368709121")).await;
    assert_eq!(refusal(&large), (CloudErrorKind::Invalid, "InvalidRequest"));
    let marker = refused(Answer::status(405, "").with_header("x-amz-delete-marker", "true")).await;
    assert_eq!(refusal(&marker), (CloudErrorKind::Invalid, "InvalidRequest"));
    let missing = refused(Answer::status(404, "")).await;
    assert_eq!(refusal(&missing), (CloudErrorKind::NotFound, "NoSuchVersion"));
    let denied = refused(Answer::status(403, "")).await;
    assert_eq!(denied.kind, CloudErrorKind::Denied);
}

#[tokio::test]
async fn what_can_be_read_at_once_is_copied() {
    for head in [
        Answer::ok("").with_header("x-amz-storage-class", "GLACIER_IR"),
        Answer::ok("")
            .with_header("x-amz-storage-class", "GLACIER")
            .with_header("x-amz-restore", "ongoing-request=\"false\", expiry-date=\"Fri, 27 Nov 2026 00:00:00 GMT\""),
    ] {
        let copy = script(RESTORE).unwrap().remove(1);
        let (answer, sent) = replay(RESTORE, [head.with_header("content-length", "5368709120"), copy]).await;
        assert_eq!((answer.unwrap()["version_id"].as_str(), sent.len()), (Some("v-new"), 2));
    }
}

/// S3 begins to answer before it is done, and then has only the body to say that it failed.
#[tokio::test]
async fn an_error_inside_a_success_is_no_success() {
    let head = || Answer::ok("").with_header("content-length", "10");
    for body in ["<Error><Code>InternalError</Code><Message>sorry</Message></Error>", ""] {
        let (answer, _) = replay(RESTORE, [head(), Answer::ok(body)]).await;
        assert_eq!(answer.unwrap_err().kind, CloudErrorKind::UnknownOutcome, "{body}");
    }
}

#[tokio::test]
async fn a_restore_is_judged_by_what_is_listed() {
    let restore = examples::example(RESTORE).unwrap();
    let probe = restore.probe().unwrap();
    let listing = |latest: &str, etag: &str| -> Value {
        let version = |id: &str, latest: bool, etag: &str| json!({"key": "uploads/report.pdf", "version_id": id, "is_latest": latest, "etag": etag});
        json!({"versions": [version(latest, true, etag), version("v-good", false, "\"good\"")]})
    };
    assert_eq!(probe.name(), "aws/s3.list_object_versions");
    let before = listing("v-bad", "\"bad\"");
    assert_eq!(restore.judge(Some(&before), &before), ProbeAnswer::Before);
    assert_eq!(restore.judge(Some(&before), &listing("v-new", "\"good\"")), ProbeAnswer::After);
}
