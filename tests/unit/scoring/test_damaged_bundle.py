"""Bundles whose hashes match and whose contents nobody trained: refused before they are run."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from scoring.bundle.files import MAX_MANIFEST_BYTES, is_file_name
from scoring.bundle.manifest import COVERS_FILE, GOLDEN_FILE, GRAPH_FILE, MANIFEST_FILE
from scoring.bundle.manifest_file import seal
from scoring.loader import BundleError, file_sha256, load_bundle, verify_golden
from tests.fuzz.targets.small_bundle import (
    COVERS,
    MEMBER,
    graph_bytes,
    small_bundle,
    trees_node,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_bundle(), tmp_path / "1"))


def refusal(folder: Path) -> str:
    with pytest.raises(BundleError) as caught:
        verify_golden(load_bundle(folder))
    sentence = str(caught.value)
    assert sentence.isprintable() and len(sentence) < 1_500
    return sentence


def with_manifest(folder: Path, **changes: object) -> None:
    path = folder / MANIFEST_FILE
    path.write_text(json.dumps(json.loads(path.read_bytes()) | changes))
    seal(folder)


def with_file(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    files = json.loads((folder / MANIFEST_FILE).read_bytes())["files"]
    with_manifest(folder, files=files | {name: file_sha256(folder / name)})


def archive(**arrays: object) -> bytes:
    sink = io.BytesIO()
    np.savez_compressed(sink, **arrays)  # type: ignore[arg-type]
    return sink.getvalue()


def archive_of(header: str) -> bytes:
    sink = io.BytesIO()
    text = header.encode().ljust(117) + b"\n"
    with zipfile.ZipFile(sink, "w") as packed:
        packed.writestr(f"{MEMBER}.npy", b"\x93NUMPY\x01\x00\x76\x00" + text)
    return sink.getvalue()


def test_the_small_bundle_is_whole(folder: Path) -> None:
    assert verify_golden(load_bundle(folder)) == 0.0


@pytest.mark.parametrize("name", ["../1/manifest.json", "/etc/hostname", "..", "", "a\nb"])
def test_a_manifest_names_no_file_elsewhere(folder: Path, name: str) -> None:
    files = json.loads((folder / MANIFEST_FILE).read_bytes())["files"]
    with_manifest(folder, files=files | {name: "0" * 64})
    assert "File outside the bundle" in refusal(folder)
    assert not is_file_name(name)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"format_version":2,"x":' + b"[" * 100_000,
        b'{"format_version":2,"\xff":1}',
        b'{"format_version":2,"' + b"x" * 100_000 + b'":1}',
        b'{"format_version":2,"\\n\\u001b[2J":1}',
        b'{"format_version":' + b"9" * 5_000 + b"}",
    ],
    ids=["deep", "not UTF-8", "long", "control characters", "huge number"],
)
def test_a_manifest_of_any_bytes_is_refused_in_one_line(folder: Path, raw: bytes) -> None:
    (folder / MANIFEST_FILE).write_bytes(raw)
    seal(folder)
    assert "Unreadable manifest" in refusal(folder)


def test_a_manifest_without_end_is_not_read(folder: Path) -> None:
    with (folder / MANIFEST_FILE).open("wb") as file:
        file.truncate(MAX_MANIFEST_BYTES + 1)
    assert "Oversized file" in refusal(folder)


def test_a_negative_weight_is_no_share(folder: Path) -> None:
    members = json.loads((folder / MANIFEST_FILE).read_bytes())["members"]
    other = members[0] | {"name": "other", "weight": 2.0}
    with_manifest(folder, members=[members[0] | {"weight": -1.0}, other])
    assert "Weights that are no shares" in refusal(folder)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x05\x06" + b"\0" * 10,
        archive(**{MEMBER: np.array(["text"])}),
        archive(**{MEMBER: COVERS.astype(np.float64)}),
        archive_of("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999,), }"),
        archive_of("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"),
        archive_of("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"),
        archive_of("{'descr': " + "[" * 90),
    ],
)
def test_covers_are_read_as_float32_and_never_allocated_by_their_header(
    folder: Path, content: bytes
) -> None:
    with_file(folder, COVERS_FILE, content)
    assert "Unreadable arrays" in refusal(folder)


def test_an_archive_that_unpacks_without_end_is_not_unpacked(folder: Path) -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as packed:
        packed.writestr(f"{MEMBER}.npy", b"\0" * 64)
    raw = bytearray(sink.getvalue())
    at = raw.index(b"PK\x01\x02")
    raw[at + 24 : at + 28] = (2**32 - 2).to_bytes(4, "little")  # what it says it unpacks to
    with_file(folder, COVERS_FILE, bytes(raw))
    assert "bytes when unpacked" in refusal(folder)


def test_golden_rows_of_another_shape_are_refused(folder: Path) -> None:
    with_file(folder, GOLDEN_FILE, archive(inputs=np.zeros((1, 2), np.float32)))
    assert "Wrong golden rows" in refusal(folder)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"nodes_featureids": [0, 1, 99]}, "nodes_featureids outside 0 to 2"),
        ({"nodes_featureids": [0, 1, -1]}, "nodes_featureids outside 0 to 2"),
        ({"nodes_truenodeids": [0, 0, 3]}, "each of its 3 tests in one place"),
        ({"nodes_falsenodeids": [2, 1, 2]}, "each of its 5 leaves in one place"),
        ({"tree_roots": [0, 7]}, "tree_roots outside 0 to 2"),
        ({"leaf_targetids": [0, 0, 0, 0, 5]}, "leaf_targetids outside 0 to 0"),
        ({"nodes_falseleafs": None}, "lacks nodes_falseleafs"),
        ({"nodes_trueleafs": [0, 1]}, "2 nodes_trueleafs, and 3 were expected"),
        ({"nodes_splits": [1, 2, 3]}, "nodes_splits of the form"),
    ],
)
def test_trees_that_would_lead_out_of_memory_or_in_a_circle_are_refused(
    folder: Path, changed: dict[str, object], why: str
) -> None:
    with_file(folder, GRAPH_FILE, graph_bytes(trees_node(**changed)))
    assert why in refusal(folder)


def test_a_graph_takes_no_operator_that_makes_memory_of_nothing(folder: Path) -> None:
    model = onnx.load_from_string((folder / GRAPH_FILE).read_bytes())
    model.graph.node.append(helper.make_node("ConstantOfShape", ["one"], ["much"], name="much"))
    with_file(folder, GRAPH_FILE, model.SerializeToString())
    assert "operator 'ConstantOfShape' is none of" in refusal(folder)


def test_a_graph_takes_no_numbers_from_another_file(folder: Path) -> None:
    model = onnx.load_from_string((folder / GRAPH_FILE).read_bytes())
    entry = model.graph.initializer[0].external_data.add()
    entry.key, entry.value = "location", "../secret"
    with_file(folder, GRAPH_FILE, model.SerializeToString())
    assert "in another file" in refusal(folder)


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"\x08\x0a"])
def test_a_graph_of_any_bytes_is_refused(folder: Path, content: bytes) -> None:
    with_file(folder, GRAPH_FILE, content)
    assert "the graph" in refusal(folder) or "graph in" in refusal(folder)
