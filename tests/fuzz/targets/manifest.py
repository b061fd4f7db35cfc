"""Manifests of any content, over files that are whole: a loaded bundle, or a sentence."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from features.catalogue import FEATURE_NAMES
from scoring.bundle.manifest import MANIFEST_FILE, Manifest, encode_manifest
from scoring.bundle.manifest_file import seal
from scoring.loader import BundleError, load_bundle, verify_golden
from tests.fuzz.oracle import check_refusal
from tests.fuzz.targets.small_bundle import small_bundle
from tests.unit.features.factories import payment

FOLDER: Final = Path(tempfile.mkdtemp(prefix="cardwatch-fuzz-")) / "1"
shutil.copytree(small_bundle(), FOLDER)
load_bundle(FOLDER)  # compiling is not part of any input's time


def run(data: bytes) -> None:
    """Load the bundle with the bytes as its manifest, digest and all, score and explain a row."""
    (FOLDER / MANIFEST_FILE).write_bytes(data)
    seal(FOLDER)
    judge(FOLDER)


def judge(folder: Path) -> None:
    """Load a bundle and hold it to what every loaded bundle does, or its refusal to a line."""
    try:
        bundle = load_bundle(folder)
        verify_golden(bundle)
    except BundleError as error:
        check_refusal(error)
        return
    encoded = encode_manifest(bundle.manifest)
    assert encode_manifest(msgspec.json.decode(encoded, type=Manifest)) == encoded
    row = np.zeros(len(bundle.columns), np.float32)
    assert len(bundle.columns) >= len(FEATURE_NAMES)
    assert len(bundle.scorer.outputs(row[None])) == 1 + len(bundle.manifest.members)
    assert 1 <= len(bundle.explainer.explain(row, payment(), "EUR").reasons) <= 3


def seeds() -> Iterator[bytes]:
    """The whole manifest, and some with one thing wrong."""
    whole = (small_bundle() / MANIFEST_FILE).read_bytes()
    whole = msgspec.json.format(whole, indent=-1)
    yield whole
    yield whole.replace(b'"files":{', b'"files":{"../manifest.json":"0",')
    yield whole.replace(b'"format_version":3', b'"format_version":3,"x":' + b"[" * 5000)
    yield whole.replace(b'"ensemble"', b'"\xff"')
    yield b'{"format_version":1}'
    yield b"\0"
