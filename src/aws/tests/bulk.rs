//! Many objects of S3 at the wire: what is asked, under which conditions each is copied, and what
//! becomes of the whole when one of them fails.

use serde_json::{Value, json};

use super::refusal;
use super::scripts::{ENCRYPTED, NOT_ENCRYPTED, copied, objects, page_of_versions, versions};
use crate::aws::wire::{self, Answer, Sent};
use crate::model::outcome::{CloudError, CloudErrorKind};

const COPY: &str = "aws/s3.copy_from_replica";
const AS_OF: &str = "2026-11-20T12:00:00Z";

fn with(as_of: bool) -> Value {
    let mut with = json!({
        "bucket": "docs", "replica_bucket": "docs-replica", "replica_region": "us-east-1", "prefix": "up/",
        "max_concurrent": 1,
    });
    if as_of {
        with["as_of"] = json!(AS_OF);
    }
    with
}

type Outcome = Result<Value, CloudError>;

/// A bulk copy where this is wanted and that is there; what came of it, and the requests but for the looks
/// at encryption and the listings.
async fn copy(as_of: bool, wanted: Answer, there: Answer, then: Vec<Answer>) -> (Outcome, Vec<Sent>) {
    let begin = [Answer::status(404, NOT_ENCRYPTED), Answer::status(404, NOT_ENCRYPTED), wanted, there];
    let (answer, mut sent) = wire::ask(&wire::send(COPY, &with(as_of)), begin.into_iter().chain(then)).await;
    sent.retain(|one| !one.uri.contains("encryption") && one.method != "GET");
    (answer.map(|reply| reply.value), sent)
}

/// Two objects, of which the bucket has neither.
fn two() -> (Answer, Answer) {
    (versions(&[("up/a", "v1", 10, "aa", "10:00"), ("up/b", "v2", 20, "bb", "10:00")], &[]), objects(&[]))
}

fn failure(code: &str) -> Answer {
    Answer::status(403, &format!("<Error><Code>{code}</Code><Message>no</Message></Error>"))
}

#[tokio::test]
async fn each_object_is_as_it_was_at_the_time_and_only_what_differs_is_copied() {
    let wanted = versions(
        &[
            ("up/a", "a2", 7, "bad", "13:00"),
            ("up/a", "a1", 10, "aa", "10:00"),
            ("up/b", "b1", 20, "bb", "10:00"),
            ("up/c", "c2", 9, "cc", "13:30"),
            ("up/d", "d1", 30, "dd", "09:00"),
            ("up/ü e", "e1", 40, "ee", "11:59"),
        ],
        // Deleted before the time, and after it.
        &[("up/d", "d2", "10:00"), ("up/ü e", "e2", "12:30")],
    );
    let there = objects(&[("up/a", 7, "bad", "13:00"), ("up/b", 20, "bb", "10:00"), ("up/z", 1, "zz", "13:00")]);
    let (answer, sent) = copy(true, wanted, there, vec![copied("aa"), copied("ee")]).await;
    let expected = json!({"objects": 3, "copied": 2, "already_there": 1, "left_newer": 0, "failed": 0, "bytes": 50, "failures": []});
    assert_eq!(answer.unwrap(), expected);
    let [over, missing] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(over.header("x-amz-copy-source"), Some("docs-replica/up/a?versionId=a1"));
    assert_eq!((over.header("if-match"), over.header("if-none-match")), (Some("\"bad\""), None));
    assert_eq!(missing.header("x-amz-copy-source"), Some("docs-replica/up/%C3%BC%20e?versionId=e1"));
    assert_eq!((missing.header("if-match"), missing.header("if-none-match")), (None, Some("*")));
    assert!(sent.iter().all(|one| one.header("x-amz-metadata-directive").is_none()), "metadata come along");
}

#[tokio::test]
async fn pages_are_turned_and_each_side_is_asked_in_its_own_region() {
    let script = [
        Answer::status(404, NOT_ENCRYPTED),
        Answer::status(404, NOT_ENCRYPTED),
        page_of_versions(&[("up/a", "a1", 1, "aa", "10:00")], &[], Some(("up/a", "a1"))),
        objects(&[("up/a", 1, "aa", "10:00")]),
        page_of_versions(&[("up/a", "a0", 1, "old", "09:00"), ("up/b", "b1", 2, "bb", "10:00")], &[], None),
        copied("bb"),
    ];
    let (answer, sent) = wire::ask(&wire::send(COPY, &with(false)), script).await;
    assert_eq!(answer.unwrap().value["copied"], 1);
    let lists: Vec<&Sent> = sent.iter().filter(|one| one.method == "GET" && one.uri.contains("prefix")).collect();
    assert_eq!(lists.len(), 3);
    assert!(lists[2].uri.contains("key-marker=up%2Fa") && lists[2].uri.contains("version-id-marker=a1"));
    let regions: Vec<String> = lists.iter().map(|one| one.signed_for().unwrap()).collect();
    assert_eq!(regions, ["us-east-1/s3", "eu-central-1/s3", "us-east-1/s3"]);
    assert_eq!(sent.last().unwrap().signed_for().unwrap(), "eu-central-1/s3");
}

#[tokio::test]
async fn without_a_time_a_newer_object_is_left_alone() {
    let wanted = versions(&[("up/a", "a1", 10, "aa", "10:00"), ("up/b", "b1", 20, "bb", "10:00")], &[]);
    let there = objects(&[("up/a", 11, "new", "11:00"), ("up/b", 21, "old", "09:00")]);
    let (answer, sent) = copy(false, wanted, there, vec![copied("bb")]).await;
    let answer = answer.unwrap();
    assert_eq!((&answer["left_newer"], &answer["copied"]), (&json!(1), &json!(1)));
    assert_eq!(sent.len(), 1);
}

#[tokio::test]
async fn a_busy_service_is_asked_again_and_a_lost_answer_is_not() {
    let slow = || Answer::status(503, "<Error><Code>SlowDown</Code><Message>reduce</Message></Error>");
    let (wanted, there) = two();
    let (answer, sent) = copy(false, wanted, there, vec![slow(), slow(), copied("aa"), copied("bb")]).await;
    assert_eq!((answer.unwrap()["copied"].clone(), sent.len()), (json!(2), 4));

    for lost in [Answer::Reset, Answer::status(500, "<Error><Code>InternalError</Code></Error>"), Answer::ok("<html/>")]
    {
        let (wanted, there) = two();
        let (answer, sent) = copy(false, wanted, there, vec![lost, copied("bb")]).await;
        let error = answer.unwrap_err();
        assert_eq!(error.kind, CloudErrorKind::UnknownOutcome, "{error:?}");
        assert!(error.message.contains("1 objects were copied, the answers about 1 are lost"), "{error}");
        assert_eq!(sent.len(), 2, "the other goes on, and neither is sent twice");
    }
}

#[tokio::test]
async fn one_that_fails_does_not_keep_the_others() {
    let (wanted, there) = two();
    let (answer, _) = copy(false, wanted, there, vec![failure("AccessDenied"), copied("bb")]).await;
    let answer = answer.unwrap();
    assert_eq!((&answer["copied"], &answer["failed"]), (&json!(1), &json!(1)));
    assert_eq!(answer["failures"], json!([{"key": "up/a", "code": "AccessDenied", "message": "no"}]));

    let large =
        versions(&[("up/a", "v1", 5_368_709_121, "aa", "10:00"), ("up/b", "v2", 5_368_709_120, "bb", "10:00")], &[]);
    let (answer, sent) = copy(false, large, objects(&[]), vec![copied("bb")]).await;
    let answer = answer.unwrap();
    let said = answer["failures"][0]["message"].as_str().unwrap();
    assert!(said.contains("aws s3 cp s3://docs-replica/up/a s3://docs/up/a --source-region us-east-1"), "{said}");
    assert_eq!((&answer["copied"], sent.len()), (&json!(1), 1));
}

#[tokio::test]
async fn a_condition_that_does_not_hold_is_looked_into() {
    let changed = || Answer::status(412, "<Error><Code>PreconditionFailed</Code><Message>changed</Message></Error>");
    // An earlier send of ours has landed since.
    let (wanted, there) = two();
    let head = Answer::ok("").with_header("etag", "\"aa\"");
    let (answer, _) = copy(false, wanted, there, vec![changed(), head, copied("bb")]).await;
    let answer = answer.unwrap();
    assert_eq!((&answer["copied"], &answer["already_there"], &answer["failed"]), (&json!(1), &json!(1), &json!(0)));
    // Somebody writes there.
    let (wanted, there) = two();
    let head = Answer::ok("").with_header("etag", "\"other\"");
    let (answer, _) = copy(false, wanted, there, vec![changed(), head, copied("bb")]).await;
    assert_eq!(answer.unwrap()["failures"][0]["code"], "ChangedMeanwhile");
}

#[tokio::test]
async fn what_concerns_all_ends_it() {
    let (wanted, there) = two();
    let expired = Answer::status(400, "<Error><Code>ExpiredToken</Code><Message>expired</Message></Error>");
    let (answer, sent) = copy(false, wanted, there, vec![copied("aa"), expired]).await;
    let error = answer.unwrap_err();
    assert_eq!(refusal(&error), (CloudErrorKind::Expired, "ExpiredToken"));
    assert!(error.message.contains("1 objects were copied, sent again it goes on"), "{error}");
    assert_eq!(sent.len(), 2);

    let keys: Vec<String> = (0..40).map(|n| format!("up/{n:02}")).collect();
    let many: Vec<(&str, &str, u64, &str, &str)> =
        keys.iter().map(|key| (key.as_str(), "v", 1, "aa", "10:00")).collect();
    let denied = (0..40).map(|_| failure("AccessDenied")).collect();
    let (answer, sent) = copy(false, versions(&many, &[]), objects(&[]), denied).await;
    assert_eq!(refusal(&answer.unwrap_err()), (CloudErrorKind::Denied, "AccessDenied"));
    assert!(sent.len() < 25, "{}", sent.len());
}

#[tokio::test]
async fn a_copy_that_its_tag_cannot_tell_carries_a_mark() {
    // In parts: the copy gets a tag of its own.
    let wanted = || versions(&[("up/a", "v1", 10, "aa-3", "10:00")], &[]);
    let head = Answer::ok("").with_header("etag", "\"aa-3\"").with_header("content-type", "application/pdf");
    let head = head.with_header("x-amz-meta-owner", "ada").with_header("cache-control", "no-store");
    let (answer, sent) = copy(true, wanted(), objects(&[]), vec![head, copied("whole")]).await;
    assert_eq!(answer.unwrap()["copied"], 1);
    let put = &sent[1];
    assert_eq!(put.header("x-amz-metadata-directive"), Some("REPLACE"));
    assert_eq!(put.header("x-amz-meta-lifeboat-copy-of"), Some("docs-replica/v1"));
    let kept = ["x-amz-meta-owner", "content-type", "cache-control"].map(|name| put.header(name));
    assert_eq!(kept, [Some("ada"), Some("application/pdf"), Some("no-store")]);

    // After a crash: the mark says that it is there.
    let there = || objects(&[("up/a", 10, "whole", "14:00")]);
    let marked = Answer::ok("").with_header("x-amz-meta-lifeboat-copy-of", "docs-replica/v1");
    let (answer, sent) = copy(true, wanted(), there(), vec![marked]).await;
    let answer = answer.unwrap();
    assert_eq!((&answer["copied"], &answer["already_there"], sent.len()), (&json!(0), &json!(1), 1));
    // The control: without the mark it is copied again.
    let unmarked = Answer::ok("").with_header("etag", "\"whole\"");
    let again = vec![unmarked, Answer::ok("").with_header("etag", "\"aa-3\""), copied("whole")];
    let (answer, _) = copy(true, wanted(), there(), again).await;
    assert_eq!(answer.unwrap()["copied"], 1);
}

#[tokio::test]
async fn what_a_key_encrypts_is_marked_too() {
    for encryption in [Answer::ok(ENCRYPTED), failure("AccessDenied")] {
        let script = [
            encryption,
            Answer::status(404, NOT_ENCRYPTED),
            versions(&[("up/a", "v1", 10, "aa", "10:00")], &[]),
            objects(&[]),
            Answer::ok("").with_header("etag", "\"aa\""),
            copied("new"),
        ];
        let (answer, sent) = wire::ask(&wire::send(COPY, &with(false)), script).await;
        assert_eq!(answer.unwrap().value["copied"], 1);
        assert_eq!(sent.last().unwrap().header("x-amz-meta-lifeboat-copy-of"), Some("docs-replica/v1"));
    }
}

#[tokio::test]
async fn what_cannot_be_right_is_refused_unsent() {
    let mut of_itself = with(false);
    of_itself["replica_bucket"] = json!("docs");
    let (answer, sent) = wire::ask(&wire::send(COPY, &of_itself), []).await;
    assert_eq!((refusal(&answer.unwrap_err()), sent.len()), ((CloudErrorKind::Invalid, "InvalidRequest"), 0));
    let mut no_time = with(false);
    no_time["as_of"] = json!("yesterday");
    let (answer, sent) = wire::ask(&wire::send(COPY, &no_time), []).await;
    assert_eq!((refusal(&answer.unwrap_err()), sent.len()), ((CloudErrorKind::Invalid, "InvalidTime"), 0));
    // A listing in another order than the merge takes for granted.
    let jumbled = objects(&[("up/b", 1, "b", "10:00"), ("up/a", 1, "a", "10:00")]);
    let (wanted, _) = two();
    let (answer, sent) = copy(false, wanted, jumbled, Vec::new()).await;
    assert_eq!((answer.unwrap_err().code.as_str(), sent.len()), ("ListingOutOfOrder", 0));
}

#[tokio::test]
async fn a_comparison_counts_and_copies_nothing() {
    let wanted = versions(
        &[("up/a", "a1", 10, "aa", "10:00"), ("up/b", "b1", 20, "bb", "10:00"), ("up/c", "c1", 5, "cc", "10:00")],
        &[],
    );
    let there = objects(&[("up/b", 20, "bb", "10:00"), ("up/c", 6, "xx", "13:00")]);
    let mut with = with(true);
    with.as_object_mut().unwrap().shift_remove("max_concurrent");
    let begin = [Answer::status(404, NOT_ENCRYPTED), Answer::status(404, NOT_ENCRYPTED), wanted, there];
    let (answer, sent) = wire::ask(&wire::read("aws/s3.compare_with_replica", &with), begin).await;
    let expected = json!({
        "objects": 3, "same": 1, "missing": 1, "different": 1, "left_newer": 0, "to_copy": 2, "bytes_to_copy": 15,
        "sample": ["up/a", "up/c"],
    });
    assert_eq!(answer.unwrap().value, expected);
    assert!(sent.iter().all(|one| one.method == "GET"));
}
