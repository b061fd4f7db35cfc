"""What every target holds its reader to."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from events.card_data.masking import masked_bytes
from events.dead_letter import dead_letter, decode_dead_letter, encode_dead_letter
from events.errors import REASONS, EventError

LONGEST_SENTENCE: Final = 2_000
LONGEST_S: Final = 1.0
"""Processor seconds that one input may take; the clock would count what else the machine does."""


def check_refusal(error: Exception) -> None:
    """Hold a refusal to one printable line that a screen and a log can take."""
    sentence = str(error)
    assert 0 < len(sentence) <= LONGEST_SENTENCE, f"a refusal of {len(sentence)} characters"
    assert sentence.isprintable(), f"a refusal with control characters: {sentence!r}"
    assert getattr(error, "code", "bad_value") in REASONS


def check_dead_letter(error: EventError, key: bytes | None, value: bytes) -> None:
    """Hold a dead letter to what can be read again, and to nothing that a second mask finds."""
    letter = dead_letter(error, topic="t", partition=0, offset=0, key=key, value=value, time_ms=1)
    assert decode_dead_letter(encode_dead_letter(letter)) == letter
    assert letter.masked == ((letter.key, letter.value) != (key, value))
    hidden = letter.value or b""
    assert masked_bytes(hidden) == hidden, f"card data is left: {hidden!r}"


def timed(run: Callable[[bytes], None], data: bytes) -> None:
    """Run a target on one input and hold it to the time that one input may take."""
    began = time.process_time()
    run(data)
    spent = time.process_time() - began
    assert spent <= LONGEST_S, f"{spent:.1f} s of processor time for {len(data)} bytes"
