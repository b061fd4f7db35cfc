"""`--record`: the result of a measuring command goes into docs/figures.json and the tables.

A checkout has what this needs (benchmarks/ and the packages for training), and the container image
has not. So both are loaded only when a call records.
"""

from __future__ import annotations

import functools
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

from cli.console import Output, as_sentence
from cli.options import OUTPUT, TYPED, in_group
from cli.packages import CAN_ADD, add_packages
from harness.errors import BenchmarkError
from stack.installation import ROOT

if TYPE_CHECKING:
    from benchmarks.figures.record import Measuring

Function = TypeVar("Function", bound=Callable[..., Any])

_NOT_OF_THE_RUN: Final = frozenset({"folder", "keep", "html_path", "plot_path"})
"""Options that say where this machine keeps things, beside those of the output."""


@dataclass(frozen=True)
class Recorder:
    """Record of one call's results; without --record it does nothing.

    Attributes:
        measuring: The run that is to be recorded; None without --record.
        root: The checkout with the records and the pages.
    """

    measuring: Measuring | None = None
    root: Path = ROOT

    def __bool__(self) -> bool:
        """Whether the call records."""
        return self.measuring is not None

    def __call__(
        self, name: str, result: Mapping[str, Any], out: Output, without: Iterable[str] = ()
    ) -> None:
        """Record a result under the name of its run, without bulky parts, and write the tables."""
        if self.measuring is None:
            return
        from benchmarks.figures.record import RECORD, add_run

        bulky = set(without)
        kept = {key: value for key, value in result.items() if key not in bulky}
        with as_sentence(BenchmarkError):
            add_run(self.root / RECORD, name, self.measuring.entry(kept))
        self.write_pages(f"Recorded in {RECORD} as {name}.", out)

    def write_pages(self, recorded: str, out: Output) -> None:
        """Write the tables of README and docs, and say what was recorded."""
        from benchmarks.figures.pages import write

        with as_sentence(BenchmarkError):
            changed = [str(page.relative_to(self.root)) for page in write(self.root)]
        out.say(f"{recorded} Pages with new figures: {', '.join(changed) or 'none'}.")


def recording_in(file: str) -> Callable[[Function], Function]:
    """Return --record for a command whose results go into a file; it gets `record: Recorder`."""
    return functools.partial(_with_recorder, file=file)


def _with_recorder(function: Function, file: str) -> Function:
    @in_group(OUTPUT)(
        "--record",
        is_flag=True,
        show_envvar=False,
        help=f"Entry of the result in {file}, and new tables in README and docs. Needs a clone "
        "without uncommitted changes.",
    )
    @functools.wraps(function)
    def wrapper(*args: Any, record: bool, **kwargs: Any) -> Any:
        ctx = click.get_current_context()
        if record and ctx.invoked_subcommand is not None:
            raise click.UsageError(
                f"--record belongs behind the sub-command: {ctx.command_path} "
                f"{ctx.invoked_subcommand} --record."
            )
        recorder = _begin(ctx) if record else Recorder()
        return function(*args, record=recorder, **kwargs)

    return cast(Function, wrapper)


record_option = recording_in("docs/figures.json")


def _begin(ctx: click.Context) -> Recorder:
    """Return the recorder of a call; ClickException where the tree cannot be recorded."""
    if not CAN_ADD:
        raise click.ClickException(
            "--record writes into a checkout, which this image does not have: take --json PATH."
        )
    add_packages("training", sys.argv[1:])
    from benchmarks.figures.record import Measuring

    with as_sentence(BenchmarkError):
        return Recorder(Measuring(ROOT, typed(ctx)), ROOT)


def typed(ctx: click.Context) -> str:
    """Return the call as it was typed, without options of the output and of this machine."""
    words = ctx.command_path.split()
    path = words[1:] if words[0].endswith("cardwatch") else words
    return shlex.join(["./cardwatch", *path, *_kept(ctx)])


def _kept(ctx: click.Context) -> Iterator[str]:
    """Yield the arguments of the run itself; of an absolute path its last part."""
    own = {
        name: param
        for param in ctx.command.get_params(ctx)
        if isinstance(param, click.Option)
        for name in (*param.opts, *param.secondary_opts)
    }
    arguments = iter(ctx.meta.get(TYPED, ()))
    for word in arguments:
        name, sign, value = word.partition("=")
        param = own.get(name)
        if param is not None and _is_elsewhere(param):
            if not sign and not param.is_flag:
                next(arguments, None)
        elif sign and param is not None:
            yield f"{name}={_without_place(value)}"
        else:
            yield _without_place(word)


def _is_elsewhere(param: click.Option) -> bool:
    return getattr(param, "group", OUTPUT) == OUTPUT or param.name in _NOT_OF_THE_RUN


def _without_place(word: str) -> str:
    return Path(word).name if word.startswith("/") else word
