"""Options that several commands share. The environment is read here and nowhere below."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from cli.console import Output
from stack.installation import RUN_FOLDER

Function = TypeVar("Function", bound=Callable[..., Any])

option = functools.partial(click.option, show_default=True, show_envvar=True)
"""click.option that tells its default and its environment variable in --help."""

json_option = click.option(
    "--json",
    "json_path",
    metavar="PATH",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Write one JSON object to PATH, - for standard output.",
)

folder_option = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=RUN_FOLDER / "stack",
    envvar="CARDWATCH_FOLDER",
    show_envvar=True,
    show_default=".cardwatch/stack",
    help="Where the stack keeps its data, logs and checkpoints.",
)


def output_options(function: Function) -> Function:
    """Add -q and -v; the command gets them as one `out: Output`."""

    @click.option("-q", "--quiet", is_flag=True, help="Only results and errors.")
    @click.option("-v", "--verbose", is_flag=True, help="Details too.")
    @functools.wraps(function)
    def wrapper(*args: Any, quiet: bool, verbose: bool, **kwargs: Any) -> Any:
        return function(*args, out=Output(quiet=quiet, verbose=verbose), **kwargs)

    return wrapper  # type: ignore[return-value]  # functools.wraps loses the signature
