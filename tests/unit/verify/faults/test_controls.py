"""What a control changes of its fault: it finds something on a machine of any speed."""

from __future__ import annotations

import pytest

from verify.faults.catalogue import FAULTS
from verify.faults.fault import Fault, Moment
from verify.faults.run import controlled

WITH_CONTROL = [fault for fault in FAULTS if fault.control is not None]


def delivery(fault: Fault) -> str:
    place = fault.job_arguments.index("--delivery")
    return fault.job_arguments[place + 1]


@pytest.mark.parametrize("fault", WITH_CONTROL, ids=lambda fault: fault.name)
def test_a_control_without_transactions_has_no_checkpoint_to_go_back_to(fault: Fault) -> None:
    """One with transactions keeps its checkpoints, without which it commits nothing."""
    control = controlled(fault)
    held_back = delivery(control) == "at-least-once"
    assert control.moments == ((Moment.UNCHECKPOINTED,) if held_back else (Moment.RANDOM,))
    assert ("execution.checkpointing.interval" in control.flink) == held_back
    assert fault.flink.items() <= control.flink.items()


def test_both_kinds_of_controls_are_there() -> None:
    assert {delivery(controlled(fault)) for fault in WITH_CONTROL} == {
        "at-least-once",
        "exactly-once",
    }
