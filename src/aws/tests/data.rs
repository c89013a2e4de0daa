//! RDS, ECS and CloudWatch at the wire.

use serde_json::{Value, json};

use super::scripts::{AWAY, CLUSTER, HOME, datapoints, global_cluster, query, service};
use super::{play, refusal, replay, request};
use crate::aws::wire::{self, Answer};
use crate::model::action::{Action, examples};
use crate::model::outcome::{CloudErrorKind, ProbeAnswer};

fn cluster() -> Value {
    json!({
        "db_cluster_identifier": "shop-dr",
        "db_cluster_arn": "arn:aws:rds:us-east-1:111122223333:cluster:shop-dr",
        "status": "available",
        "engine": "aurora-mysql",
        "engine_version": "8.0.mysql_aurora.3.08.0",
        "endpoint": "shop-dr.cluster-x.us-east-1.rds.amazonaws.com",
        "reader_endpoint": "shop-dr.cluster-ro-x.us-east-1.rds.amazonaws.com",
        "replication_source_identifier": "arn:aws:rds:eu-central-1:111122223333:cluster:shop",
        "members": [{"db_instance_identifier": "shop-dr-1", "is_writer": true}],
        "backup_retention_period": 30,
        "preferred_backup_window": "03:00-03:30",
        "earliest_restorable_time": "2026-10-22T03:04:05.000Z",
        "latest_restorable_time": "2026-11-21T13:55:00.000Z",
        "deletion_protection": true,
        "db_subnet_group": "shop",
        "vpc_security_group_ids": ["sg-1"],
        "pending_modified_values": {"backup_retention_period": 35},
    })
}

#[tokio::test]
async fn a_cluster_is_promoted_and_read() {
    let (promoted, sent) = play("aws/rds.promote_read_replica_db_cluster").await;
    assert_eq!(promoted, cluster());
    assert_eq!(sent[0].body, "Action=PromoteReadReplicaDBCluster&Version=2014-10-31&DBClusterIdentifier=shop-dr");
    let (read, sent) = play("aws/rds.describe_db_clusters").await;
    assert_eq!(read, cluster());
    assert_eq!(sent[0].body, "Action=DescribeDBClusters&Version=2014-10-31&DBClusterIdentifier=shop-dr");
    assert_eq!(sent.len(), 1);
}

#[tokio::test]
async fn a_cluster_that_stands_alone_has_no_source() {
    let promote = examples::example("aws/rds.promote_read_replica_db_cluster").unwrap();
    let source = "arn:aws:rds:eu-central-1:111122223333:cluster:shop";
    for (status, source, wanted) in [
        ("available", source, ProbeAnswer::Before),
        ("promoting", source, ProbeAnswer::InProgress),
        ("available", "", ProbeAnswer::After),
    ] {
        let xml = CLUSTER
            .replace("arn:aws:rds:eu-central-1:111122223333:cluster:shop", source)
            .replace("<Status>available", &format!("<Status>{status}"));
        let answer = query("DescribeDBClusters", &format!("<DBClusters>{xml}</DBClusters>"));
        let (read, _) = replay("aws/rds.describe_db_clusters", [answer]).await;
        let read = read.unwrap();
        assert_eq!(read["replication_source_identifier"].is_null(), source.is_empty());
        assert_eq!(promote.judge(None, &read), wanted);
    }
    // While it is made, a cluster has no endpoint yet.
    let young = "<DBClusters><DBCluster><DBClusterIdentifier>shop-dr</DBClusterIdentifier><Status>creating</Status></DBCluster></DBClusters>";
    let (read, _) = replay("aws/rds.describe_db_clusters", [query("DescribeDBClusters", young)]).await;
    let read = read.unwrap();
    assert_eq!((&read["endpoint"], &read["members"]), (&Value::Null, &json!([])));
}

#[tokio::test]
async fn an_instance_is_promoted_and_read() {
    let (promoted, sent) = play("aws/rds.promote_read_replica").await;
    assert_eq!(
        promoted,
        json!({
            "db_instance_identifier": "shop-replica",
            "db_instance_arn": "arn:aws:rds:us-east-1:111122223333:db:shop-replica",
            "db_instance_status": "available",
            "engine": "postgres",
            "endpoint": "shop-replica.x.us-east-1.rds.amazonaws.com",
            "port": 5432,
            "read_replica_source_db_instance_identifier": "arn:aws:rds:eu-central-1:111122223333:db:shop",
            "db_cluster_identifier": null,
            "db_instance_class": "db.r6g.large",
            "multi_az": true,
            "backup_retention_period": 7,
            "preferred_backup_window": null,
            "latest_restorable_time": null,
            "deletion_protection": false,
            "db_subnet_group": "shop",
            "vpc_security_group_ids": ["sg-1"],
            "pending_modified_values": null,
        })
    );
    assert_eq!(
        sent[0].body,
        "Action=PromoteReadReplica&Version=2014-10-31&DBInstanceIdentifier=shop-replica&BackupRetentionPeriod=7"
    );
    let (read, sent) = play("aws/rds.describe_db_instances").await;
    assert_eq!(read, promoted);
    assert_eq!(sent[0].body, "Action=DescribeDBInstances&Version=2014-10-31&DBInstanceIdentifier=shop-replica");
}

#[tokio::test]
async fn a_writer_moves_with_or_without_loss() {
    let (moving, sent) = play("aws/rds.failover_global_cluster").await;
    let target = "TargetDbClusterIdentifier=arn%3Aaws%3Ards%3Aus-east-1%3A111122223333%3Acluster%3Ashop-global-dr";
    let id = "Version=2014-10-31&GlobalClusterIdentifier=shop-global";
    assert_eq!(sent[0].body, format!("Action=FailoverGlobalCluster&{id}&{target}&AllowDataLoss=true"));
    assert_eq!(
        moving["failover_state"],
        json!({"status": "pending", "from_db_cluster_arn": HOME, "to_db_cluster_arn": AWAY, "is_data_loss_allowed": true})
    );
    let (switching, sent) = play("aws/rds.switchover_global_cluster").await;
    assert_eq!(sent[0].body, format!("Action=SwitchoverGlobalCluster&{id}&{target}"));
    assert_eq!(switching, moving);
    let member =
        |arn: &str| json!({"db_cluster_arn": arn, "is_writer": arn == HOME, "synchronization_status": "connected"});
    let (read, sent) = play("aws/rds.describe_global_clusters").await;
    assert_eq!(sent[0].body, format!("Action=DescribeGlobalClusters&{id}"));
    assert_eq!(
        read,
        json!({
            "global_cluster_identifier": "shop-global",
            "status": "available",
            "failover_state": null,
            "writer": HOME,
            "members": [member(HOME), member(AWAY)],
        })
    );
}

#[tokio::test]
async fn a_move_of_the_writer_is_judged_by_what_is_read() {
    let failover = examples::example("aws/rds.failover_global_cluster").unwrap();
    for (writer, state, wanted) in [
        (HOME, "", ProbeAnswer::Before),
        (HOME, "<Status>failing-over</Status>", ProbeAnswer::InProgress),
        (AWAY, "", ProbeAnswer::After),
    ] {
        let global = global_cluster("GlobalClusterMember", writer, state);
        let answer = query("DescribeGlobalClusters", &format!("<GlobalClusters>{global}</GlobalClusters>"));
        let (read, _) = replay("aws/rds.describe_global_clusters", [answer]).await;
        assert_eq!(failover.judge(None, &read.unwrap()), wanted);
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    for (name, operation, list, code) in [
        ("aws/rds.describe_db_clusters", "DescribeDBClusters", "DBClusters", "DBClusterNotFoundFault"),
        ("aws/rds.describe_db_instances", "DescribeDBInstances", "DBInstances", "DBInstanceNotFound"),
        ("aws/rds.describe_global_clusters", "DescribeGlobalClusters", "GlobalClusters", "GlobalClusterNotFoundFault"),
    ] {
        let (said, _) = replay(name, [Answer::xml_error(404, code, "not found")]).await;
        assert_eq!(refusal(&said.unwrap_err()), (CloudErrorKind::NotFound, code));
        let (empty, _) = replay(name, [query(operation, &format!("<{list}/>"))]).await;
        assert_eq!(refusal(&empty.unwrap_err()), (CloudErrorKind::NotFound, code));
    }
    let name = "aws/rds.promote_read_replica_db_cluster";
    let (busy, _) = replay(name, [Answer::xml_error(400, "InvalidDBClusterStateFault", "backing up")]).await;
    assert_eq!(refusal(&busy.unwrap_err()), (CloudErrorKind::Invalid, "InvalidDBClusterStateFault"));
    let (empty, _) = replay(name, [query("PromoteReadReplicaDBCluster", "")]).await;
    assert_eq!(refusal(&empty.unwrap_err()), (CloudErrorKind::UnknownOutcome, "UnreadableAnswer"));
}

#[tokio::test]
async fn a_service_is_updated_and_read() {
    let (updated, sent) = play("aws/ecs.update_service").await;
    let deployment = json!({
        "id": "ecs-svc/0", "status": "PRIMARY", "rollout_state": "IN_PROGRESS", "desired_count": 3, "running_count": 2,
    });
    let service = json!({
        "service_name": "web",
        "status": "ACTIVE",
        "desired_count": 3,
        "running_count": 2,
        "pending_count": 1,
        "task_definition": "arn:aws:ecs:us-east-1:111122223333:task-definition/web:7",
        "launch_type": "FARGATE",
        "deployments": [deployment],
    });
    assert_eq!(updated, service);
    assert_eq!(sent[0].header("x-amz-target"), Some("AmazonEC2ContainerServiceV20141113.UpdateService"));
    let body: Value = serde_json::from_str(&sent[0].body).unwrap();
    assert_eq!(body, json!({"cluster": "shop", "service": "web", "desiredCount": 3}));
    let (read, sent) = play("aws/ecs.describe_services").await;
    let failure = json!({"arn": "arn:aws:ecs:us-east-1:111122223333:service/shop/x", "reason": "MISSING"});
    assert_eq!(read, json!({"services": [service], "failures": [failure]}));
    let body: Value = serde_json::from_str(&sent[0].body).unwrap();
    assert_eq!(body, json!({"cluster": "shop", "services": ["web"]}));
    assert_eq!(examples::example("aws/ecs.update_service").unwrap().judge(None, &read), ProbeAnswer::After);
}

#[tokio::test]
async fn a_new_deployment_is_asked_for_only_when_wanted() {
    let with = json!({"cluster": "shop", "service": "web", "task_definition": "web:8", "force_new_deployment": true});
    let answer = Answer::ok(&json!({"service": service(3, &[0, 3])}).to_string());
    let (reply, sent) = wire::ask(&request("aws/ecs.update_service", &with), [answer]).await;
    assert_eq!(reply.unwrap().value["deployments"].as_array().unwrap().len(), 2);
    let body: Value = serde_json::from_str(&sent[0].body).unwrap();
    assert_eq!(
        body,
        json!({"cluster": "shop", "service": "web", "taskDefinition": "web:8", "forceNewDeployment": true})
    );
}

#[tokio::test]
async fn stable_is_one_deployment_with_all_its_tasks() {
    let stable = async |service: Value| {
        let answer = Answer::ok(&json!({"services": [service], "failures": []}).to_string());
        replay("aws/ecs.services_stable", [answer]).await.0.unwrap()
    };
    let now = stable(service(3, &[3])).await;
    assert_eq!((&now["stable"], &now["running_count"]), (&json!(true), &json!(3)));
    assert_eq!((&now["rollout_state"], &now["deployments"][0]["running_count"]), (&json!("IN_PROGRESS"), &json!(3)));
    assert_eq!(stable(service(3, &[2])).await["stable"], false);
    assert_eq!(stable(service(3, &[2, 1])).await["stable"], false);
    assert_eq!(stable(service(0, &[0])).await["stable"], true);
    // A deleted service wants nothing and runs nothing, and is not stable for that.
    assert_eq!(stable(service(0, &[])).await["stable"], false);
    let missing = json!({"services": [], "failures": [{"arn": "x", "reason": "MISSING"}]});
    let (missing, _) = replay("aws/ecs.services_stable", [Answer::ok(&missing.to_string())]).await;
    assert_eq!(refusal(&missing.unwrap_err()), (CloudErrorKind::NotFound, "ServiceNotFoundException"));
    let gone = Answer::json_error(400, "ClusterNotFoundException", "Cluster not found.");
    let (gone, _) = replay("aws/ecs.services_stable", [gone]).await;
    assert_eq!(refusal(&gone.unwrap_err()), (CloudErrorKind::NotFound, "ClusterNotFoundException"));
}

#[tokio::test]
async fn the_newest_datapoint_counts_and_its_age_is_told_by_the_cloud_s_clock() {
    let (metric, sent) = play("aws/cloudwatch.get_metric").await;
    assert_eq!(
        metric,
        json!({"latest": 41.0, "unit": "Seconds", "raw": 41.0, "raw_unit": "Seconds",
               "timestamp": "2026-11-21T13:58:00.000Z", "age_seconds": 125})
    );
    assert!(sent[0].uri.ends_with("/operation/GetMetricStatistics"), "{}", sent[0].uri);
    for words in ["AWS/RDS", "AuroraBinlogReplicaLag", "DBClusterIdentifier", "shop-dr", "Average", "StartTime"] {
        assert!(sent[0].body.contains(words), "{words}");
    }
}

#[tokio::test]
async fn lag_is_told_in_seconds_and_missing_when_nobody_knows_it() {
    let metric = async |name: &str, points: &[(u32, f64, &str)]| {
        let with = json!({"namespace": "AWS/RDS", "metric_name": name, "dimensions": {}});
        let (reply, _) = wire::ask(&request("aws/cloudwatch.get_metric", &with), [datapoints(points)]).await;
        reply.unwrap().value
    };
    let at = 1_795_269_480;
    for name in ["AuroraReplicaLag", "AuroraGlobalDBReplicationLag", "AuroraGlobalDBRPOLag"] {
        for unit in ["Milliseconds", "None"] {
            let lag = metric(name, &[(at, 2500.0, unit)]).await;
            assert_eq!((&lag["latest"], &lag["raw"], &lag["unit"]), (&json!(2.5), &json!(2500.0), &json!("Seconds")));
            assert_eq!(lag["raw_unit"], unit);
        }
    }
    for name in ["ReplicaLag", "AuroraBinlogReplicaLag"] {
        assert_eq!(metric(name, &[(at, 7.0, "Seconds")]).await["latest"], 7.0);
        let ended = metric(name, &[(at, -1.0, "Seconds")]).await;
        assert_eq!((ended.get("latest"), &ended["raw"]), (None, &json!(-1.0)));
    }
    // Elsewhere a number below zero is a number.
    assert_eq!(metric("Temperature", &[(at, -1.0, "None")]).await["latest"], -1.0);
    let none = metric("ReplicaLag", &[]).await;
    assert_eq!(none, json!({"unit": null, "raw": null, "raw_unit": null, "timestamp": null, "age_seconds": null}));
}

#[tokio::test]
async fn an_unknown_statistic_is_refused_unsent() {
    let with = json!({"namespace": "x", "metric_name": "y", "dimensions": {}, "statistic": "Median"});
    let (reply, sent) = wire::ask(&request("aws/cloudwatch.get_metric", &with), []).await;
    assert_eq!(refusal(&reply.unwrap_err()), (CloudErrorKind::Invalid, "InvalidParameterValue"));
    assert!(sent.is_empty());
}

#[test]
fn the_examples_name_one_cluster() {
    let promote = examples::example("aws/rds.promote_read_replica_db_cluster").unwrap();
    assert_eq!(promote.probe(), examples::example("aws/rds.describe_db_clusters"));
    assert!(matches!(promote, Action::PromoteReadReplicaDbCluster(_)));
}
