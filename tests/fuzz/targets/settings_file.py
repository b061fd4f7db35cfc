"""JSON beside the data path: what stack/ and tune keep, and what Flink says when it fails."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from stack.clients.flink import _reason
from stack.errors import StackError
from stack.settings import Layout, Ports, StackSettings, load, save
from tests.fuzz.oracle import check_refusal
from training.errors import TrainingError
from training.evaluation.chosen import FOLDER as SHIPPED
from training.evaluation.chosen import read_chosen, write_chosen

FOLDER: Final = Path(tempfile.mkdtemp(prefix="cardwatch-fuzz-"))


def run(data: bytes) -> None:
    """Read the bytes as the file or the answer that the first of them names."""
    kind, body = (data[0] % 3 if data else 0), data[1:]
    if kind == 0:
        _stack(body)
    elif kind == 1:
        _chosen(body)
    else:
        check_refusal(ValueError(_reason(body) or "-"))


def _stack(body: bytes) -> None:
    path = Layout(FOLDER).state
    path.write_bytes(body)
    try:
        found = load(FOLDER)
    except StackError as error:
        check_refusal(error)
        return
    assert found is not None
    settings, ports = found
    assert all(isinstance(port, int) and 0 <= port < 65536 for port in vars(ports).values())
    save(settings, ports)
    assert load(FOLDER) == found


def _chosen(body: bytes) -> None:
    path = FOLDER / "settings.json"
    path.write_bytes(body)
    try:
        chosen = read_chosen(path)
    except TrainingError as error:
        check_refusal(error)
        return
    write_chosen(path, chosen.settings, chosen.found)
    assert read_chosen(path).found == chosen.found


def seeds() -> Iterator[bytes]:
    """A file of each kind, and what is near to one."""
    settings = StackSettings(folder=FOLDER)
    save(settings, Ports(*range(1024, 1024 + len(Ports.__dataclass_fields__))))
    yield b"\0" + Layout(FOLDER).state.read_bytes()
    yield b"\0{}"
    yield b"\0" + b"[" * 1000
    yield b"\1" + b'{"settings":{"seed":1},"found":{"command":"","objective":"","value":1}}'
    for path in sorted(SHIPPED.glob("*.json"))[:1]:
        yield b"\1" + path.read_bytes()
    yield b'\2{"errors":["x","failed\\n at"]}'
    yield b'\2{"errors":[]}'
