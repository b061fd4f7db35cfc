"""Fixtures that several suites share: real stacks on free ports, stopped at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest
from hypothesis import HealthCheck, settings

from stack.services.embedded import Stack
from stack.settings import StackSettings
from tests.file_sums import hold_every_file_to_its_sums
from tests.running import RunningJob, fresh_job, running_job

pytest_plugins = ("tests.times", "tests.workers")

StackFactory = Callable[..., Stack]

# A busy machine is no defect of what is tested.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument: packed ones hold the time, and workers must agree on names."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session", autouse=True)
def _every_line_of_a_file_is_accounted_for() -> Iterator[None]:
    """Count the rows and lines of every file that a test reads to its end a second time."""
    with pytest.MonkeyPatch.context() as patch:
        hold_every_file_to_its_sums(patch)
        yield


@pytest.fixture(scope="session")
def start_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackFactory]:
    """Return a function that starts a stack of one's own; takes StackSettings' options.

    Each is stopped, and its folder removed, when the session ends; stop it sooner with `down`.
    """
    with ExitStack() as at_end:

        def start(**settings: object) -> Stack:
            folder = tmp_path_factory.mktemp("stack")
            stack = Stack(StackSettings(folder=folder, **settings))  # type: ignore[arg-type]
            at_end.callback(partial(stack.down, delete_data=True))
            stack.up()
            return stack

        yield start


@pytest.fixture(scope="session")
def stack(start_stack: StackFactory) -> Stack:
    """Return the stack that tests share: two TaskManagers, topics as declared, nothing in them."""
    return start_stack()


@pytest.fixture(scope="session")
def job_stack(start_stack: StackFactory) -> Stack:
    """Return the stack on which modules run their jobs, one after the other: see `job`."""
    return start_stack()


@pytest.fixture(scope="module")
def job(job_stack: Stack) -> Iterator[RunningJob]:
    """Run the job for the tests of a module: empty topics, no state, two TaskManagers."""
    with fresh_job(job_stack) as running:
        yield running


@pytest.fixture(scope="module")
def own_job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningJob]:
    """Run the job for the tests of a module on a new stack, which ends with the module."""
    with running_job(tmp_path_factory.mktemp("stack")) as running:
        yield running
