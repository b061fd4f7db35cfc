"""What every target holds its reader to."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from events.errors import REASONS

LONGEST_SENTENCE: Final = 2_000
LONGEST_S: Final = 1.0
"""Processor seconds that one input may take; the clock would count what else the machine does."""


def check_refusal(error: Exception) -> None:
    """Hold a refusal to one printable line that a screen and a log can take."""
    sentence = str(error)
    assert 0 < len(sentence) <= LONGEST_SENTENCE, f"a refusal of {len(sentence)} characters"
    assert sentence.isprintable(), f"a refusal with control characters: {sentence!r}"
    assert getattr(error, "code", "bad_value") in REASONS


def timed(run: Callable[[bytes], None], data: bytes) -> None:
    """Run a target on one input and hold it to the time that one input may take."""
    began = time.process_time()
    run(data)
    spent = time.process_time() - began
    assert spent <= LONGEST_S, f"{spent:.1f} s of processor time for {len(data)} bytes"
