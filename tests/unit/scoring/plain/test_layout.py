"""The first byte, the masks of flags, and the digests that key the machine code."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
import pytest

from events.decision import Flag
from features.catalogue import CARD_FEATURES, FEATURE_NAMES
from features.kernels.compiled import SOURCES, digest_of
from scoring.decision.policy import Verdict
from scoring.messages import LabelOnItsWay, Refused, pack
from scoring.plain import layout
from scoring.plain.decision_kernel import write_decisions
from scoring.plain.decisions import DecisionWriter
from scoring.plain.hand_over import Requests
from scoring.plain.hand_over_kernels import read_hand_overs, take_features, write_hand_overs
from scoring.plain.layout import KIND, MASKS, PLAN, flags_of, is_plain, mask_of
from scoring.plain.warm import compile_decisions
from stack.installation import ROOT
from tests.unit.events.samples import NOW_MS
from tests.unit.features.factories import label
from tests.unit.scoring.plain.batches import PLAIN, Paid, batch_of
from tests.unit.scoring.scene import shipped


def test_a_hand_over_is_told_from_every_message() -> None:
    batch = batch_of([Paid(PLAIN, NOW_MS)])
    assert [is_plain(body) for body in batch.packed()] == [True]
    messages = (batch.requests[0], LabelOnItsWay(label()), Refused(None, b""))
    assert not any(is_plain(pack(message)) for message in messages)


def test_releases_with_other_features_have_other_hand_overs() -> None:
    """They end the batch where they would be read as something else."""
    assert len(CARD_FEATURES) == KIND >> 8


def test_a_mask_holds_each_flag() -> None:
    """Each set of flags has a mask of its own, which gives the flags in their order."""
    assert [mask_of(flags_of(mask)) for mask in range(MASKS)] == [*range(MASKS)]
    assert flags_of(MASKS - 1) == [*get_args(Flag)]


def test_a_digest_is_that_of_the_modules_in_a_folder(tmp_path: Path) -> None:
    """A better word is no reason to compile again, a change of any other module is one."""
    (tmp_path / "below").mkdir()
    module = tmp_path / "below" / "kernel.py"
    module.write_text("ONE = 1\n")
    before = digest_of(tmp_path)
    (tmp_path / "words.py").write_text("WORDS = 'words'\n")
    assert digest_of(tmp_path) == before
    module.write_text("ONE = 2\n")
    assert digest_of(tmp_path) != before


ENTRY_POINTS: Final = (write_hand_overs, read_hand_overs, take_features, write_decisions)


@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
def test_machine_code_is_kept_for_these_modules_only(entry_point: Callable[..., Any]) -> None:
    """A change in a helper or a constant would go unseen otherwise."""
    closure = getattr(entry_point, "py_func").__closure__  # noqa: B009
    assert PLAN in [cell.cell_contents for cell in closure]
    assert PLAN.sources == (SOURCES, digest_of(Path(layout.__file__).parent))


_WARM_UP: Final = """
from scoring.plain.warm import compile_decisions
from tests.unit.scoring.plain.test_layout import ENTRY_POINTS
from tests.unit.scoring.scene import shipped

compile_decisions(shipped())
print(*(len(each.signatures) for each in ENTRY_POINTS))
"""


def test_a_warm_up_compiles_everything() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _WARM_UP], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["1"] * len(ENTRY_POINTS)


def test_no_kind_of_array_is_compiled_for_beside_the_warm_up() -> None:
    """That would happen in the midst of a stream."""
    compile_decisions(shipped())
    before = [getattr(each, "signatures").copy() for each in ENTRY_POINTS]  # noqa: B009
    requests = Requests(batch_of([Paid(PLAIN, NOW_MS)] * 3).packed([2, 0]))
    values = requests.values(len(FEATURE_NAMES))
    values[:] = 0
    writer = DecisionWriter(shipped().manifest, shipped().policy, "EUR", "2026-10-06")
    scores = np.asfortranarray(np.zeros((2, 1 + len(shipped().manifest.members))))
    numbers = np.arange(8)[::4]
    writer.decisions(requests, values, scores, numbers, numbers, [Verdict("LOW", "")] * 2, NOW_MS)
    assert [getattr(each, "signatures") for each in ENTRY_POINTS] == before  # noqa: B009
