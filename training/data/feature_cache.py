"""Keep replayed histories on disk: features depend on payments and code alone.

An entry is a folder of .npy files, read as memory maps, and `entry.json` with their digests. Its
name is a digest of the payments, the label delay, the shipped rates and the sources of what
computes features, so a changed file or feature finds no entry. One that is damaged is made again.
Only the newest few are kept; an entry takes about 4 bytes for each feature of each payment.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

import events.table
import training.data.history
import training.data.replay
from features.kernels.compiled import SOURCES
from features.money.reading import encode_rates
from features.money.shipped import SHIPPED
from training.data.history import History, table_sha256
from training.data.replay import Progress, replay
from training.data.segments import Segments

KEPT_ENTRIES: Final = 3
_ENTRY: Final = "entry.json"
_ARRAYS: Final = ("features", "targets", "times_ms", "cards")
_COUNTS: Final = ("repeats", "reused")
_CODE: Final = (events.table, training.data.history, training.data.replay)


def cached_replay(
    table: pa.Table,
    label_delay_ms: int,
    folder: Path,
    progress: Progress = lambda _: None,
    on_hit: Callable[[Path], None] = lambda _: None,
) -> History:
    """Return `replay(table, label_delay_ms, progress)`, from ``folder`` where it is there.

    ``on_hit`` hears of the entry that was found. Arrays are memory maps that cannot be written.
    Raises what replay raises.
    """
    entry = folder / cache_key(table, label_delay_ms)
    found = _load(entry)
    if found is not None:
        os.utime(entry)
        on_hit(entry)
        return found
    history = replay(table, label_delay_ms, progress)
    _store(history, entry)
    _prune(folder)
    return _load(entry) or history


def cache_key(table: pa.Table, label_delay_ms: int) -> str:
    """Return a digest of everything that a replay's outcome depends on."""
    digest = xxhash.xxh3_128()
    digest.update(table_sha256(table).encode())
    digest.update(f"{label_delay_ms} {SOURCES}".encode())
    digest.update(encode_rates(SHIPPED))
    for module in _CODE:
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()


def _load(entry: Path) -> History | None:
    """Return the history of an entry, None where it is absent, damaged or of another form."""
    try:
        told: dict[str, Any] = json.loads((entry / _ENTRY).read_text(encoding="utf-8"))
        arrays = {name: np.load(entry / f"{name}.npy", mmap_mode="r") for name in told["digests"]}
        if any(_digest(array) != told["digests"][name] for name, array in arrays.items()):
            return None
        segments = tuple(
            Segments(name, tuple(values), arrays[_codes(number)])
            for number, (name, values) in enumerate(told["segments"])
        )
        columns = {name: arrays[name] for name in _ARRAYS}
        counts = {name: told[name] for name in _COUNTS}
        return History(names=tuple(told["names"]), **columns, **counts, segments=segments)
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None


def _store(history: History, entry: Path) -> None:
    """Write an entry beside its place, then move it there, so that none is ever half there."""
    entry.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=entry.parent))
    arrays = {name: getattr(history, name) for name in _ARRAYS}
    arrays |= {_codes(number): one.codes for number, one in enumerate(history.segments)}
    digests = {}
    for name, array in arrays.items():
        whole = np.ascontiguousarray(array)
        np.save(unfinished / f"{name}.npy", whole)
        digests[name] = _digest(whole)
    segments = [(one.name, one.values) for one in history.segments]
    told = {"names": history.names, "segments": segments, "digests": digests}
    told |= {name: getattr(history, name) for name in _COUNTS}
    (unfinished / _ENTRY).write_text(json.dumps(told), encoding="utf-8")
    shutil.rmtree(entry, ignore_errors=True)
    unfinished.rename(entry)


def _codes(number: int) -> str:
    """Return the name of the array that divides payments in one way."""
    return f"segments-{number}"


def _digest(array: npt.NDArray[Any]) -> str:
    """Return a digest of an array's bytes and shape."""
    digest = xxhash.xxh3_128(f"{array.dtype} {array.shape}".encode())
    digest.update(array.data.cast("B"))
    return digest.hexdigest()


def _prune(folder: Path) -> None:
    """Remove all but the newest entries."""
    entries = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    for old in entries[:-KEPT_ENTRIES]:
        shutil.rmtree(old)
