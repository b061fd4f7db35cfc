"""Fixtures that several suites share: real stacks on free ports, stopped at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack.embedded import Stack
from stack.errors import StackError
from stack.installation import Installation
from stack.settings import StackSettings

StackFactory = Callable[..., Stack]

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def start_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackFactory]:
    """Return a function that starts a stack of one's own; takes StackSettings' options.

    Each is stopped, and its folder removed, when the session ends; stop it sooner with `down`.
    """
    try:
        Installation().check()
    except StackError as error:
        pytest.skip(f"no stack can start here: {error}")
    stacks: list[Stack] = []

    def start(**settings: object) -> Stack:
        folder = tmp_path_factory.mktemp("stack")
        stack = Stack(StackSettings(folder=folder, **settings))  # type: ignore[arg-type]
        stacks.append(stack)
        stack.up()
        return stack

    yield start
    for stack in stacks:
        stack.down(delete_data=True)


@pytest.fixture(scope="session")
def stack(start_stack: StackFactory) -> Stack:
    """Return the stack that tests share: two TaskManagers, topics as declared, nothing in them."""
    return start_stack()
