"""A git checkout of a test's own, for what asks for a commit."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path


def git(root: Path, *arguments: str) -> str:
    """Run git in a checkout, with an author of its own, and return what it prints."""
    author = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    call = ["git", "-C", str(root), *author, *arguments]
    told = subprocess.run(call, capture_output=True, text=True, check=True)
    return told.stdout.strip()


def checkout(root: Path, files: Mapping[str, str]) -> Path:
    """Write the files, and commit all of `root` as its first commit."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    git(root, "init", "--quiet")
    commit(root)
    return root


def commit(root: Path) -> None:
    """Commit everything that git does not ignore."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Everything")
