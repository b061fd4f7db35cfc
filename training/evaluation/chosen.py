"""Settings that a search chose, kept in a file beside how they were found."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

import msgspec

from events.errors import one_line
from training.errors import TrainingError
from training.fit_settings import FitSettings

FOLDER: Final = Path(__file__).parent / "settings"
"""Where the settings of the known data sets are, one file for each."""
_OF_THE_MACHINE: Final = "jobs"


@dataclass(frozen=True)
class Found:
    """How settings were found: by which call, on which folds, within which budget."""

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


def write_chosen(path: Path, settings: FitSettings, found: Found) -> None:
    """Write settings, without how many threads they were fitted with."""
    told = asdict(settings)
    del told[_OF_THE_MACHINE]
    text = msgspec.json.encode({"settings": told, "found": found})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(text, indent=2) + b"\n")


def read_chosen(path: Path) -> Chosen:
    """Return the settings of a file; the defaults where there is none.

    Raises TrainingError for a file that says something else.
    """
    if not path.exists():
        return Chosen(FitSettings(), None)
    try:
        told = msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, object]])
        unknown = told["settings"].keys() - {one.name for one in fields(FitSettings)}
        if unknown:
            raise ValueError(f"unknown settings {', '.join(sorted(unknown))}")
        return Chosen(
            msgspec.convert(told["settings"], FitSettings), msgspec.convert(told["found"], Found)
        )
    except (ValueError, KeyError, RecursionError, TrainingError) as error:
        raise TrainingError(
            f"{path}: expected settings as `./cardwatch tune` writes them, got "
            f"{one_line(error, 300)}; run it again, or remove the file."
        ) from None
