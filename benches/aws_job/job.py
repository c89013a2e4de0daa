"""The job of job.yaml as somebody would write it with boto3: no journal, no gates, the same calls."""

import os
import sys
import time
import uuid
from datetime import datetime, timedelta, timezone

import boto3

CLUSTER = "bench-dr"
zone, distribution = sys.argv[1:3]
home = boto3.session.Session(region_name="us-west-2")
everywhere = boto3.session.Session(region_name="us-east-1")


def until(question):
    while not question():
        time.sleep(0.1)


account = home.client("sts").get_caller_identity()["Account"]
assert account == "111122223333", account

now = datetime.now(timezone.utc)
points = home.client("cloudwatch").get_metric_statistics(
    Namespace="AWS/RDS",
    MetricName="AuroraBinlogReplicaLag",
    Dimensions=[{"Name": "DBClusterIdentifier", "Value": CLUSTER}],
    StartTime=now - timedelta(minutes=10),
    EndTime=now,
    Period=60,
    Statistics=["Average"],
)["Datapoints"]
assert max(points, key=lambda point: point["Timestamp"])["Average"] <= 3600

rds = home.client("rds")


def cluster():
    return rds.describe_db_clusters(DBClusterIdentifier=CLUSTER)["DBClusters"][0]


before = cluster()
assert before["Status"] == "available" and before.get("ReplicationSourceIdentifier")
rds.promote_read_replica_db_cluster(DBClusterIdentifier=CLUSTER)
until(lambda: (c := cluster())["Status"] == "available" and not c.get("ReplicationSourceIdentifier"))

ecs = home.client("ecs")


def service():
    return ecs.describe_services(cluster=CLUSTER, services=["web"])["services"][0]


assert service()["status"] == "ACTIVE"
ecs.update_service(cluster=CLUSTER, service="web", desiredCount=3)
until(lambda: (s := service())["runningCount"] >= 3 and len(s["deployments"]) == 1)

route53 = everywhere.client("route53")
name = "api.bench.example."
listed = route53.list_resource_record_sets(HostedZoneId=zone, StartRecordName=name, StartRecordType="CNAME")
old = next(record for record in listed["ResourceRecordSets"] if record["Name"] == name)
new = dict(old, TTL=60, ResourceRecords=[{"Value": "dr.bench.example"}])
change = route53.change_resource_record_sets(
    HostedZoneId=zone,
    ChangeBatch={
        "Changes": [{"Action": "DELETE", "ResourceRecordSet": old}, {"Action": "CREATE", "ResourceRecordSet": new}]
    },
)["ChangeInfo"]["Id"]
until(lambda: route53.get_change(Id=change)["ChangeInfo"]["Status"] == "INSYNC")

cloudfront = everywhere.client("cloudfront")
answer = cloudfront.get_distribution_config(Id=distribution)
config = answer["DistributionConfig"]
config["Origins"]["Items"][0]["DomainName"] = "dr.bench.example"
cloudfront.update_distribution(Id=distribution, IfMatch=answer["ETag"], DistributionConfig=config)
until(lambda: cloudfront.get_distribution(Id=distribution)["Distribution"]["Status"] == "Deployed")
invalidation = cloudfront.create_invalidation(
    DistributionId=distribution,
    InvalidationBatch={"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": str(uuid.uuid4())},
)["Invalidation"]["Id"]
until(
    lambda: cloudfront.get_invalidation(DistributionId=distribution, Id=invalidation)["Invalidation"]["Status"].upper()
    == "COMPLETED"
)
assert not cluster().get("ReplicationSourceIdentifier")
print(os.getpid(), "done")
