"""The kernels are compiled beside the start of a stack, and what fails there is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from cli.stack.kernels import compiling
from scoring.loader import find_bundle
from stack.installation import ROOT
from stack.services.embedded import Stack
from stack.settings import StackSettings

_MISSES = """
from features import warm_up
from features.card.kernel import card_kernel
from features.merchant.kernel import merchant_label, merchant_payments
from features.plain.kernel import plain_kernel
from scoring.loader import load_bundle
from scoring.model.row_kernel import run_rows
from scoring.reasons.tree_kernel import add_shapley_values

warm_up()
load_bundle({bundle!r})
kernels = (
    *(card_kernel, merchant_payments, merchant_label, plain_kernel),
    *(run_rows, add_shapley_values),
)
print(*(sum(kernel.stats.cache_misses.values()) for kernel in kernels))
"""


def test_a_process_of_the_stack_finds_everything_compiled(tmp_path: Path) -> None:
    """A TaskManager's environment leads to the cache that was written here."""
    stack = Stack(StackSettings(tmp_path))
    bundle = find_bundle(ROOT / "onnx_models", "ensemble")
    with compiling(stack, bundle):
        pass
    told = subprocess.run(
        [sys.executable, "-c", _MISSES.format(bundle=str(bundle))],
        env=stack.client_environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["0"] * 6


def test_a_bundle_that_does_not_load_is_told_in_a_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(click.ClickException, match=r"could not be compiled: .*manifest"),
        compiling(Stack(StackSettings(tmp_path)), tmp_path),
    ):
        pass
