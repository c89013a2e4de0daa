"""Times the same job three ways against emulators of AWS on loopback: lifeboat, boto3, bash with the AWS CLI.

    python compare.py LIFEBOAT [ROUNDS]

Run it with the Python of the emulators' environment (the tests make it, below target/). Every round gives each
way a world of its own, just built, and takes them in turn, so that a slow moment of the machine hits all
alike. Only figures of one run may be compared with each other.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
ACCOUNT = "111122223333"
SERVED_BY_MOTO = ("RDS",)
SERVED_BY_MINISTACK = ("STS", "ECS", "ROUTE_53", "CLOUDFRONT", "CLOUDWATCH")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def answers(url, data=None):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=5) as reply:
            return reply.status == 200
    except OSError:
        return False


def start(command, ready, **env):
    child = subprocess.Popen(command, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not answers(ready):
        if child.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"{command[0]} does not start")
        time.sleep(0.05)
    return child


def build(environment):
    """One failing region's worth of resources. Gives the hosted zone's and the distribution's id."""
    import boto3

    def client(service, region, key):
        return boto3.client(service, region_name=region, endpoint_url=environment[f"AWS_ENDPOINT_URL_{key}"])

    east = client("rds", "us-east-1", "RDS")
    login = {"MasterUsername": "root", "MasterUserPassword": "correct-horse"}
    east.create_db_cluster(DBClusterIdentifier="bench", Engine="aurora-postgresql", **login)
    source = east.describe_db_clusters(DBClusterIdentifier="bench")["DBClusters"][0]["DBClusterArn"]
    west = client("rds", "us-west-2", "RDS")
    west.create_db_cluster(
        DBClusterIdentifier="bench-dr", Engine="aurora-postgresql", ReplicationSourceIdentifier=source, **login
    )
    west.describe_db_clusters(DBClusterIdentifier="bench-dr")
    ecs = client("ecs", "us-west-2", "ECS")
    ecs.create_cluster(clusterName="bench-dr")
    ecs.register_task_definition(family="web", containerDefinitions=[{"name": "web", "image": "web", "memory": 64}])
    ecs.create_service(cluster="bench-dr", serviceName="web", taskDefinition="web", desiredCount=0)
    route53 = client("route53", "us-east-1", "ROUTE_53")
    zone = route53.create_hosted_zone(Name="bench.example", CallerReference=str(time.time_ns()))["HostedZone"]["Id"]
    record = {
        "Name": "api.bench.example.", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "old.bench.example"}]
    }  # fmt: skip
    change = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=change)
    origin = {
        "Id": "web", "DomainName": "old.bench.example",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
    }  # fmt: skip
    config = {
        "CallerReference": str(time.time_ns()), "Comment": "", "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "web", "ViewerProtocolPolicy": "https-only", "MinTTL": 0,
            "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
        },
    }  # fmt: skip
    cloudfront = client("cloudfront", "us-east-1", "CLOUDFRONT")
    distribution = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
    client("cloudwatch", "us-west-2", "CLOUDWATCH").put_metric_data(
        Namespace="AWS/RDS",
        MetricData=[{
            "MetricName": "AuroraBinlogReplicaLag", "Value": 41, "Unit": "Seconds",
            "Dimensions": [{"Name": "DBClusterIdentifier", "Value": "bench-dr"}],
            "Timestamp": datetime.now(timezone.utc) - timedelta(seconds=90),
        }],
    )  # fmt: skip
    return zone.removeprefix("/hostedzone/"), distribution


# A child's peak memory counts from before its exec, so the process that starts it has to be a small one.
SPAWN = """
import os, sys, time
began = time.monotonic()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
wall = time.monotonic() - began
os.write(3, f"{status} {wall} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss / 1024}".encode())
"""


def timed(command, environment):
    """Wall seconds, CPU seconds and peak memory (MiB of the largest process) of a command and all that it starts."""
    read, write = os.pipe()
    # The figures come over descriptor 3.
    shell = ["sh", "-c", f"exec 3>&{write}; exec \"$@\"", "sh", sys.executable, "-S", "-c", SPAWN, *map(str, command)]
    done = subprocess.run(shell, env=environment, pass_fds=[write], capture_output=True, text=True, check=False)
    os.close(write)
    with os.fdopen(read) as figures:
        status, *figure = figures.read().split() or ["?"]
    if status != "0":
        raise SystemExit(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
    return tuple(map(float, figure))


def main():
    lifeboat, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    moto, ministack = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    port = lambda url: url.rsplit(":", 1)[1]
    children = [
        start([BIN / "moto_server", "-H", "127.0.0.1", "-p", port(moto)], f"{moto}/moto-api/"),
        start([BIN / "ministack"], f"{ministack}/_ministack/health", BIND_HOST="127.0.0.1", GATEWAY_PORT=port(ministack)),
    ]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        **{f"AWS_ENDPOINT_URL_{name}": moto for name in SERVED_BY_MOTO},
        **{f"AWS_ENDPOINT_URL_{name}": ministack for name in SERVED_BY_MINISTACK},
        "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true",
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }  # fmt: skip
    os.environ.update({name: value for name, value in environment.items() if name.startswith("AWS_")})
    ways = {"lifeboat": [], "boto3": [], "bash + aws": []}
    try:
        for number in range(rounds + 1):
            for way, figures in ways.items():
                answers(f"{moto}/moto-api/reset", b"")
                answers(f"{ministack}/_ministack/reset", b"")
                zone, distribution = build(environment)
                with tempfile.TemporaryDirectory() as state:
                    command = {
                        "lifeboat": [lifeboat, "--state-dir", state, "drill", HERE / "job.yaml", "--cloud", "aws", "--no-tui",
                                     "--yes", "-i", f"zone={zone}", "-i", f"distribution={distribution}"],
                        "boto3": [sys.executable, HERE / "job.py", zone, distribution],
                        "bash + aws": ["bash", HERE / "job.sh", zone, distribution],
                    }[way]  # fmt: skip
                    figure = timed(command, environment)
                # The first round warms up: the emulators load each service on its first call.
                if number > 0:
                    figures.append(figure)
    finally:
        for child in children:
            child.terminate()
    print(f"{rounds} rounds, medians\n\n{'':12} {'wall ms':>9} {'cpu ms':>9} {'peak MiB':>9}")
    for way, figures in ways.items():
        wall, cpu, peak = (statistics.median(column) for column in zip(*figures))
        print(f"{way:12} {wall * 1000:9.0f} {cpu * 1000:9.0f} {peak:9.1f}")
    for other in ("boto3", "bash + aws"):
        ratios = [ours[0] / theirs[0] for ours, theirs in zip(ways["lifeboat"], ways[other])]
        print(f"\nlifeboat / {other}: {statistics.median(ratios):.3f} (from {min(ratios):.3f} to {max(ratios):.3f}, round by round)")


if __name__ == "__main__":
    main()
