"""A trace as OpenTelemetry's own definitions read it, and the sums that its spans must give."""
import base64
import json
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

MS = 1_000_000


def with_bytes(node):
    """OTLP writes ids in hex, where Protocol Buffers want base64."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("traceId", "spanId", "parentSpanId"):
                node[key] = base64.b64encode(bytes.fromhex(value)).decode()
            else:
                with_bytes(value)
    elif isinstance(node, list):
        for one in node:
            with_bytes(one)
    return node


def value(any_value):
    return getattr(any_value, any_value.WhichOneof("value"))


def of(span):
    return {one.key: value(one.value) for one in span.attributes}


with open(sys.argv[1], encoding="utf-8") as file:
    raw = json.load(file)
with open(sys.argv[2], encoding="utf-8") as file:
    story = json.load(file)
request = json_format.ParseDict(with_bytes(raw), ExportTraceServiceRequest(), ignore_unknown_fields=False)
assert ExportTraceServiceRequest.FromString(request.SerializeToString()) == request
[resource] = request.resource_spans
assert {one.key: value(one.value) for one in resource.resource.attributes}["service.name"] == "lifeboat"
[scope] = resource.scope_spans
spans = list(scope.spans)

by_id = {span.span_id: span for span in spans}
assert len(by_id) == len(spans), "span ids are unique"
assert all(len(span.trace_id) == 16 and len(span.span_id) == 8 for span in spans)
assert len({span.trace_id for span in spans}) == 1
[root] = [span for span in spans if not span.parent_span_id]
for span in spans:
    assert span.start_time_unix_nano <= span.end_time_unix_nano, span.name
    if span is not root:
        parent = by_id[span.parent_span_id]
        assert parent.start_time_unix_nano <= span.start_time_unix_nano, (span.name, parent.name)
        assert span.end_time_unix_nano <= parent.end_time_unix_nano, (span.name, parent.name)
    for link in span.links:
        assert link.span_id in by_id, span.name
    if "lifeboat.phase.id" not in of(span) and "lifeboat.awaits" not in of(span):
        assert of(span)["lifeboat.journal.seq"] >= 1, span.name
    for event in span.events:
        assert of(event)["lifeboat.journal.seq"] >= 1

# The run: as long as the four parts of its time, which are as long as its RTO clock ran.
facts = of(root)
parts = [facts[f"lifeboat.time.{name}_ms"] for name in ("people", "cloud", "checks", "waiting")]
length_ms = (root.end_time_unix_nano - root.start_time_unix_nano) // MS
assert sum(parts) == length_ms, (parts, length_ms)
if "lifeboat.rto.actual_ms" in facts:
    assert facts["lifeboat.rto.actual_ms"] == length_ms

# Each attempt: what it waited for, one after the other, without a gap.
steps = {of(span)["lifeboat.step.id"]: span for span in spans if "lifeboat.step.status" in of(span)}
waits = [span for span in spans if "lifeboat.awaits" in of(span)]
for attempt in (span for span in spans if "lifeboat.attempt" in of(span)):
    mine = sorted((w for w in waits if w.parent_span_id == attempt.span_id), key=lambda w: w.start_time_unix_nano)
    for before, after in zip(mine, mine[1:]):
        assert before.end_time_unix_nano == after.start_time_unix_nano, attempt.name

# All of them together: each moment belongs to the cloud before checks, and to checks before people.
edges = sorted({edge for w in waits for edge in (w.start_time_unix_nano, w.end_time_unix_nano)})
sums = {"cloud": 0, "checks": 0, "people": 0}
for start, end in zip(edges, edges[1:]):
    open_ones = {of(w)["lifeboat.awaits"] for w in waits if w.start_time_unix_nano <= start and end <= w.end_time_unix_nano}
    for name in ("cloud", "checks", "people"):
        if name in open_ones:
            sums[name] += (end - start) // MS
            break
told = {name: facts[f"lifeboat.time.{name}_ms"] for name in sums}
assert sums == told, (sums, told)

# The story told as JSON is the same one: its steps, their needs, its deviations and notes.
bars = {bar["id"]: bar for bar in story["chart"]["steps"] if bar["started_at"]}
assert set(bars) == set(steps)
names = {span.span_id: key for key, span in steps.items()}
for key, bar in bars.items():
    assert {names[link.span_id] for link in steps[key].links} == {need for need in bar["needs"] if need in steps}, key
events = [event for span in spans for event in span.events]
assert len(events) == 1 + len(story["deviations"]) + len(story["notes"])
calls = [span for span in spans if span.kind == 3]
assert len(calls) == sum(len(bar["calls"]) for bar in bars.values())
print(len(spans), "spans add up")
