//! S3 at ministack: a bucket with versions, and a file that was overwritten by mistake.

use serde_json::{Value, json};

use super::{Case, ELSEWHERE, REGION, World, changing, reading};

const BUCKET: &str = "shop-content";
const REPLICA: &str = "shop-content-replica";
const KEY: &str = "uploads/report.pdf";

pub(super) fn cases() -> Vec<Case> {
    vec![
        changing("aws/s3.restore_object_version", overwritten, versions),
        changing("aws/s3.copy_from_replica", deleted, contents),
        reading("aws/s3.compare_with_replica", deleted),
        reading("aws/s3.head_bucket", |world| bucket(world, BUCKET)),
        reading("aws/s3.get_bucket_versioning", |world| bucket(world, BUCKET)),
        reading("aws/s3.get_bucket_replication", replicated),
        reading("aws/s3.list_object_versions", |world| {
            overwritten(world);
            json!({})
        }),
    ]
}

fn bucket(world: &mut World<'_>, name: &str) -> Value {
    let place = json!({"LocationConstraint": REGION});
    world.call("s3", "create_bucket", json!({"Bucket": name, "CreateBucketConfiguration": place}));
    let versioning = json!({"Bucket": name, "VersioningConfiguration": {"Status": "Enabled"}});
    world.call("s3", "put_bucket_versioning", versioning);
    json!({})
}

/// Two of three files are gone, and the replica in the other region still has them.
fn deleted(world: &mut World<'_>) -> Value {
    bucket(world, BUCKET);
    let place = json!({"LocationConstraint": ELSEWHERE});
    let replica = json!({"Bucket": REPLICA, "CreateBucketConfiguration": place});
    world.call_in(ELSEWHERE, "s3", "create_bucket", replica);
    let versioning = json!({"Bucket": REPLICA, "VersioningConfiguration": {"Status": "Enabled"}});
    world.call_in(ELSEWHERE, "s3", "put_bucket_versioning", versioning);
    for key in ["uploads/a.pdf", "uploads/b c.pdf", "uploads/sub/ü.pdf", "other/d.pdf"] {
        let with = json!({"Bucket": REPLICA, "Key": key, "Body": key, "Metadata": {"owner": "ada"}});
        world.call_in(ELSEWHERE, "s3", "put_object", with);
    }
    world.call("s3", "put_object", json!({"Bucket": BUCKET, "Key": "uploads/a.pdf", "Body": "uploads/a.pdf"}));
    json!({"replica_bucket": REPLICA, "replica_region": ELSEWHERE})
}

/// Every version of every object, and what it holds.
fn contents(world: &mut World<'_>) -> Value {
    let listed = world.call("s3", "list_object_versions", json!({"Bucket": BUCKET}));
    let versions = listed["Versions"].as_array().unwrap().clone();
    let each = versions.iter().map(|version| {
        let object = world.call("s3", "get_object", json!({"Bucket": BUCKET, "Key": version["Key"]}));
        json!([version["Key"], version["IsLatest"], version["ETag"], object["Body"], object["Metadata"]])
    });
    each.collect()
}

fn overwritten(world: &mut World<'_>) -> Value {
    bucket(world, BUCKET);
    let good = world.call("s3", "put_object", json!({"Bucket": BUCKET, "Key": KEY, "Body": "as it should be"}));
    world.call("s3", "put_object", json!({"Bucket": BUCKET, "Key": KEY, "Body": "garbage"}));
    json!({"version_id": good["VersionId"]})
}

fn replicated(world: &mut World<'_>) -> Value {
    bucket(world, BUCKET);
    bucket(world, "shop-content-replica");
    let rule = json!({
        "ID": "all", "Status": "Enabled", "Priority": 1, "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": "arn:aws:s3:::shop-content-replica"},
    });
    let rules = json!({"Role": "arn:aws:iam::111122223333:role/replication", "Rules": [rule]});
    world.call("s3", "put_bucket_replication", json!({"Bucket": BUCKET, "ReplicationConfiguration": rules}));
    json!({})
}

fn versions(world: &mut World<'_>) -> Value {
    let listed = world.call("s3", "list_object_versions", json!({"Bucket": BUCKET}));
    let now = world.call("s3", "get_object", json!({"Bucket": BUCKET, "Key": KEY}));
    let sizes: Vec<Value> = listed["Versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| json!([version["IsLatest"], version["Size"], version["ETag"]]))
        .collect();
    json!({"versions": sizes, "body": now["Body"], "type": now["ContentType"]})
}
