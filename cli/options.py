"""Options that several commands share, and help with options in groups.

The environment is read here and nowhere below.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import click

from cli.console import Output
from stack.installation import RUN_FOLDER

Function = TypeVar("Function", bound=Callable[..., Any])
Adder = Callable[[Any], Any]
"""A decorator that adds an option to a command."""

OUTPUT: Final = "Output and help"
"""The group of --json, -q, -v and --help, the last one in every help."""


HELP_NAMES: Final = ("-h", "--help")


class GroupedOption(click.Option):
    """An option with the heading that --help lists it under."""

    def __init__(self, *args: Any, group: str = "Options", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group


def _write_groups(
    command: click.Command, ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    """Write one section for each group of options; the group of the output comes last."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record is not None:
            groups.setdefault(getattr(param, "group", OUTPUT), []).append(record)
    last = groups.pop(OUTPUT)  # --help is always there
    for title, records in (*groups.items(), (OUTPUT, last)):
        with formatter.section(title):
            formatter.write_dl(records)


TYPED: Final = "cardwatch.typed"
"""Key of a context's `meta`: the arguments of the innermost command, as they were typed."""


class _Command(click.Command):
    """A command that knows its call, and whose help has the same names alone as in `cardwatch`.

    click keeps the help option of a command's first call, so the names must not depend on the
    caller.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.context_settings.setdefault("help_option_names", list(HELP_NAMES))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, and keep them as they were typed."""
        ctx.meta[TYPED] = tuple(args)
        return super().parse_args(ctx, args)


class GroupedCommand(_Command):
    """A command whose help lists options in groups, in the order of each group's first option."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options in their groups."""
        _write_groups(self, ctx, formatter)


class GroupedGroup(_Command, click.Group):
    """A group of commands whose helps list options in groups, its own too."""

    command_class = GroupedCommand

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then the options in their groups."""
        self.format_commands(ctx, formatter)
        _write_groups(self, ctx, formatter)


option = functools.partial(click.option, cls=GroupedOption, show_default=True, show_envvar=True)
"""click.option with a `group`; --help shows the default and the environment variable."""


def in_group(group: str) -> Callable[..., Callable[[Any], Any]]:
    """Return `option` for the options of one group."""
    return functools.partial(option, group=group)


def together(*options: Adder) -> Callable[[Function], Function]:
    """Return one decorator that adds options in the order of their help."""

    def add(function: Function) -> Function:
        decorated: Any = function
        for each in reversed(options):
            decorated = each(decorated)
        return cast(Function, decorated)

    return add


def gathered(kind: type, argument: str, *options: Adder) -> Callable[[Function], Function]:
    """Return a decorator that adds options; the command gets them as one `argument` of a dataclass.

    An option whose name is no field of `kind` reaches the command by itself.
    """
    names = tuple(one.name for one in fields(kind))

    def add(function: Function) -> Function:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            given = kind(**{name: kwargs.pop(name) for name in names})
            return function(*args, **{argument: given}, **kwargs)

        return cast(Function, together(*options)(wrapper))

    return add


def removed(name: str, instead: str) -> Callable[[Any], Any]:
    """Return an option that earlier releases had: using it ends with what takes its place."""

    def refuse(_: click.Context, param: click.Parameter, value: object) -> None:
        if value is not None:
            raise click.UsageError(f"There is no option {param.opts[0]} any more: {instead}.")

    return click.option(name, hidden=True, expose_value=False, callback=refuse)


json_option = click.option(
    "--json",
    "json_path",
    metavar="PATH",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Path of a file for the result as one JSON object; - means standard output.",
)

folder_option = option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=RUN_FOLDER / "stack",
    envvar="CARDWATCH_FOLDER",
    show_default=".cardwatch/stack",
    group="Stack",
    help="Folder of the stack's data, logs and checkpoints.",
)


def registry_option(group: str, *argument: str) -> Callable[[Any], Any]:
    """Return the option for the model registry; the command gets it as `models` or `argument`."""
    return option(
        "--models",
        *argument,
        type=click.Path(file_okay=False, path_type=Path),
        default=RUN_FOLDER.parent / "onnx_models",
        show_default="onnx_models",
        group=group,
        help="Folder of the model registry.",
    )


def output_options(function: Function) -> Function:
    """Add -q and -v; the command gets them as one `out: Output`."""

    @click.option("-q", "--quiet", is_flag=True, help="Print results and errors only.")
    @click.option(
        "-v", "--verbose", is_flag=True, help="Print details as well, and the seconds of each step."
    )
    @functools.wraps(function)
    def wrapper(*args: Any, quiet: bool, verbose: bool, **kwargs: Any) -> Any:
        return function(*args, out=Output(quiet=quiet, verbose=verbose), **kwargs)

    return wrapper  # type: ignore[return-value]  # functools.wraps loses the signature
