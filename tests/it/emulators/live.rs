//! `check --live` against a world that was made by boto3, whole and with gaps planted in it.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::hand::Hand;
use super::pair::{ACCESS_KEY, Pair, REPLICAS, SECRET_KEY};
use crate::home::{self, Home};

const DR: &str = "us-east-1";
const PRIMARY: &str = "eu-central-1";

const RUNBOOK: &str = "
version: 1
name: ready
title: Move the shop
objectives: { rto: 4h, rpo: 1h }
inputs: { zone: { type: string }, distribution: { type: string }, health: { type: string } }
targets: { dr: { region: us-east-1, account: '111122223333' } }
defaults: { target: dr, timeout: 10m }
phases:
  - id: move
    budget: 1h
    steps:
      - id: lag
        uses: aws/cloudwatch.get_metric
        with: { namespace: AWS/RDS, metric_name: AuroraBinlogReplicaLag, dimensions: { DBClusterIdentifier: shop-dr } }
        outputs: { lag: '${{ result.latest }}' }
      - id: promote
        uses: aws/rds.promote_read_replica_db_cluster
        with: { db_cluster_identifier: shop-dr }
        check: [{ expect: steps.lag.outputs.lag <= objectives.rpo }]
        confirm: { type: shop-dr }
        verify: [{ uses: aws/rds.describe_db_clusters, expect: \"result.status == 'available'\" }]
      - id: scale
        foreach: [web, worker]
        uses: aws/ecs.update_service
        with: { cluster: shop, service: '${{ each }}', desired_count: 3 }
        verify: [{ uses: aws/ecs.services_stable, for: 5m }]
      - { id: versions, uses: aws/s3.list_object_versions, with: { bucket: shop-content } }
      - { id: copies, uses: aws/s3.get_bucket_replication, with: { bucket: shop-assets } }
      - { id: tables, uses: aws/dynamodb.describe_continuous_backups, with: { table_name: orders } }
      - { id: tool, uses: exec, with: { argv: ['true'] } }
      - { id: health, uses: http/check, with: { url: '${{ inputs.health }}' } }
      - id: cutover
        uses: aws/route53.change_resource_record_sets
        with:
          hosted_zone_id: ${{ inputs.zone }}
          change_batch:
            changes:
              - action: UPSERT
                resource_record_set:
                  { name: www.shop.example, type: CNAME, ttl: 60, resource_records: [{ value: dr.shop.example }] }
      - id: origin
        uses: aws/cloudfront.update_origin
        with: { id: '${{ inputs.distribution }}', domain_name: dr.shop.example }
";

/// A world in which everything is there that the runbook takes for granted.
struct World {
    pair: Pair,
    hand: Hand,
    home: Home,
    runbook: String,
    inputs: Vec<String>,
}

impl World {
    fn good() -> Self {
        let (pair, hand, home) = (Pair::start(REPLICAS), Hand::new(), Home::new());
        let runbook = home.write("ready.yaml", RUNBOOK);
        let mut world = Self { pair, hand, home, runbook, inputs: Vec::new() };
        world.database();
        world.services();
        world.storage();
        let (zone, distribution) = world.traffic();
        world.inputs =
            vec![format!("zone={zone}"), format!("distribution={distribution}"), format!("health={}", healthy())];
        world
    }

    fn call(&mut self, service: &str, operation: &str, params: Value) -> Value {
        self.hand.call(&self.pair, (service, DR), operation, params)
    }

    fn database(&mut self) {
        // moto wants a password of a replica too; AWS does not.
        let cluster = |id: &str| {
            json!({"DBClusterIdentifier": id, "Engine": "aurora-mysql",
            "MasterUsername": "admin", "MasterUserPassword": "not-a-secret"})
        };
        let primary = self.hand.call(&self.pair, ("rds", PRIMARY), "create_db_cluster", cluster("shop"));
        let mut replica = cluster("shop-dr");
        replica["ReplicationSourceIdentifier"] = primary["DBCluster"]["DBClusterArn"].clone();
        self.call("rds", "create_db_cluster", replica);
        self.lag(41.0, 3);
    }

    /// A datapoint of some minutes ago; the newest one counts.
    fn lag(&mut self, seconds: f64, minutes_ago: u64) {
        let at = SystemTime::now() - Duration::from_secs(60 * minutes_ago);
        let data = json!({"MetricName": "AuroraBinlogReplicaLag", "Unit": "Seconds", "Value": seconds,
            "Dimensions": [{"Name": "DBClusterIdentifier", "Value": "shop-dr"}],
            "Timestamp": at.duration_since(UNIX_EPOCH).unwrap().as_secs()});
        self.call("cloudwatch", "put_metric_data", json!({"Namespace": "AWS/RDS", "MetricData": [data]}));
    }

    fn services(&mut self) {
        self.call("ecs", "create_cluster", json!({"clusterName": "shop", "capacityProviders": ["FARGATE"]}));
        let container = json!({"name": "web", "image": "web", "memory": 64});
        self.call("ecs", "register_task_definition", json!({"family": "web", "containerDefinitions": [container]}));
        for service in ["web", "worker"] {
            let with = json!({"cluster": "shop", "serviceName": service, "taskDefinition": "web", "desiredCount": 1});
            self.call("ecs", "create_service", with);
        }
    }

    fn storage(&mut self) {
        for bucket in ["shop-content", "shop-assets", "shop-copy"] {
            self.call("s3", "create_bucket", json!({"Bucket": bucket}));
            self.versioning(bucket, "Enabled");
        }
        let rule = json!({"ID": "all", "Status": "Enabled", "Priority": 1, "Filter": {"Prefix": ""},
            "DeleteMarkerReplication": {"Status": "Disabled"}, "Destination": {"Bucket": "arn:aws:s3:::shop-copy"}});
        let replication = json!({"Role": "arn:aws:iam::111122223333:role/copy", "Rules": [rule]});
        let with = json!({"Bucket": "shop-assets", "ReplicationConfiguration": replication});
        self.call("s3", "put_bucket_replication", with);
        let table = json!({"TableName": "orders", "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]});
        self.call("dynamodb", "create_table", table);
        let on =
            json!({"TableName": "orders", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true}});
        self.call("dynamodb", "update_continuous_backups", on);
    }

    fn versioning(&mut self, bucket: &str, status: &str) {
        let with = json!({"Bucket": bucket, "VersioningConfiguration": {"Status": status}});
        self.call("s3", "put_bucket_versioning", with);
    }

    fn traffic(&mut self) -> (String, String) {
        let zone = self.call("route53", "create_hosted_zone", json!({"Name": "shop.example", "CallerReference": "1"}));
        let zone = zone["HostedZone"]["Id"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        self.record(&zone, "CREATE");
        let origin = json!({"Id": "app", "DomainName": "old.shop.example",
            "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}});
        let behavior = json!({"TargetOriginId": "app", "ViewerProtocolPolicy": "redirect-to-https", "MinTTL": 0,
            "ForwardedValues": {"QueryString": false, "Cookies": {"Forward": "none"}}});
        let config = json!({"CallerReference": "1", "Comment": "", "Enabled": true,
            "Origins": {"Quantity": 1, "Items": [origin]}, "DefaultCacheBehavior": behavior});
        let made = self.call("cloudfront", "create_distribution", json!({"DistributionConfig": config}));
        (zone, made["Distribution"]["Id"].as_str().unwrap().to_owned())
    }

    fn record(&mut self, zone: &str, action: &str) {
        let set = json!({"Name": "www.shop.example", "Type": "CNAME", "TTL": 300,
            "ResourceRecords": [{"Value": "old.shop.example"}]});
        let batch = json!({"Changes": [{"Action": action, "ResourceRecordSet": set}]});
        self.call("route53", "change_resource_record_sets", json!({"HostedZoneId": zone, "ChangeBatch": batch}));
    }

    /// Runs `check --live` with these keys: exit code and stdout.
    fn check(&self, key: Option<&str>, more: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
        command.env_clear().envs(home::environment(self.home.path())).envs(self.pair.endpoints());
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        if let Some(key) = key {
            command.envs([("AWS_ACCESS_KEY_ID", key), ("AWS_SECRET_ACCESS_KEY", SECRET_KEY)]);
        }
        command.args(["check", "--live", &self.runbook]);
        command.args(self.inputs.iter().flat_map(|input| ["-i", input])).args(more);
        let output = command.output().unwrap();
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    }

    /// What is not as it should be: resource, check, state and what was seen, and the exit code.
    fn wrong(&self) -> (i32, Vec<String>) {
        let (code, stdout) = self.check(Some(ACCESS_KEY), &["--json"]);
        let report: Value = serde_json::from_str(&stdout).unwrap();
        let live = &report["files"][0]["live"];
        let findings = live["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 16, "{live:#}");
        let wrong: Vec<&Value> = findings.iter().filter(|finding| finding["state"] != "ok").collect();
        assert_eq!(live["ok"], wrong.is_empty());
        assert!(wrong.iter().all(|finding| finding["help"].is_string()), "{wrong:#?}");
        let word = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
        let row = |finding: &&Value| ["state", "resource", "check", "seen"].map(|name| word(finding, name)).join(" | ");
        (code, wrong.iter().map(row).collect())
    }
}

/// The address of an endpoint that answers 200 as long as the test runs.
fn healthy() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        }
    });
    format!("http://{address}/health")
}

#[test]
fn five_planted_gaps_are_found_and_nothing_else() {
    let mut world = World::good();
    assert_eq!(world.wrong(), (0, Vec::new()), "the world is whole");

    world.call("rds", "promote_read_replica_db_cluster", json!({"DBClusterIdentifier": "shop-dr"}));
    world.call("ecs", "delete_service", json!({"cluster": "shop", "service": "worker", "force": true}));
    world.versioning("shop-content", "Suspended");
    world.lag(5400.0, 2);
    let zone = world.inputs[0].strip_prefix("zone=").unwrap().to_owned();
    world.record(&zone, "DELETE");
    let (code, mut wrong) = world.wrong();
    wrong.sort();
    assert_eq!(code, 1);
    let expected = [
        "gap | bucket shop-content | versioning | versioning is suspended",
        "gap | cluster shop-dr | replica | available, replicates from nobody",
        "gap | metric AuroraBinlogReplicaLag of shop-dr | lag | 1h 30m behind, RPO 1h",
        "gap | record www.shop.example CNAME | record | not in the zone",
    ];
    let (service, others): (Vec<String>, Vec<String>) = wrong.into_iter().partition(|row| row.contains("service "));
    assert_eq!(others, expected);
    // A service that was deleted is gone at once here, and may be listed as inactive for a while at AWS.
    assert!(service.len() == 1 && service[0].starts_with("gap | service shop/worker | service | "), "{service:?}");

    // The same for people: a line for each, and what to do.
    let (_, table) = world.check(Some(ACCESS_KEY), &[]);
    assert_eq!(table.matches("✗ gap").count(), 5, "{table}");
    assert!(table.contains("  ✗ gap      cluster shop-dr") && table.contains("attach it as a replica"), "{table}");

    // Whoever is of another account is asked nothing more, and without credentials nobody is.
    let (code, table) = world.check(Some("999999999999"), &[]);
    assert!(code != 0 && table.contains("111122223333") && table.contains("999999999999"), "{code} {table}");
    let (code, table) = world.check(None, &[]);
    assert_eq!(code, 4, "{table}");
}
