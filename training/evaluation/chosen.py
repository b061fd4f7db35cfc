"""Settings that a search chose, kept in a file beside how they were found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from events.errors import one_line
from training.ensemble.settings_file import read_settings, settings_text
from training.errors import TrainingError
from training.fit_settings import FitSettings

FOLDER: Final = Path(__file__).parent / "settings"
"""Where the settings of the known data sets are, one file for each."""


@dataclass(frozen=True)
class Found:
    """Origin of settings: by which call, on which folds, within which budget."""

    command: str
    objective: str
    value: float
    folds: tuple[str, ...]
    features: str
    feature_set: int
    trials: int
    seconds: float
    seed: int


@dataclass(frozen=True)
class Chosen:
    """Settings, and how they were found; None where they are the defaults."""

    settings: FitSettings
    found: Found | None


def write_chosen(path: Path, settings: FitSettings, found: Found | None) -> None:
    """Write settings, without how many threads they were fitted with."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(settings_text(settings, found))


def read_chosen(path: Path) -> Chosen:
    """Return the settings of a file; the defaults where there is no file.

    Raises TrainingError for a file that says something else.
    """
    if not path.exists():
        return Chosen(FitSettings(), None)
    settings, found = read_settings(path.read_bytes(), str(path))
    try:
        return Chosen(settings, msgspec.convert(found, Found | None))
    except msgspec.ValidationError as error:
        raise TrainingError(
            f"{path}: expected `found` as `./cardwatch tune` writes it, got "
            f"{one_line(error, 300)}; run the search again, or remove `found`."
        ) from None
