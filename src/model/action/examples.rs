//! One complete input for every action: for tests that go over the whole catalogue.
//!
//! The names go together (the service runs in the cluster, the record lies in the zone), so that one
//! derived or prepared world answers all of them.

mod databases;

use serde_json::json;

use super::Action;
use crate::model::Value;

/// The example input of an action; `None` for a name that is not in the catalogue.
#[must_use]
pub fn example_with(name: &str) -> Option<Value> {
    let service = name.strip_prefix("aws/").and_then(|name| name.split_once('.')).map_or("", |(service, _)| service);
    match service {
        "rds" => databases::rds(name),
        "ecs" => ecs(name),
        "route53" => route53(name),
        "cloudfront" => cloudfront(name),
        "s3" => s3(name),
        "dynamodb" => dynamodb(name),
        "application_autoscaling" => application_autoscaling(name),
        "elbv2" => elbv2(name),
        "elasticache" => databases::elasticache(name),
        "backup" => databases::backup(name),
        _ => others(name),
    }
}

/// The example of an action.
#[must_use]
pub fn example(name: &str) -> Option<Action> {
    Action::parse(name, &example_with(name)?).ok()
}

const CLUSTER: &str = "shop-dr";

const ALARM: &str = "shop-replica-lag";
const HEALTH_CHECK: &str = "0a1b2c3d-1111-2222-3333-444455556666";
const TARGET_GROUP: &str = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/shop-web/0123456789abcdef";

fn ecs(name: &str) -> Option<Value> {
    Some(match name {
        "aws/ecs.update_service" => json!({"cluster": "shop", "service": "web", "desired_count": 3}),
        "aws/ecs.describe_services" => json!({"cluster": "shop", "services": ["web"]}),
        "aws/ecs.services_stable" => json!({"cluster": "shop", "service": "web"}),
        "aws/ecs.describe_task_definition" => json!({"task_definition": "web", "show": ["DATABASE_HOST"]}),
        "aws/ecs.register_task_definition" => json!({
            "family": "web",
            "container_definitions": [
                {"name": "web", "environment": [{"name": "DATABASE_HOST", "value": "dr.shop.example"}]},
            ],
            "cluster": "shop", "service": "web",
        }),
        "aws/ecs.describe_clusters" => json!({"clusters": ["shop"]}),
        _ => return None,
    })
}

fn route53(name: &str) -> Option<Value> {
    let record = json!({
        "name": "www.shop.example", "type": "CNAME", "ttl": 60,
        "resource_records": [{"value": "dr.shop.example"}],
    });
    Some(match name {
        "aws/route53.change_resource_record_sets" => json!({
            "hosted_zone_id": "Z0EXAMPLE",
            "change_batch": {"changes": [{"action": "UPSERT", "resource_record_set": record}]},
        }),
        "aws/route53.get_change" => json!({"id": "C0EXAMPLE"}),
        "aws/route53.list_resource_record_sets" => json!({"hosted_zone_id": "Z0EXAMPLE", "max_items": 100}),
        "aws/route53.get_hosted_zone" => json!({"id": "Z0EXAMPLE"}),
        "aws/route53.test_dns_answer" => {
            json!({"hosted_zone_id": "Z0EXAMPLE", "record_name": "www.shop.example", "record_type": "CNAME"})
        }
        "aws/route53.get_health_check_status" | "aws/route53.get_health_check" => {
            json!({"health_check_id": HEALTH_CHECK})
        }
        "aws/route53.update_health_check" => json!({"health_check_id": HEALTH_CHECK, "inverted": true}),
        _ => return None,
    })
}

fn cloudfront(name: &str) -> Option<Value> {
    Some(match name {
        "aws/cloudfront.update_origin" => {
            json!({"id": "E0EXAMPLE", "origin_id": "app", "domain_name": "dr.shop.example"})
        }
        "aws/cloudfront.create_invalidation" => {
            json!({"distribution_id": "E0EXAMPLE", "paths": ["/*"], "caller_reference": "example-1"})
        }
        "aws/cloudfront.get_distribution" => json!({"id": "E0EXAMPLE"}),
        "aws/cloudfront.get_invalidation" => json!({"distribution_id": "E0EXAMPLE", "id": "I0EXAMPLE"}),
        _ => return None,
    })
}

fn s3(name: &str) -> Option<Value> {
    Some(match name {
        "aws/s3.head_bucket" | "aws/s3.get_bucket_versioning" | "aws/s3.get_bucket_replication" => {
            json!({"bucket": "shop-content"})
        }
        "aws/s3.get_bucket_lifecycle_configuration" => json!({"bucket": "shop-content"}),
        "aws/s3.put_bucket_versioning" => {
            json!({"bucket": "shop-content", "versioning_configuration": {"status": "Enabled"}})
        }
        "aws/s3.list_object_versions" => json!({"bucket": "shop-content", "prefix": "uploads/", "max_keys": 100}),
        "aws/s3.copy_from_replica" | "aws/s3.compare_with_replica" => json!({
            "bucket": "shop-content", "replica_bucket": "shop-content-replica", "replica_region": "us-east-1",
            "prefix": "uploads/",
        }),
        "aws/s3.restore_object_version" => {
            json!({"bucket": "shop-content", "key": "uploads/report.pdf", "version_id": "v-good"})
        }
        _ => return None,
    })
}

fn dynamodb(name: &str) -> Option<Value> {
    let restored = "shop-orders-restored";
    Some(match name {
        "aws/dynamodb.restore_table_to_point_in_time" => json!({
            "source_table_name": "shop-orders", "target_table_name": restored,
            "restore_date_time": "2026-01-04T02:30:00Z",
        }),
        "aws/dynamodb.describe_table" | "aws/dynamodb.describe_time_to_live" | "aws/dynamodb.delete_table" => {
            json!({"table_name": restored})
        }
        "aws/dynamodb.update_continuous_backups" => json!({
            "table_name": restored,
            "point_in_time_recovery_specification": {"point_in_time_recovery_enabled": true},
        }),
        "aws/dynamodb.update_time_to_live" => json!({
            "table_name": restored,
            "time_to_live_specification": {"enabled": true, "attribute_name": "expires_at"},
        }),
        "aws/dynamodb.update_table" => json!({
            "table_name": restored,
            "stream_specification": {"stream_enabled": true, "stream_view_type": "NEW_AND_OLD_IMAGES"},
        }),
        "aws/dynamodb.describe_continuous_backups" => json!({"table_name": "shop-orders"}),
        _ => return None,
    })
}

fn application_autoscaling(name: &str) -> Option<Value> {
    let (resource, dimension) = ("service/shop/web", "ecs:service:DesiredCount");
    Some(match name {
        "aws/application_autoscaling.register_scalable_target" => json!({
            "service_namespace": "ecs", "resource_id": resource, "scalable_dimension": dimension,
            "min_capacity": 3, "max_capacity": 6,
        }),
        "aws/application_autoscaling.describe_scalable_targets" => json!({
            "service_namespace": "ecs", "resource_ids": [resource], "scalable_dimension": dimension,
        }),
        _ => return None,
    })
}

fn elbv2(name: &str) -> Option<Value> {
    Some(match name {
        "aws/elbv2.describe_target_health" => json!({"target_group_arn": TARGET_GROUP}),
        "aws/elbv2.describe_target_groups" => json!({"target_group_arns": [TARGET_GROUP]}),
        "aws/elbv2.modify_target_group" => json!({
            "target_group_arn": TARGET_GROUP, "health_check_enabled": true, "health_check_path": "/health",
        }),
        _ => return None,
    })
}

fn others(name: &str) -> Option<Value> {
    Some(match name {
        "aws/sts.get_caller_identity" => json!({}),
        "aws/cloudwatch.get_metric" => json!({
            "namespace": "AWS/RDS", "metric_name": "AuroraBinlogReplicaLag",
            "dimensions": {"DBClusterIdentifier": CLUSTER},
        }),
        "aws/cloudwatch.describe_alarms" => json!({"alarm_names": [ALARM]}),
        "aws/cloudwatch.put_metric_alarm" => json!({
            "alarm_name": ALARM, "namespace": "AWS/RDS", "metric_name": "AuroraBinlogReplicaLag",
            "dimensions": {"DBClusterIdentifier": CLUSTER}, "statistic": "Maximum", "period": 60,
            "evaluation_periods": 3, "threshold": 900.0, "comparison_operator": "GreaterThanThreshold",
            "treat_missing_data": "breaching", "alarm_actions": ["arn:aws:sns:us-east-1:111122223333:alerts"],
        }),
        "aws/logs.describe_log_groups" => json!({"log_group_name_prefix": "/shop/"}),
        "aws/logs.create_log_group" => json!({"log_group_name": "/shop/failover"}),
        "aws/ssm.get_parameter" => json!({"name": "/shop/endpoint"}),
        "aws/ssm.get_parameters_by_path" => json!({"path": "/shop", "recursive": true}),
        "aws/cli" => json!({
            "service": "logs", "operation": "put-retention-policy",
            "args": ["--log-group-name", "/shop/web", "--retention-in-days", "30"],
        }),
        "aws/cli_read" => json!({
            "service": "logs", "operation": "describe-log-groups", "query": "logGroups[].logGroupName",
        }),
        "kube/set_env" => json!({
            "deployment": "web", "env": {"DATABASE_HOST": "dr.shop.example"}, "container": "web", "namespace": "shop",
        }),
        "kube/get_deployment" | "kube/rollout_status" => json!({"deployment": "web", "namespace": "shop"}),
        "aws/sns.publish" => json!({
            "topic_arn": "arn:aws:sns:us-east-1:111122223333:alerts",
            "message": "The replica is 90 minutes behind", "subject": "RPO violation",
        }),
        "slack/post" => json!({"webhook": "secret:slack", "text": "The shop runs in us-east-1"}),
        "teams/post" => json!({"webhook": "secret:teams", "title": "Failover", "text": "The shop runs in us-east-1"}),
        "webhook/post" => json!({"url": "https://status.shop.example/api/incidents", "body": {"status": "monitoring"}}),
        "pagerduty/change_event" => json!({"routing_key": "secret:pagerduty", "summary": "The shop runs in us-east-1"}),
        "exec" => json!({"argv": ["true"]}),
        "http/check" => json!({"url": "https://www.shop.example/health"}),
        "dns/resolve" => json!({"name": "www.shop.example", "type": "CNAME"}),
        "sql/query" => json!({
            "query": "select count(*) from orders", "host": "db.shop.example", "database": "shop", "user": "reader",
            "password_from": "env:SHOP_DB_PASSWORD",
        }),
        "redis/command" => json!({"url": "rediss://cache.shop.example:6379/0", "command": ["DBSIZE"]}),
        "manual" => json!({"ask": "Is the primary fenced?"}),
        "note" => json!({"text": "an example"}),
        "wait" => json!({"for": "1s"}),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::action::SPECS;

    #[test]
    fn every_action_has_an_example_and_it_is_whole() {
        for spec in SPECS {
            let with = example_with(spec.name).unwrap_or_else(|| panic!("{} has no example", spec.name));
            let action = Action::parse(spec.name, &with).unwrap();
            assert_eq!(action.with(), with, "{} says all its members", spec.name);
        }
    }
}
