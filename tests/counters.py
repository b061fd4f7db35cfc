"""The job's own counters, as Flink shows them."""

from __future__ import annotations

import re

from stack.clients.flink import FlinkClient


def counted(flink: FlinkClient, job_id: str, stage: str, name: str) -> float:
    """Return a counter of one stage, summed over its subtasks; 0 before it counts.

    `name` is a pattern: counters that match it are added up.
    """
    (vertex,) = (one["id"] for one in flink.job(job_id)["vertices"] if stage in one["name"])
    shown = flink.get(f"/jobs/{job_id}/vertices/{vertex}/subtasks/metrics")
    pattern = re.compile(rf"cardwatch\.{name}$")
    names = [metric["id"] for metric in shown if pattern.search(metric["id"])]
    return sum(flink.metrics(job_id, vertex, names).values()) if names else 0.0
