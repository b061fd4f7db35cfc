"""The steps of a long command."""

from __future__ import annotations

import pytest

from cli.console import Output


@pytest.mark.parametrize(
    ("output", "wanted"),
    [
        (Output(quiet=True), []),
        (Output(), ["one", "two"]),
        (Output(verbose=True), ["0.0 s  one", "0.0 s  two"]),
    ],
)
def test_steps_are_told_as_loudly_as_asked_for(
    output: Output, wanted: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A step is a line where nobody looks on, and with --verbose it has its seconds."""
    with output.steps() as step:
        step("one")
        step("two")
    assert [line.strip() for line in capsys.readouterr().err.splitlines()] == wanted
