"""The replay gives each merchant the very label that its receipt is of."""

from __future__ import annotations

from typing import Any

import pytest

from events.receipt import decode_receipt
from scoring.steps import label_receipt
from tests.unit.features.factories import NOON_MS, label
from tests.unit.features.singly import tell_at
from verify.parity.replay import label_key

OTHERS: list[dict[str, Any]] = [
    {"card_id": "card-2"},
    {"merchant_id": "merchant-2"},
    {"timestamp_ms": NOON_MS + 1},
    {"is_fraud": False},
    {"label_time_ms": NOON_MS + 5},
]


def test_a_receipt_has_the_key_of_its_label() -> None:
    told = label(NOON_MS, "x")
    receipt = decode_receipt(label_receipt(told, tell_at(None, told))[2])
    assert label_key(receipt) == label_key(told)


@pytest.mark.parametrize("changes", OTHERS, ids=[next(iter(one)) for one in OTHERS])
def test_two_labels_of_one_id_are_told_apart(changes: dict[str, Any]) -> None:
    assert label_key(label(NOON_MS, "x", **changes)) != label_key(label(NOON_MS, "x"))
