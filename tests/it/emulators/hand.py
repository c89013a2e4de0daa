"""The independent hand of the emulator tests: makes the calls it is told with boto3.

One JSON object a line on stdin: endpoint, service, region, operation (as boto3's method is named),
params, key, and a JMESPath question to the answer. One a line on stdout: {"ok": answer} or {"error": {"code", "message"}}.
"""

import datetime
import json
import sys

import boto3
import botocore.config
import botocore.exceptions
import jmespath

CONFIG = botocore.config.Config(
    retries={"total_max_attempts": 1},
    s3={"addressing_style": "path"},
    parameter_validation=True,
)
clients = {}


def client(service, region, endpoint, key):
    name = (service, region, endpoint, key)
    if name not in clients:
        clients[name] = boto3.client(
            service,
            region_name=region,
            endpoint_url=endpoint,
            aws_access_key_id=key,
            aws_secret_access_key="secret",
            config=CONFIG,
        )
    return clients[name]


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if hasattr(value, "read"):
        return value.read().decode()
    if isinstance(value, bytes):
        return value.decode()
    return str(value)


def answer(asked):
    try:
        there = client(asked["service"], asked["region"], asked["endpoint"], asked["key"])
        reply = getattr(there, asked["operation"])(**asked["params"])
        reply.pop("ResponseMetadata", None)
        return {"ok": jmespath.search(asked.get("query") or "@", reply)}
    except botocore.exceptions.ClientError as error:
        told = error.response["Error"]
        return {"error": {"code": str(told.get("Code")), "message": str(told.get("Message"))}}
    except Exception as error:  # the test says what it was
        return {"error": {"code": type(error).__name__, "message": str(error)}}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line)), default=plain), flush=True)
