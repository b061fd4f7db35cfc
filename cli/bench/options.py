"""Options and helpers that `bench` and its sub-commands share."""

from __future__ import annotations

from pathlib import Path

import click

from cli.options import in_group
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
_stack = in_group("Stack of the run")

bundle_option = _job(
    "--bundle", default="ensemble", help="Name of the model bundle, NAME or NAME/VERSION."
)
models_option = _job(
    "--models",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "onnx_models",
    show_default="onnx_models",
    help="Folder of the model registry.",
)
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


def resolve_bundle(models: Path, reference: str) -> Path:
    """Return the folder of a bundle, as one sentence of an error where there is none."""
    try:
        return find_bundle(models, reference).resolve()
    except BundleError as error:
        raise click.ClickException(str(error)) from None
