"""A machine that cannot show a fault says what it would take."""

from __future__ import annotations

from pathlib import Path

import pytest

from verify.faults import ground


def test_a_library_that_is_not_there_is_named_with_the_next_step(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(ground.LIBFAKETIME, str(tmp_path / "nothing.so"))
    with pytest.raises(ground.UnfitError, match=r"nothing\.so\. Build it from .*CARDWATCH_LIB"):
        ground.libfaketime()


def test_a_program_that_is_missing_is_named() -> None:
    with pytest.raises(ground.UnfitError, match="no-such-program is missing"):
        ground.run("no-such-program")


def test_what_a_program_of_the_system_refuses_is_told_in_its_words() -> None:
    with pytest.raises(ground.UnfitError, match=r"`ls /no/such/folder` failed: .*No such file"):
        ground.run("ls", "/no/such/folder")
