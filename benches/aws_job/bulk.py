"""Objects a second, copied from a bucket in another region: lifeboat beside `aws s3 sync`, on one emulator.

    python bulk.py LIFEBOAT [OBJECTS] [ROUNDS]

As `compare.py`: run it with the Python of the emulators' environment; the two take turns, each into a bucket of
its own that is empty, and whole processes are timed. lifeboat compares both buckets once before its gate opens
and keeps a journal; `sync` compares once. Only figures of one run may be compared with each other.
"""

import concurrent.futures
import os
import statistics
import sys
import tempfile

from compare import ACCOUNT, BIN, HERE, answers, free_port, start, timed

SOURCE, PREFIX = "bench-replica", "up/"


def client(region):
    import boto3
    from botocore.config import Config

    return boto3.client("s3", region_name=region, config=Config(max_pool_connections=16))


def bucket(name, region):
    s3 = client(region)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return s3


def build(objects):
    s3 = bucket(SOURCE, "eu-central-1")
    put = lambda n: s3.put_object(Bucket=SOURCE, Key=f"{PREFIX}{n:06}.txt", Body=b"object %d" % n)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(put, range(objects)))


def copied(name):
    pages = client("us-west-2").get_paginator("list_object_versions").paginate(Bucket=name)
    return sum(len(page.get("Versions", ())) for page in pages)


def main():
    lifeboat = sys.argv[1]
    objects, rounds = (int(sys.argv[n]) if len(sys.argv) > n else default for n, default in ((2, 2_000), (3, 3)))
    url = f"http://127.0.0.1:{free_port()}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true", "PATH": f"{BIN}:{os.environ['PATH']}",
    }  # fmt: skip
    os.environ.update({name: value for name, value in environment.items() if name.startswith("AWS_")})
    ready = f"{url}/_ministack/health"
    emulator = start([BIN / "ministack"], ready, BIND_HOST="127.0.0.1", GATEWAY_PORT=url.rsplit(":", 1)[1], IOT_MTLS_ENABLED="0")
    ways = {"lifeboat": [], "aws s3 sync": []}
    try:
        for number in range(rounds):
            answers(f"{url}/_ministack/reset", b"")
            build(objects)
            # Each goes first in turn.
            for way in sorted(ways, reverse=number % 2 == 1):
                target = f"bench-{way.split()[-1]}"
                bucket(target, "us-west-2")
                with tempfile.TemporaryDirectory() as state:
                    command = {
                        "lifeboat": [lifeboat, "--state-dir", state, "drill", HERE / "bulk.yaml", "--cloud", "aws",
                                     "--no-tui", "--yes", "-i", f"bucket={target}"],
                        "aws s3 sync": [BIN / "aws", "s3", "sync", f"s3://{SOURCE}/{PREFIX}", f"s3://{target}/{PREFIX}",
                                        "--source-region", "eu-central-1", "--region", "us-west-2", "--only-show-errors"],
                    }[way]  # fmt: skip
                    ways[way].append(timed(command, environment))
                if copied(target) != objects:
                    raise SystemExit(f"{way} copied {copied(target)} of {objects}")
    finally:
        emulator.terminate()
    print(f"{objects} objects, {rounds} rounds, medians\n\n{'':12} {'objects/s':>9} {'wall s':>9} {'cpu s':>9} {'peak MiB':>9}")
    for way, figures in ways.items():
        wall, cpu, peak = (statistics.median(column) for column in zip(*figures))
        print(f"{way:12} {objects / wall:9.0f} {wall:9.1f} {cpu:9.1f} {peak:9.1f}")
    ratios = [theirs[0] / ours[0] for ours, theirs in zip(*ways.values())]
    print(f"\nlifeboat is {statistics.median(ratios):.2f} times as fast (from {min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
