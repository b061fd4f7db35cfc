"""Compilation of the kernels beside the start of the stack."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from stack.services.embedded import Stack


@contextmanager
def compiling(stack: Stack, *bundle: Path) -> Iterator[None]:
    """Compile in a process of its own; at the end, wait until the kernels are in the cache.

    The first call of a checkout compiles for half a minute, later ones load for a second. A job
    that starts meanwhile waits for the kernels (`features.kernels.compiled.one_compiler`).

    Args:
        stack: Stack whose processes will read the cache; the compilation has their environment.
        bundle: Folder of a bundle whose scoring and reasons are compiled too.

    Raises:
        ClickException: The compilation failed.
    """
    command = [str(stack.install.python), "-m", "scoring.warm", *map(str, bundle)]
    with subprocess.Popen(
        command,
        cwd=stack.install.root,
        env=stack.client_environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield
            _, told = process.communicate()
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        lines = told.strip().splitlines() or ["it gave no reason"]
        raise click.ClickException(f"The kernels could not be compiled: {lines[-1]}")
