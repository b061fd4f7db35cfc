"""What `bench` and its sub-commands share."""

from __future__ import annotations

from pathlib import Path

import click

from cli.options import option
from stack.installation import RUN_FOLDER
from udfs.bundle import BundleError, find_bundle

ROOT = RUN_FOLDER.parent
BENCH_FOLDER = RUN_FOLDER / "bench"

bundle_option = option("--bundle", default="ensemble", help="Model bundle, NAME or NAME/VERSION.")
models_option = option(
    "--models",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "onnx_models",
    show_default="onnx_models",
    help="Folder of the model registry.",
)
own_folder_option = option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=BENCH_FOLDER,
    show_default=".cardwatch/bench",
    help="Where the run's own stack goes; what an earlier run left there is removed.",
)
keep_option = option("--keep", is_flag=True, help="Keep the folder: logs, topics, checkpoints.")


def resolve_bundle(models: Path, reference: str) -> Path:
    """Return the folder of a bundle, as one sentence of an error where there is none."""
    try:
        return find_bundle(models, reference).resolve()
    except BundleError as error:
        raise click.ClickException(str(error)) from None
