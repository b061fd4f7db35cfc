"""Options and helpers that `bench` and its sub-commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from cli.options import Adder, in_group, json_option, output_options, registry_option, together
from cli.recording import record_option
from scoring.loader import BundleError, find_bundle
from stack.installation import RUN_FOLDER

ROOT = RUN_FOLDER.parent
BENCH_FOLDER = RUN_FOLDER / "bench"


class Listed(click.ParamType[tuple[str, ...]]):
    """Words with commas between them, each one of those known."""

    name = "list"

    def __init__(self, known: tuple[str, ...] | None = None) -> None:
        self._known = known

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Return the words, each once."""
        words = tuple(dict.fromkeys(word.strip() for word in str(value).split(",") if word.strip()))
        for word in words:
            good = word in self._known if self._known else word.isdecimal() and int(word) > 0
            if not good:
                wanted = " or ".join(self._known) if self._known else "whole numbers above 0"
                self.fail(f"expected {wanted}, with commas between them, got {word!r}", param, ctx)
        return words


JOB = "Job"
"""The heading of the options of the measured job."""
_job = in_group(JOB)
measured = in_group("Measurement")
"""Adds an option of the measurement."""
_stack = in_group("Stack of the run")

bundle_option = _job(
    "--bundle", default="ensemble", help="Name of the model bundle, NAME or NAME/VERSION."
)
models_option = registry_option(JOB)
own_folder_option = _stack(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=BENCH_FOLDER,
    show_default=".cardwatch/bench",
    help="Folder of the run's own stack; what an earlier run left there is removed.",
)
keep_option = _stack(
    "--keep", is_flag=True, help="Keep the folder with logs, topics and checkpoints."
)


stack_options = together(bundle_option, models_option, own_folder_option, keep_option)
"""The options of the model and of the run's own stack."""
result_options = together(json_option, record_option, output_options)
"""--json, --record, -q and -v: the command gets `json_path`, `record` and `out`."""


def payments_option(
    default: int, about: str = "Number of measured payments.", least: int = 1_000
) -> Adder:
    """Return --payments with what the payments of a command are for."""
    return measured("--payments", type=click.IntRange(least), default=default, help=about)


def warm_up_option(
    default: int, about: str = "Number of payments before the measured ones.", least: int = 0
) -> Adder:
    """Return --warm-up, the payments that no figure counts."""
    return measured("--warm-up", type=click.IntRange(least), default=default, help=about)


def rates_option(default: Sequence[int], about: str) -> Adder:
    """Return --rates, steady loads in payments a second."""
    told = ",".join(map(str, default))
    shown = {} if told else {"show_default": "none"}
    return measured("--rates", type=Listed(), default=told, help=about, **shown)


def seconds_option(default: int, about: str = "Seconds measured at each rate.") -> Adder:
    """Return --seconds, the length of each steady load."""
    return measured("--seconds", type=click.IntRange(1), default=default, help=about)


def refuse_incomplete(*, complete: bool) -> None:
    """End the command with 1 where a payment has no decision, or more than one."""
    if not complete:
        raise click.ClickException(
            "Some payments have no decision, or more than one: these figures do not count."
        )


def resolve_bundle(models: Path, reference: str) -> Path:
    """Return the folder of a bundle, as one sentence of an error where there is none."""
    try:
        return find_bundle(models, reference).resolve()
    except BundleError as error:
        raise click.ClickException(str(error)) from None
