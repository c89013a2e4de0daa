//! The region of `runbooks/regional_failover.yaml`, as it is before it is lost: built with boto3, and
//! looked at with boto3.

use serde_json::{Value, json};

use super::hand::Hand;
use super::pair::{ACCESS_KEY, Pair, SECRET_KEY};
use crate::home::Home;

pub const HOME_REGION: &str = "eu-central-1";
pub const STANDBY_REGION: &str = "us-east-1";
/// Route 53 and CloudFront are asked there.
const GLOBAL: &str = "us-east-1";
pub const PRIMARY: &str = "lecture-acme-cluster";
pub const STANDBY: &str = "lecture-acme-dr-cluster";
pub const SERVICES: [&str; 2] = ["lecture-backend-service", "lecture-worker-service"];
const DOMAIN: &str = "acme.lecture-platform.com";

/// What was made up by the services.
pub struct Region {
    pub hosted_zone_id: String,
    pub distribution_id: String,
}

impl Region {
    pub fn build(hand: &mut Hand, pair: &Pair) -> Self {
        clusters(hand, pair);
        services(hand, pair, HOME_REGION, PRIMARY, 3);
        services(hand, pair, STANDBY_REGION, STANDBY, 0);
        hand.call(pair, ("s3", STANDBY_REGION), "create_bucket", json!({"Bucket": "content-acme-prod-replica"}));
        let dimensions = json!([{"Name": "DBClusterIdentifier", "Value": STANDBY}]);
        // A whole period that is over.
        let at = (chrono::Utc::now() - chrono::TimeDelta::minutes(2)).to_rfc3339();
        let lag = json!({
            "MetricName": "AuroraBinlogReplicaLag", "Dimensions": dimensions, "Value": 41.0, "Unit": "Seconds",
            "Timestamp": at,
        });
        let lag = json!({"Namespace": "AWS/RDS", "MetricData": [lag]});
        hand.call(pair, ("cloudwatch", STANDBY_REGION), "put_metric_data", lag);
        Self { hosted_zone_id: zone(hand, pair), distribution_id: distribution(hand, pair) }
    }

    /// What `world.py` follows.
    pub fn facts(&self) -> Value {
        let (api, dr_api) = (format!("api.{DOMAIN}"), format!("dr-api.{DOMAIN}"));
        let services = json!({"cluster": STANDBY, "services": SERVICES});
        let query = "length(services[?runningCount >= `3`])";
        let runs =
            json!({"ask": "ecs.describe_services", "in": STANDBY_REGION, "with": services, "query": query, "is": 2});
        let named = json!({"name": api, "is": dr_api});
        let id = json!({"Id": self.distribution_id});
        let query = "Distribution.DistributionConfig.Origins.Items[].DomainName";
        let origin = json!({
            "ask": "cloudfront.get_distribution", "in": GLOBAL, "with": id, "query": query,
            "is": [format!("dr-app.{DOMAIN}")],
        });
        let pages = json!({
            format!("{dr_api}/health"): [runs], format!("{api}/health"): [named, runs],
            format!("app.{DOMAIN}/status"): [origin],
        });
        json!({"zone": self.hosted_zone_id, "pages": pages})
    }

    /// Everything that the runbook changes, as boto3 sees it now.
    pub fn look(&self, hand: &mut Hand, pair: &Pair) -> Value {
        let cluster = json!({"DBClusterIdentifier": STANDBY});
        let cluster = hand.call(pair, ("rds", STANDBY_REGION), "describe_db_clusters", cluster);
        let mut count = |region: &str, cluster: &str, service: &str| {
            let asked = json!({"cluster": cluster, "services": [service]});
            let found = hand.call(pair, ("ecs", region), "describe_services", asked);
            json!([found["services"][0]["desiredCount"], found["services"][0]["runningCount"]])
        };
        let [backend, worker] = SERVICES.map(|service| count(STANDBY_REGION, STANDBY, service));
        let primary = count(HOME_REGION, PRIMARY, SERVICES[0]);
        let zone = json!({"HostedZoneId": self.hosted_zone_id});
        let records = hand.call(pair, ("route53", GLOBAL), "list_resource_record_sets", zone);
        let records = records["ResourceRecordSets"].as_array().unwrap().clone();
        let api = format!("api.{DOMAIN}.");
        let record = records.iter().find(|record| record["Name"] == api.as_str()).unwrap();
        let id = json!({"Id": self.distribution_id});
        let distribution = hand.call(pair, ("cloudfront", GLOBAL), "get_distribution", id);
        let origins = &distribution["Distribution"]["DistributionConfig"]["Origins"]["Items"];
        let id = json!({"DistributionId": self.distribution_id});
        let invalidations = hand.call(pair, ("cloudfront", GLOBAL), "list_invalidations", id);
        json!({
            "replicates_from": cluster["DBClusters"][0]["ReplicationSourceIdentifier"],
            "backend": backend, "worker": worker, "primary": primary,
            "record": record["ResourceRecords"], "ttl": record["TTL"],
            "origin": origins[0]["DomainName"],
            "invalidations": invalidations["InvalidationList"]["Quantity"],
        })
    }
}

fn clusters(hand: &mut Hand, pair: &Pair) {
    let primary = json!({
        "DBClusterIdentifier": PRIMARY, "Engine": "aurora-mysql",
        "MasterUsername": "admin", "MasterUserPassword": "not-a-secret",
    });
    let primary = hand.call(pair, ("rds", HOME_REGION), "create_db_cluster", primary);
    // moto wants a password for a replica as well, AWS does not.
    let standby = json!({
        "DBClusterIdentifier": STANDBY, "Engine": "aurora-mysql",
        "MasterUsername": "admin", "MasterUserPassword": "not-a-secret",
        "ReplicationSourceIdentifier": primary["DBCluster"]["DBClusterArn"],
    });
    hand.call(pair, ("rds", STANDBY_REGION), "create_db_cluster", standby);
    // It is available from the second look on.
    hand.call(pair, ("rds", STANDBY_REGION), "describe_db_clusters", json!({}));
}

fn services(hand: &mut Hand, pair: &Pair, region: &str, cluster: &str, count: u32) {
    let place = ("ecs", region);
    hand.call(pair, place, "create_cluster", json!({"clusterName": cluster}));
    let containers = json!([{"name": "app", "image": "app", "memory": 128}]);
    hand.call(pair, place, "register_task_definition", json!({"family": "app", "containerDefinitions": containers}));
    for service in SERVICES {
        let service =
            json!({"cluster": cluster, "serviceName": service, "taskDefinition": "app", "desiredCount": count});
        hand.call(pair, place, "create_service", service);
    }
}

fn zone(hand: &mut Hand, pair: &Pair) -> String {
    let zone = json!({"Name": "lecture-platform.com", "CallerReference": "1"});
    let zone = hand.call(pair, ("route53", GLOBAL), "create_hosted_zone", zone);
    let id = zone["HostedZone"]["Id"].as_str().unwrap().trim_start_matches("/hostedzone/").to_owned();
    let record = json!({
        "Name": format!("api.{DOMAIN}"), "Type": "CNAME", "TTL": 5,
        "ResourceRecords": [{"Value": format!("home-api.{DOMAIN}")}],
    });
    let changes = json!({"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]});
    let params = json!({"HostedZoneId": id, "ChangeBatch": changes});
    hand.call(pair, ("route53", GLOBAL), "change_resource_record_sets", params);
    id
}

fn distribution(hand: &mut Hand, pair: &Pair) -> String {
    let origin = json!({
        "Id": "app", "DomainName": format!("home-app.{DOMAIN}"),
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
    });
    let config = json!({
        "CallerReference": "1", "Comment": "lecture", "Enabled": true,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "app", "ViewerProtocolPolicy": "redirect-to-https", "MinTTL": 0,
            "ForwardedValues": {"QueryString": false, "Cookies": {"Forward": "none"}},
        },
    });
    let params = json!({"DistributionConfig": config});
    let made = hand.call(pair, ("cloudfront", GLOBAL), "create_distribution", params);
    made["Distribution"]["Id"].as_str().unwrap().to_owned()
}

/// What an operator has at home: the profile that the runbook's targets name, and where AWS is.
pub fn environment(home: &Home, pair: &Pair) -> Vec<(&'static str, String)> {
    let config = format!(
        "[profile lecture-dr]\nregion = {STANDBY_REGION}\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"
    );
    let mut environment = pair.endpoints();
    environment.push(("AWS_CONFIG_FILE", home.write("aws/config", config)));
    environment.push(("AWS_SHARED_CREDENTIALS_FILE", home.write("aws/credentials", "")));
    environment.push(("AWS_EC2_METADATA_DISABLED", "true".to_owned()));
    environment
}
