#!/usr/bin/env python3
"""The figures of `lifeboat report`, computed again from the journals alone.

Knows nothing of the program: it reads DIR/runs/*/journal.jsonl and the runbook text in line 1, and
prints the figures as JSON. Standard library only. Every runbook it meets must be laid out as
regional_failover is: phases at two spaces, steps at six.
"""

import json
import re
import sys
from datetime import datetime
from pathlib import Path

UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
ENDS = {"StepSucceeded", "StepFailed", "StepSkipped", "StepRolledBack"}
DEVIATIONS = {
    "RunPaused", "RunAborted", "BudgetExceeded", "CheckOverridden", "ActionUnknown", "UnknownResolved",
    "VerificationInDoubt", "RetryScheduled", "StepDoneExternally", "StepRetried", "RollbackStarted",
}


def instant(text):
    at = datetime.fromisoformat(text)
    return int(at.timestamp()) * 1000 + at.microsecond // 1000


def duration(text):
    return sum(int(n) * UNITS[unit] for n, unit in re.findall(r"(\d+)([smhd])", text))


def phases_of(text):
    """[(phase, budget in ms, [step ids])] of a runbook."""
    found = []
    for line in text[re.search(r"^phases:", text, re.M).start():].splitlines():
        if phase := re.match(r"  - id: (\w+)", line):
            found.append([phase[1], None, []])
        elif budget := re.match(r"    budget: (\S+)", line):
            found[-1][1] = duration(budget[1])
        elif step := re.match(r"      - \{? ?id: (\w+)", line):
            found[-1][2].append(step[1])
    return found


def passed_over(text):
    """Steps whose failure does not hold the run up."""
    step, found = None, set()
    for line in text.splitlines():
        if begun := re.match(r"      - \{? ?id: (\w+)", line):
            step = begun[1]
        if re.search(r"on_failure:\s*continue", line):
            found.add(step)
    return found


def objective(text, name):
    found = re.search(rf"^  {name}:\s*([0-9smhd]+)", text, re.M)
    return duration(found[1]) if found else None


class Run:
    def __init__(self, path):
        records = [json.loads(line) for line in path.read_text().splitlines()]
        self.id = records[0]["run"]
        header = records[0]["ev"]
        text = header["files"][0]["text"]
        self.mode = header["mode"]
        clock = re.search(r"^  clock:\s*(\w+)", text, re.M)
        started = instant(records[0]["wall"])
        self.clock = instant(header["inputs"][clock[1]]) if clock else started
        self.status, self.end, self.rpa = "open", instant(records[-1]["wall"]), None
        point = re.search(r"^  rpa:\s*steps\.(\w+)\.outputs\.(\w+)", text, re.M)
        self.deviations = 0
        self.told = {"impact": self.clock} if clock else {}
        self.items, ready, over = {}, {}, {}
        by_step = {}
        for record in records:
            event, at = record["ev"], instant(record["wall"])
            kind = event["type"]
            step = event.get("step") or event.get("ticket", {}).get("step")
            if kind in DEVIATIONS or (kind == "StepSkipped" and event["by"] is not None):
                self.deviations += 1
            if kind == "StepReady":
                ready.setdefault(step, at)
                over.pop(step, None)
            elif kind in ENDS:
                over[step] = (at, kind)
            if kind == "StepSucceeded" and point and step == point[1]:
                self.rpa = round(event["outputs"][point[2]] * 1000)
            if kind == "RunFinished":
                self.status, self.end = event["status"], at
            elif kind == "RunAborted":
                self.status, self.end = "aborted", at
            elif kind == "MilestoneReached":
                self.told[event["milestone"]] = event.get("about_ms", at)
                if event.get("step"):
                    by_step[event["milestone"]] = (at, event["step"])
                else:
                    by_step.pop(event["milestone"], None)
            elif kind == "RollbackStarted":
                by_step = {name: one for name, one in by_step.items() if one[1] != step}
            elif kind == "ActionItemAdded":
                self.items[event["item"]] = False
            elif kind == "ActionItemDone":
                self.items[event["item"]] = True
        self.rto, self.rpo = objective(text, "rto"), objective(text, "rpo")
        stopped = by_step["recovered"][0] if "recovered" in by_step else self.end
        self.rta = max(0, stopped - self.clock)
        if self.status == "succeeded" and self.rto is not None:
            self.told.setdefault("recovered", self.end)
        self.rto_met = self.met(self.rta, self.rto)
        self.rpo_met = None if self.rpa is None else self.rpa <= self.rpo
        self.may_fail = passed_over(text)
        self.phases = [self.phase(one, ready, over) for one in phases_of(text)]

    def met(self, used, budget):
        if self.status == "open":
            return False if used > budget else None
        return used <= budget and self.status == "succeeded"

    def phase(self, phase, ready, over):
        name, budget, steps = phase
        of = lambda table: [table[key] for key in table if key.split("[")[0] in steps]
        begun, ended = of(ready), of(over)
        settled = lambda key, kind: kind in ("StepSucceeded", "StepSkipped") or (
            kind == "StepFailed" and key in self.may_fail
        )
        good = {key.split("[")[0] for key, one in over.items() if settled(key.split("[")[0], one[1])}
        is_over = all(step in good for step in steps) and len(begun) <= len(ended)
        start = min(begun, default=None)
        end = max((at for at, _ in ended), default=None) if is_over else self.end
        took = 0 if start is None else end - start
        return {"phase": name, "ms": took, "budget": budget, "over": budget is not None and took > budget}

    def interval(self, start, end):
        if start in self.told and end in self.told and self.told[start] <= self.told[end]:
            return self.told[end] - self.told[start]
        return None

    @property
    def ended(self):
        return self.status != "open"

    @property
    def passed(self):
        return self.status == "succeeded" and self.rto_met is not False and self.rpo_met is not False


def mean(values):
    values = [value for value in values if value is not None]
    return sum(values) // len(values) if values else None


def against(runs, actual, budget, met):
    measured = [run for run in runs if run.status == "succeeded" and actual(run) is not None]
    return {
        "measured": len(measured),
        "met": sum(1 for run in measured if met(run)),
        "mean_ms": mean(actual(run) for run in measured),
        "worst_ms": max((actual(run) for run in measured), default=None),
        "target_mean_ms": mean(budget(run) for run in measured),
    }


def figures(runs):
    drills = [run for run in runs if run.mode == "drill"]
    ended, passed = sum(run.ended for run in drills), sum(run.passed for run in drills)
    trends = {}
    for run in (run for run in runs if run.ended):
        for phase in (phase for phase in run.phases if phase["ms"] > 0):
            trends.setdefault(phase["phase"], []).append(phase)
    issues = sum(
        run.deviations + (run.rto_met is False) + (run.rpo_met is False) + sum(phase["over"] for phase in run.phases)
        for run in drills
    )
    return {
        "drills": {
            "runs": len(drills),
            "ended": ended,
            "succeeded": sum(run.status == "succeeded" for run in drills),
            "passed": passed,
            "success_percent": (passed * 100 + ended // 2) // ended if ended else None,
            "rto": against(drills, lambda run: run.rta, lambda run: run.rto, lambda run: run.rto_met),
            "rpo": against(drills, lambda run: run.rpa, lambda run: run.rpo, lambda run: run.rpo_met),
            "detect_mean_ms": mean(run.interval("impact", "detected") for run in drills),
            "decide_mean_ms": mean(run.interval("detected", "declared") for run in drills),
            "restore_mean_ms": mean(run.interval("impact", "recovered") for run in drills),
            "deviations": sum(run.deviations for run in drills),
        },
        "issues": issues,
        "improvements": sum(sum(run.items.values()) for run in runs),
        "open_actions": [f"{run.id}/{n}" for run in runs for n, done in run.items.items() if not done],
        "trends": {
            name: {
                "points": [phase["ms"] for phase in points],
                "mean_ms": sum(phase["ms"] for phase in points) // len(points),
                "last_ms": points[-1]["ms"],
                "over": sum(phase["over"] for phase in points),
            }
            for name, points in trends.items()
        },
    }


if __name__ == "__main__":
    journals = sorted(Path(sys.argv[1], "runs").glob("*/journal.jsonl"))
    print(json.dumps(figures([Run(path) for path in journals])))
