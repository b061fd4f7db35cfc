"""The rates of a bundle: the file that it carries, and another file in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from features.money.rates import Rates, RatesError
from features.money.reading import parse_rates, read_rates
from features.money.shipped import SHIPPED
from scoring.bundle.files import RESTORE, BundleError, checked_sha256, read_file
from scoring.bundle.manifest import FIRST_WITH_RATES, RATES_FILE, Manifest
from scoring.bundle.manifest_file import read_manifest

MAX_RATES_BYTES: Final = 1024**2


def bundle_rates(manifest: Manifest, folder: Path) -> Rates:
    """Return the rates of a bundle; those that are shipped for a format that has none.

    Raises BundleError where they cannot be read, or are not those of the manifest.
    """
    if manifest.format_version < FIRST_WITH_RATES:
        return SHIPPED
    path = folder / RATES_FILE
    if not path.is_file():
        raise BundleError("Missing file", folder, RATES_FILE, "no such file", RESTORE)
    got = checked_sha256(path)
    if got != manifest.files.get(RATES_FILE):
        wanted = f"SHA-256 {manifest.files.get(RATES_FILE)}"
        raise BundleError("Altered file", path, wanted, got, RESTORE)
    try:
        rates = parse_rates(read_file(path, MAX_RATES_BYTES), str(path))
    except RatesError as error:
        wanted = "a table of exchange rates"
        raise BundleError("Unreadable rates", path, wanted, error, RESTORE) from error
    told = manifest.reference_currency, manifest.rates_date
    if (rates.reference, rates.date) != told:
        got = f"{rates.reference} of {rates.date}"
        raise BundleError("Other rates", path, f"{told[0]} of {told[1]}", got, RESTORE)
    return rates


def rates_of(folder: Path, file: Path | None = None) -> Rates:
    """Return the rates of the bundle in a folder, or those of a file in its reference currency.

    Raises BundleError for the bundle, RatesError for the file: also where it has no rate of the
    bundle's reference currency.
    """
    own = bundle_rates(read_manifest(folder), folder)
    if file is None:
        return own
    table = read_rates(file)
    try:
        return table.based_on(own.reference)
    except RatesError as error:
        raise error.at(str(file)) from None
