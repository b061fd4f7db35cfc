"""Everything that reads bytes, on what fuzzing has found worth keeping and on some chance bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import corpus, registry
from tests.fuzz.oracle import timed

READERS = sorted(name for name in registry.TARGETS if not name.endswith("_interpreted"))
pytestmark = [
    # NumPy warns of overflow where a target draws numbers that overflow, and Arrow of a line that
    # is no UTF-8, which is refused in the next moment.
    pytest.mark.filterwarnings("ignore"),
]


@cache
def reader(name: str) -> registry.TargetModule:
    return registry.load(name)


@pytest.mark.parametrize("name", sorted(registry.TARGETS))
def test_what_is_kept_is_read_or_refused(name: str) -> None:
    target = reader(name.removesuffix("_interpreted"))
    for data in (*target.seeds(), *corpus.kept(name)):
        timed(target.run, data)


@pytest.mark.parametrize("name", READERS)
def test_chance_bytes_are_read_or_refused(name: str) -> None:
    target = reader(name)

    @settings(max_examples=25, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(list(target.seeds())), st.integers(0, 4096), st.binary(max_size=64))
    def judge(seed: bytes, at: int, more: bytes) -> None:
        at %= len(seed) + 1
        timed(target.run, seed[:at] + more + seed[at + len(more) :])

    judge()


_INTERPRETED = """
import sys
from tests.fuzz import registry

target = registry.load(sys.argv[1])
for data in target.seeds():
    target.run(data)
print(sum(1 for _ in target.seeds()))
"""


@pytest.mark.parametrize("name", sorted(registry.TARGETS.keys() - READERS))
def test_the_kernels_as_python_take_the_seeds(name: str) -> None:
    """They replace parts of `features` by name, which may move."""
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _INTERPRETED, name],
        env={**os.environ, **registry.INTERPRETED},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(told.stdout) > 1


def test_the_corpus_stays_small() -> None:
    assert sum(path.stat().st_size for path in corpus.CORPUS.glob("*.b64")) < 200_000


def test_every_corpus_is_that_of_a_target() -> None:
    assert {path.stem for path in corpus.CORPUS.glob("*.b64")} <= registry.TARGETS.keys()
