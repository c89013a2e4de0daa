//! Answers as AWS words them: one good one for each action, in the order in which it asks.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::aws::wire::Answer;

/// Good answers to an action's requests; `None` for actions that are tested elsewhere.
pub fn script(name: &str) -> Option<Vec<Answer>> {
    let (service, operation) = name.strip_prefix("aws/")?.split_once('.')?;
    match service {
        "rds" => rds(operation),
        "ecs" => ecs(operation),
        "route53" => route53(operation),
        "cloudfront" => cloudfront(operation),
        "s3" => s3(operation),
        "cloudwatch" => Some(vec![datapoints(&[(1_795_269_480, 41.0, "Seconds"), (1_795_269_420, 12.0, "Seconds")])]),
        _ => None,
    }
}

pub const CLUSTER: &str = "<DBCluster>\
    <DBClusterIdentifier>shop-dr</DBClusterIdentifier>\
    <DBClusterArn>arn:aws:rds:us-east-1:111122223333:cluster:shop-dr</DBClusterArn>\
    <Status>available</Status><Engine>aurora-mysql</Engine><EngineVersion>8.0.mysql_aurora.3.08.0</EngineVersion>\
    <Endpoint>shop-dr.cluster-x.us-east-1.rds.amazonaws.com</Endpoint>\
    <ReaderEndpoint>shop-dr.cluster-ro-x.us-east-1.rds.amazonaws.com</ReaderEndpoint>\
    <ReplicationSourceIdentifier>arn:aws:rds:eu-central-1:111122223333:cluster:shop</ReplicationSourceIdentifier>\
    <DBClusterMembers><DBClusterMember><DBInstanceIdentifier>shop-dr-1</DBInstanceIdentifier>\
    <IsClusterWriter>true</IsClusterWriter></DBClusterMember></DBClusterMembers>\
    <BackupRetentionPeriod>30</BackupRetentionPeriod><PreferredBackupWindow>03:00-03:30</PreferredBackupWindow>\
    <EarliestRestorableTime>2026-10-22T03:04:05Z</EarliestRestorableTime>\
    <LatestRestorableTime>2026-11-21T13:55:00Z</LatestRestorableTime><DeletionProtection>true</DeletionProtection>\
    <DBSubnetGroup>shop</DBSubnetGroup><VpcSecurityGroups><VpcSecurityGroupMembership>\
    <VpcSecurityGroupId>sg-1</VpcSecurityGroupId></VpcSecurityGroupMembership></VpcSecurityGroups>\
    <PendingModifiedValues><BackupRetentionPeriod>35</BackupRetentionPeriod></PendingModifiedValues></DBCluster>";

pub const INSTANCE: &str = "<DBInstance><DBInstanceIdentifier>shop-replica</DBInstanceIdentifier>\
    <DBInstanceArn>arn:aws:rds:us-east-1:111122223333:db:shop-replica</DBInstanceArn>\
    <DBInstanceStatus>available</DBInstanceStatus><Engine>postgres</Engine>\
    <Endpoint><Address>shop-replica.x.us-east-1.rds.amazonaws.com</Address><Port>5432</Port></Endpoint>\
    <ReadReplicaSourceDBInstanceIdentifier>arn:aws:rds:eu-central-1:111122223333:db:shop</ReadReplicaSourceDBInstanceIdentifier>\
    <DBInstanceClass>db.r6g.large</DBInstanceClass><MultiAZ>true</MultiAZ><BackupRetentionPeriod>7</BackupRetentionPeriod>\
    <DBSubnetGroup><DBSubnetGroupName>shop</DBSubnetGroupName></DBSubnetGroup><VpcSecurityGroups>\
    <VpcSecurityGroupMembership><VpcSecurityGroupId>sg-1</VpcSecurityGroupId></VpcSecurityGroupMembership>\
    </VpcSecurityGroups><PendingModifiedValues/></DBInstance>";

/// A global database whose writer is in `writer`, with this inside its `FailoverState`.
pub fn global_cluster(element: &str, writer: &str, failover_state: &str) -> String {
    let member = |arn: &str| {
        format!(
            "<GlobalClusterMember><DBClusterArn>{arn}</DBClusterArn><IsWriter>{}</IsWriter>\
             <SynchronizationStatus>connected</SynchronizationStatus></GlobalClusterMember>",
            arn == writer
        )
    };
    format!(
        "<{element}><GlobalClusterIdentifier>shop-global</GlobalClusterIdentifier><Status>available</Status>\
         <FailoverState>{failover_state}</FailoverState>\
         <GlobalClusterMembers>{}{}</GlobalClusterMembers></{element}>",
        member(HOME),
        member(AWAY)
    )
}

pub const HOME: &str = "arn:aws:rds:eu-central-1:111122223333:cluster:shop-global-home";
pub const AWAY: &str = "arn:aws:rds:us-east-1:111122223333:cluster:shop-global-dr";

/// An answer of RDS.
pub fn query(operation: &str, result: &str) -> Answer {
    Answer::rds(operation, result)
}

fn rds(operation: &str) -> Option<Vec<Answer>> {
    let moving = format!(
        "<Status>pending</Status><FromDbClusterArn>{HOME}</FromDbClusterArn><ToDbClusterArn>{AWAY}</ToDbClusterArn>\
         <IsDataLossAllowed>true</IsDataLossAllowed>"
    );
    let moved = |name: &str| query(name, &global_cluster("GlobalCluster", HOME, &moving));
    Some(vec![match operation {
        "promote_read_replica_db_cluster" => query("PromoteReadReplicaDBCluster", CLUSTER),
        "describe_db_clusters" => query("DescribeDBClusters", &format!("<DBClusters>{CLUSTER}</DBClusters>")),
        "promote_read_replica" => query("PromoteReadReplica", INSTANCE),
        "describe_db_instances" => query("DescribeDBInstances", &format!("<DBInstances>{INSTANCE}</DBInstances>")),
        "failover_global_cluster" => moved("FailoverGlobalCluster"),
        "switchover_global_cluster" => moved("SwitchoverGlobalCluster"),
        "describe_global_clusters" => {
            let global = global_cluster("GlobalClusterMember", HOME, "");
            query("DescribeGlobalClusters", &format!("<GlobalClusters>{global}</GlobalClusters>"))
        }
        _ => return None,
    }])
}

/// A service with so many tasks wanted and running, in one deployment each.
pub fn service(wanted: u32, running: &[u32]) -> Value {
    let deployments: Vec<Value> = running
        .iter()
        .enumerate()
        .map(|(ix, running)| {
            json!({
                "id": format!("ecs-svc/{ix}"), "status": if ix == 0 { "PRIMARY" } else { "ACTIVE" },
                "desiredCount": wanted, "runningCount": running, "pendingCount": 0,
                "rolloutState": if ix == 0 { "IN_PROGRESS" } else { "COMPLETED" },
            })
        })
        .collect();
    json!({
        "serviceArn": "arn:aws:ecs:us-east-1:111122223333:service/shop/web", "serviceName": "web", "status": "ACTIVE",
        "launchType": "FARGATE", "desiredCount": wanted, "runningCount": running.iter().sum::<u32>(), "pendingCount": 1,
        "taskDefinition": "arn:aws:ecs:us-east-1:111122223333:task-definition/web:7", "deployments": deployments,
    })
}

fn ecs(operation: &str) -> Option<Vec<Answer>> {
    let body = match operation {
        "update_service" => json!({"service": service(3, &[2])}),
        "describe_services" => json!({
            "services": [service(3, &[2])],
            "failures": [{"arn": "arn:aws:ecs:us-east-1:111122223333:service/shop/x", "reason": "MISSING"}],
        }),
        "services_stable" => json!({"services": [service(3, &[3])], "failures": []}),
        _ => return None,
    };
    Some(vec![Answer::ok(&body.to_string())])
}

const ROUTE53: &str = "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"";

fn route53(operation: &str) -> Option<Vec<Answer>> {
    let change = |name: &str, status: &str| {
        Answer::ok(&format!(
            "<{name} {ROUTE53}><ChangeInfo><Id>/change/C0EXAMPLE</Id><Status>{status}</Status>\
             <SubmittedAt>2026-11-21T14:00:00.123Z</SubmittedAt></ChangeInfo></{name}>"
        ))
    };
    Some(vec![match operation {
        "change_resource_record_sets" => change("ChangeResourceRecordSetsResponse", "PENDING"),
        "get_change" => change("GetChangeResponse", "INSYNC"),
        "list_resource_record_sets" => records(
            "<ResourceRecordSet><Name>www.shop.example.</Name><Type>CNAME</Type><TTL>60</TTL>\
             <ResourceRecords><ResourceRecord><Value>home.shop.example</Value></ResourceRecord></ResourceRecords>\
             </ResourceRecordSet>",
        ),
        _ => return None,
    }])
}

/// A whole listing of these record sets.
pub fn records(sets: &str) -> Answer {
    Answer::ok(&format!(
        "<ListResourceRecordSetsResponse {ROUTE53}><ResourceRecordSets>{sets}</ResourceRecordSets>\
         <IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListResourceRecordSetsResponse>"
    ))
}

/// A distribution's config with two origins, one of them at `domain`.
pub fn config(domain: &str) -> String {
    format!(
        "<DistributionConfig xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><CallerReference>x</CallerReference>\
         <Aliases><Quantity>1</Quantity><Items><CNAME>www.shop.example</CNAME></Items></Aliases>\
         <Origins><Quantity>2</Quantity><Items><Origin><Id>files</Id><DomainName>files.s3.amazonaws.com</DomainName>\
         <S3OriginConfig><OriginAccessIdentity></OriginAccessIdentity></S3OriginConfig></Origin>\
         <Origin><Id>app</Id><DomainName>{domain}</DomainName><OriginPath>/v2</OriginPath></Origin></Items></Origins>\
         <DefaultCacheBehavior><TargetOriginId>app</TargetOriginId><ViewerProtocolPolicy>https-only</ViewerProtocolPolicy>\
         <CachePolicyId>p-1</CachePolicyId></DefaultCacheBehavior>\
         <Comment>the shop</Comment><Enabled>true</Enabled><WebACLId>acl-1</WebACLId></DistributionConfig>"
    )
}

/// A distribution with that config.
pub fn distribution(status: &str, domain: &str) -> Answer {
    Answer::ok(&format!(
        "<Distribution xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Id>E0EXAMPLE</Id>\
         <ARN>arn:aws:cloudfront::111122223333:distribution/E0EXAMPLE</ARN><Status>{status}</Status>\
         <LastModifiedTime>2026-11-21T14:00:00Z</LastModifiedTime>\
         <InProgressInvalidationBatches>0</InProgressInvalidationBatches>\
         <DomainName>d1.cloudfront.net</DomainName>{}</Distribution>",
        config(domain)
    ))
}

fn cloudfront(operation: &str) -> Option<Vec<Answer>> {
    let invalidation = |status: &str| {
        Answer::ok(&format!(
            "<Invalidation xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Id>I0EXAMPLE</Id>\
             <Status>{status}</Status><CreateTime>2026-11-21T14:00:00Z</CreateTime><InvalidationBatch><Paths><Quantity>1</Quantity>\
             <Items><Path>/*</Path></Items></Paths><CallerReference>example-1</CallerReference></InvalidationBatch></Invalidation>"
        ))
    };
    Some(match operation {
        "update_origin" => vec![
            Answer::ok(&config("home.shop.example")).with_header("etag", "E1"),
            distribution("InProgress", "dr.shop.example").with_header("etag", "E2"),
        ],
        "get_distribution" => vec![distribution("Deployed", "home.shop.example").with_header("etag", "E1")],
        "create_invalidation" => vec![invalidation("InProgress")],
        "get_invalidation" => vec![invalidation("Completed")],
        _ => return None,
    })
}

const S3: &str = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

pub const NOT_ENCRYPTED: &str = "<Error><Code>ServerSideEncryptionConfigurationNotFoundError</Code></Error>";
pub const ENCRYPTED: &str = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
    <SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>";

/// A version in a listing: key, version, size, tag, time of 2026-11-20.
type Version<'a> = (&'a str, &'a str, u64, &'a str, &'a str);

/// All versions under a prefix; delete markers are key, version, time.
pub fn versions(versions: &[Version<'_>], markers: &[(&str, &str, &str)]) -> Answer {
    page_of_versions(versions, markers, None)
}

/// A page of them, and where the next begins.
pub fn page_of_versions(
    versions: &[Version<'_>],
    markers: &[(&str, &str, &str)],
    next: Option<(&str, &str)>,
) -> Answer {
    let newest = |key: &str, at: &str| {
        let mut times = versions.iter().map(|one| (one.0, one.4)).chain(markers.iter().map(|one| (one.0, one.2)));
        times.all(|(other, time)| other != key || time <= at)
    };
    let mut body = match next {
        Some((key, version)) => format!(
            "<IsTruncated>true</IsTruncated><NextKeyMarker>{key}</NextKeyMarker>\
             <NextVersionIdMarker>{version}</NextVersionIdMarker>"
        ),
        None => "<IsTruncated>false</IsTruncated>".to_owned(),
    };
    for (key, id, size, tag, at) in versions {
        let is_latest = newest(key, at);
        let _ = write!(
            body,
            "<Version><Key>{key}</Key><VersionId>{id}</VersionId><IsLatest>{is_latest}</IsLatest>\
             <LastModified>2026-11-20T{at}:00.000Z</LastModified><ETag>&quot;{tag}&quot;</ETag><Size>{size}</Size></Version>"
        );
    }
    for (key, id, at) in markers {
        let is_latest = newest(key, at);
        let _ = write!(
            body,
            "<DeleteMarker><Key>{key}</Key><VersionId>{id}</VersionId><IsLatest>{is_latest}</IsLatest>\
             <LastModified>2026-11-20T{at}:00.000Z</LastModified></DeleteMarker>"
        );
    }
    Answer::ok(&format!("<ListVersionsResult {S3}>{body}</ListVersionsResult>"))
}

/// What a bucket holds: key, size, tag, time of 2026-11-20.
pub fn objects(objects: &[(&str, u64, &str, &str)]) -> Answer {
    let mut body = "<IsTruncated>false</IsTruncated>".to_owned();
    for (key, size, tag, at) in objects {
        let _ = write!(
            body,
            "<Contents><Key>{key}</Key><LastModified>2026-11-20T{at}:00.000Z</LastModified>\
             <ETag>&quot;{tag}&quot;</ETag><Size>{size}</Size></Contents>"
        );
    }
    Answer::ok(&format!("<ListBucketResult {S3}>{body}</ListBucketResult>"))
}

/// A copy that was made, with this tag.
pub fn copied(tag: &str) -> Answer {
    Answer::ok(&format!("<CopyObjectResult {S3}><ETag>&quot;{tag}&quot;</ETag></CopyObjectResult>"))
}

fn s3(operation: &str) -> Option<Vec<Answer>> {
    let differing = || {
        let wanted = [("uploads/a.pdf", "v1", 4096, "good", "10:00"), ("uploads/b.pdf", "v2", 7, "same", "10:00")];
        vec![
            Answer::status(404, NOT_ENCRYPTED),
            Answer::status(404, NOT_ENCRYPTED),
            versions(&wanted, &[]),
            objects(&[("uploads/b.pdf", 7, "same", "10:00")]),
        ]
    };
    Some(match operation {
        "compare_with_replica" => differing(),
        "copy_from_replica" => differing().into_iter().chain([copied("good")]).collect(),
        "head_bucket" => vec![Answer::ok("").with_header("x-amz-bucket-region", "us-east-1")],
        "get_bucket_versioning" => vec![Answer::ok(&format!(
            "<VersioningConfiguration {S3}><Status>Enabled</Status></VersioningConfiguration>"
        ))],
        "get_bucket_replication" => vec![Answer::ok(&format!(
            "<ReplicationConfiguration {S3}><Role>arn:aws:iam::111122223333:role/replicate</Role>\
             <Rule><ID>all</ID><Priority>1</Priority><Status>Enabled</Status><Filter><And><Prefix>uploads/</Prefix>\
             <Tag><Key>k</Key><Value>v</Value></Tag></And></Filter>\
             <DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>\
             <Destination><Bucket>arn:aws:s3:::shop-content-replica</Bucket></Destination></Rule>\
             <Rule><ID>old</ID><Prefix>old/</Prefix><Status>Disabled</Status>\
             <Destination><Bucket>arn:aws:s3:::shop-content-replica</Bucket></Destination></Rule></ReplicationConfiguration>"
        ))],
        "list_object_versions" => vec![Answer::ok(&format!(
            "<ListVersionsResult {S3}><IsTruncated>false</IsTruncated>\
             <Version><Key>uploads/report.pdf</Key><VersionId>v-bad</VersionId><IsLatest>false</IsLatest>\
             <LastModified>2026-11-21T13:00:00.000Z</LastModified><ETag>&quot;bad&quot;</ETag><Size>7</Size></Version>\
             <Version><Key>uploads/report.pdf</Key><VersionId>v-good</VersionId><IsLatest>false</IsLatest>\
             <LastModified>2026-11-20T13:00:00.000Z</LastModified><ETag>&quot;good&quot;</ETag><Size>4096</Size></Version>\
             <DeleteMarker><Key>uploads/report.pdf</Key><VersionId>v-gone</VersionId><IsLatest>true</IsLatest>\
             <LastModified>2026-11-21T13:30:00.000Z</LastModified></DeleteMarker></ListVersionsResult>"
        ))],
        "restore_object_version" => vec![
            Answer::ok("").with_header("content-length", "4096").with_header("etag", "\"good\""),
            Answer::ok(&format!(
                "<CopyObjectResult {S3}><LastModified>2026-11-21T14:00:00.000Z</LastModified><ETag>&quot;good&quot;</ETag></CopyObjectResult>"
            ))
            .with_header("x-amz-version-id", "v-new")
            .with_header("x-amz-copy-source-version-id", "v-good"),
        ],
        _ => return None,
    })
}

/// An answer of CloudWatch, which speaks CBOR: Unix seconds, value, unit.
pub fn datapoints(points: &[(u32, f64, &str)]) -> Answer {
    let mut out = Vec::new();
    map(&mut out, 2);
    text(&mut out, "Label");
    text(&mut out, "lag");
    text(&mut out, "Datapoints");
    out.push(0x80 | u8::try_from(points.len()).unwrap());
    for (at, value, unit) in points {
        map(&mut out, 3);
        text(&mut out, "Timestamp");
        out.push(0xc1);
        out.push(0x1a);
        out.extend(at.to_be_bytes());
        text(&mut out, "Average");
        out.push(0xfb);
        out.extend(value.to_be_bytes());
        text(&mut out, "Unit");
        text(&mut out, unit);
    }
    Answer::bytes(200, &out)
        .with_header("smithy-protocol", "rpc-v2-cbor")
        .with_header("date", "Sat, 21 Nov 2026 14:00:05 GMT")
}

fn map(out: &mut Vec<u8>, members: u8) {
    out.push(0xa0 | members);
}

/// Text below 24 bytes.
fn text(out: &mut Vec<u8>, text: &str) {
    out.push(0x60 | u8::try_from(text.len()).unwrap());
    out.extend(text.as_bytes());
}
