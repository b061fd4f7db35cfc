"""One file of a bundle replaced by any bytes, with the manifest's hash made to match."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from scoring.bundle.manifest import COVERS_FILE, GOLDEN_FILE, GRAPH_FILE, MANIFEST_FILE
from scoring.bundle.manifest_file import seal
from scoring.loader import file_sha256
from tests.fuzz.targets.manifest import judge
from tests.fuzz.targets.small_bundle import COVERS, MEMBER, graph_bytes, small_bundle, trees_node

FILES: Final = (GRAPH_FILE, COVERS_FILE, GOLDEN_FILE, f"{MEMBER}.onnx")
_MANIFEST: Final = json.loads((small_bundle() / MANIFEST_FILE).read_bytes())


def run(data: bytes) -> None:
    """Replace the file that the first byte names."""
    name = FILES[data[0] % len(FILES)] if data else GRAPH_FILE
    with tempfile.TemporaryDirectory(prefix="cardwatch-fuzz-") as root:
        folder = Path(root) / "1"
        shutil.copytree(small_bundle(), folder)
        (folder / name).write_bytes(data[1:])
        files = _MANIFEST["files"] | {name: file_sha256(folder / name)}
        (folder / MANIFEST_FILE).write_text(json.dumps(_MANIFEST | {"files": files}))
        seal(folder)
        judge(folder)


def _archive(**arrays: object) -> bytes:
    sink = io.BytesIO()
    np.savez_compressed(sink, **arrays)  # type: ignore[arg-type]
    return sink.getvalue()


def _archive_of(header: str) -> bytes:
    """Return an archive whose one array is a header without the data that it announces."""
    text = header.encode().ljust(117) + b"\n"
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        magic = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little")
        archive.writestr(f"{MEMBER}.npy", magic + text)
    return sink.getvalue()


def seeds() -> Iterator[bytes]:
    """Each file as it is, and some that announce more than they hold."""
    for number, name in enumerate(FILES):
        yield bytes([number]) + (small_bundle() / name).read_bytes()
    yield b"\1" + _archive(**{MEMBER: COVERS.astype(np.float64)})
    yield b"\1" + _archive(**{MEMBER: COVERS[:3]})
    yield b"\1" + _archive(**{MEMBER: np.array("text")})
    yield b"\1" + _archive(**{MEMBER: np.zeros(100_000, np.float32)})
    for shape in ("(99999999999,)", "(-1,)", "()"):
        yield b"\1" + _archive_of(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}")
    yield b"\1" + _archive_of("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }")
    yield b"\2" + _archive(inputs=np.zeros((1, 2), np.float32))
    yield b"\0" + graph_bytes(trees_node(nodes_featureids=[0, 1, 99]))
    yield b"\0" + graph_bytes(trees_node(nodes_truenodeids=[0, 0, 3]))
