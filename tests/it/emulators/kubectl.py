"""A `kubectl` that knows one deployment, kept in a file beside it, and notes what it was told."""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
STATE = os.path.join(HERE, "deployment.json")


def new():
    containers = [
        {"name": "web", "image": "web:1", "env": [{"name": "DATABASE_HOST", "value": "home.shop.example"},
                                                  {"name": "PASSWORD", "value": "hunter2"}]},
        {"name": "log", "image": "log:1"},
    ]
    counts = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
    return {
        "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop", "generation": 1},
        "spec": {"replicas": 2, "template": {"spec": {"containers": containers}}}, "status": counts,
    }


def state():
    return json.load(open(STATE)) if os.path.exists(STATE) else new()


words = sys.argv[1:]
with open(os.path.join(HERE, "told"), "a") as told:
    told.write(json.dumps(words) + "\n")
options = dict(word[2:].split("=", 1) for word in words if word.startswith("--"))
words = [word for word in words if not word.startswith("--")]
name = words[2].split("/")[-1]
if name != "web" or options.get("namespace") != "shop":
    sys.exit(f'Error from server (NotFound): deployments.apps "{name}" not found')
found = state()
if words[:2] == ["set", "env"]:
    name = words.pop(2).split("/")[1]
    for container in found["spec"]["template"]["spec"]["containers"]:
        if options.get("containers", container["name"]) != container["name"]:
            continue
        for pair in words[2:]:
            key, value = pair.split("=", 1)
            env = [one for one in container.get("env", []) if one["name"] != key]
            container["env"] = env + [{"name": key, "value": value}]
    found["metadata"]["generation"] += 1
    json.dump(found, open(STATE, "w"))
    print("deployment.apps/web env updated")
elif words[0] == "get":
    print(json.dumps(found))
    # It is rolled out once somebody has looked.
    found["status"]["observedGeneration"] = found["metadata"]["generation"]
    json.dump(found, open(STATE, "w"))
