"""Every fault that the suite knows, in the order of a whole run."""

from __future__ import annotations

from harness.errors import BenchmarkError
from verify.faults import (
    clocks,
    disks,
    foreign_topic,
    jobmanager,
    lifecycle,
    odd_traffic,
    outage,
    partitions,
    processes,
)
from verify.faults.fault import Fault

FAULTS: tuple[Fault, ...] = (
    *processes.FAULTS,
    *outage.FAULTS,
    *jobmanager.FAULTS,
    *partitions.FAULTS,
    *disks.FAULTS,
    *clocks.FAULTS,
    *odd_traffic.FAULTS,
    *foreign_topic.FAULTS,
    *lifecycle.FAULTS,
)


def find_fault(name: str) -> Fault:
    """Return the fault of a name; BenchmarkError names them all where there is none."""
    for fault in FAULTS:
        if fault.name == name:
            return fault
    known = ", ".join(fault.name for fault in FAULTS)
    raise BenchmarkError(f"There is no fault {name!r}: choose one of {known}.")
