"""The manifest's file and the file of its digest: written together, and read only together."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from scoring.bundle.files import (
    MAX_MANIFEST_BYTES,
    RESTORE,
    RETRAIN,
    BundleError,
    read_file,
)
from scoring.bundle.manifest import (
    DIGEST_FILE,
    FIRST_SEALED,
    FORMAT_VERSION,
    MANIFEST_FILE,
    OLDER_FORMATS,
    Manifest,
    encode_manifest,
)

_MAX_DIGEST_BYTES = 1024
FORMATS = (*OLDER_FORMATS, FORMAT_VERSION)


class _Head(msgspec.Struct):
    """The one field that every format of a manifest has."""

    format_version: int


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a manifest and its digest into a bundle's folder."""
    (folder / MANIFEST_FILE).write_bytes(encode_manifest(manifest))
    seal(folder)


def seal(folder: Path) -> None:
    """Write the digest of the manifest that lies in a folder, as `sha256sum -c` reads it."""
    (folder / DIGEST_FILE).write_text(_digest_line((folder / MANIFEST_FILE).read_bytes()))


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a bundle's folder; its digest and format are judged before its fields.

    Raises BundleError where there is none, where it is not what its digest says, or where its
    format is none that this release reads.
    """
    path = folder / MANIFEST_FILE
    if not path.is_file():
        raise BundleError(
            "No manifest", folder, f"a file {MANIFEST_FILE}", "none", "name a folder NAME/VERSION"
        )
    raw = read_file(path, MAX_MANIFEST_BYTES)
    sealed = (folder / DIGEST_FILE).is_file()
    if sealed:
        _check_digest(raw, folder)
    try:
        version = msgspec.json.decode(raw, type=_Head).format_version
        if version not in FORMATS:
            wanted = " or ".join(map(str, FORMATS))
            raise BundleError("Unknown format", path, wanted, version, RETRAIN)
        if version >= FIRST_SEALED and not sealed:
            wanted = f"a file {DIGEST_FILE} with the manifest's SHA-256"
            raise BundleError("Missing file", folder, wanted, "no such file", RESTORE)
        return msgspec.json.decode(raw, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BundleError("Unreadable manifest", path, "a manifest", error, RESTORE) from error


def _check_digest(raw: bytes, folder: Path) -> None:
    """Refuse a manifest of other bytes than its digest was made of."""
    told = read_file(folder / DIGEST_FILE, _MAX_DIGEST_BYTES)
    found = _digest_line(raw)
    if told != found.encode():
        wanted = f"in {DIGEST_FILE} {found.strip()!r}"
        got = repr(told.decode(errors="replace").strip())
        raise BundleError("Altered manifest", folder / MANIFEST_FILE, wanted, got, RESTORE)


def _digest_line(raw: bytes) -> str:
    """Return the line of the digest's file for a manifest's bytes."""
    return f"{hashlib.sha256(raw).hexdigest()}  {MANIFEST_FILE}\n"
