"""`cardwatch models`: the bundles of a registry."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cli.console import Output, fail
from cli.model.models_registry import Comparison, Entry, examine, references
from cli.model.models_show import show_bundle, show_comparison, show_list, show_verified
from cli.options import GroupedGroup, in_group, json_option, output_options, registry_option
from scoring.loader import BundleError, find_bundle, read_manifest

EXAMPLE = """\b
Examples:
  ./cardwatch models list
  ./cardwatch models show ensemble              the latest version, and where its card is
  ./cardwatch models compare ensemble/1 ensemble/2
  ./cardwatch models verify --all               exit status 1 where one must not score"""

models_option = registry_option("Registry", "registry")


@click.group("models", cls=GroupedGroup, epilog=EXAMPLE)
def command() -> None:
    """List, show, compare and verify model bundles.

    A bundle is a folder NAME/VERSION of the registry, which `./cardwatch train` writes.
    """


@command.command("list")
@models_option
@json_option
@output_options
def list_(registry: Path, json_path: str | None, out: Output) -> None:
    """List every bundle with its figures on its own test part, and whether it is intact."""
    entries = [examine(registry, reference) for reference in references(registry)]
    if json_path:
        out.json(json_path, {"bundles": [entry.to_json() for entry in entries]})
    if json_path != "-":
        show_list(entries, out)


@command.command("show")
@click.argument("bundle")
@models_option
@json_option
@output_options
def show(bundle: str, registry: Path, json_path: str | None, out: Output) -> None:
    """Show what a bundle is: models, figures, thresholds, origin, and the path of its model card.

    BUNDLE is NAME for the latest version, or NAME/VERSION.
    """
    entry = _examine(registry, bundle)
    if json_path:
        out.json(json_path, entry.to_json())
    if json_path != "-" and entry.manifest is not None:
        show_bundle(entry, entry.manifest, out)
    _fail_where_broken([entry])


@command.command("compare")
@click.argument("first")
@click.argument("second")
@models_option
@json_option
@output_options
def compare(first: str, second: str, registry: Path, json_path: str | None, out: Output) -> None:
    """Compare two bundles: figures, thresholds, features and models.

    FIRST and SECOND are each NAME for the latest version, or NAME/VERSION.
    """
    try:
        sides = [read_manifest(find_bundle(registry, bundle)) for bundle in (first, second)]
    except BundleError as error:
        raise click.ClickException(str(error)) from None
    comparison = Comparison(*sides)
    if json_path:
        out.json(json_path, comparison.to_json())
    if json_path != "-":
        show_comparison(comparison, out)


@command.command("verify")
@click.argument("bundle", required=False)
@in_group("Registry")(
    "--all", "all_", is_flag=True, show_envvar=False, help="Check every bundle of the registry."
)
@models_option
@json_option
@output_options
def verify(
    bundle: str | None, all_: bool, registry: Path, json_path: str | None, out: Output
) -> None:
    """Check that a bundle may score: hashes, format, features, graph and golden scores.

    BUNDLE is NAME for the latest version, or NAME/VERSION. Exits with 1 and prints one line for
    each bundle that fails.
    """
    if (bundle is None) != all_:
        raise click.UsageError("Name one bundle, NAME or NAME/VERSION, or say --all.")
    names = [bundle] if bundle else list(references(registry))
    if not names:
        raise click.ClickException(
            f"There is no bundle in {registry}: train one with `./cardwatch train`."
        )
    entries = [_examine(registry, name) for name in names]
    if json_path:
        out.json(json_path, {"bundles": [entry.to_json() for entry in entries]})
    if json_path != "-":
        show_verified(entries, out)
    _fail_where_broken(entries)


def _examine(registry: Path, bundle: str) -> Entry:
    """Check a bundle; a bundle that is not there ends the command."""
    try:
        return examine(registry, bundle)
    except BundleError as error:
        raise click.ClickException(str(error)) from None


def _fail_where_broken(entries: list[Entry]) -> None:
    """Print a sentence for each bundle that must not score, and end with 1 if there is one."""
    broken = [entry.error for entry in entries if entry.error is not None]
    for error in broken:
        fail(error)
    if broken:
        sys.exit(1)
