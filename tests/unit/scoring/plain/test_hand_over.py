"""A hand-over of a plain payment says what the ordinary message of the same payment says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.catalogue import CARD_FEATURES, FEATURE_NAMES
from features.merchant.rows import packed as merchant_rows
from features.merchant.transition import MerchantStep
from features.money.shipped import SHIPPED
from features.plain.reader import Reader
from scoring.messages import pack
from scoring.plain.hand_over import Requests
from scoring.plain.layout import flags_of, mask_of
from scoring.steps import next_request
from tests.unit.events.samples import NOW_MS
from tests.unit.scoring.plain.batches import (
    PATH,
    PLAIN,
    Batch,
    Paid,
    batch_of,
    batches,
    random_values,
)


@given(batches())
def test_a_request_is_that_of_the_ordinary_message(batch: Batch) -> None:
    requests = Requests(batch.packed())
    assert len(requests) == len(batch.requests)
    found = [requests.request(place, SHIPPED) for place in range(len(requests))]
    assert found == batch.requests


@given(batches(20), st.integers(0, 2**32), st.booleans(), st.booleans(), st.integers(1, 2**53))
def test_a_complete_request_is_that_behind_the_merchant(
    batch: Batch, seed: int, late: bool, compacted: bool, sequence: int
) -> None:
    requests = Requests(batch.packed())
    place = seed % len(requests)
    whole = random_values(1, len(FEATURE_NAMES), seed)[0]
    whole[: len(CARD_FEATURES)] = batch.values[place]
    step = MerchantStep(whole[len(CARD_FEATURES) :], sequence, late, compacted)
    ordinary = next_request(PATH.entities[1], batch.requests[place], step)
    mask = mask_of(ordinary.flags)
    assert requests.complete_request(place, SHIPPED, whole, sequence, mask) == ordinary


@given(batches())
def test_columns_are_those_of_the_ordinary_messages(batch: Batch) -> None:
    requests, ordinary = Requests(batch.packed()), batch.requests
    payments = [one.payment for one in ordinary]
    assert requests.merchants == [one.merchant_id for one in payments]
    assert requests.cards == [one.card_id.encode() for one in payments]
    assert requests.sequences.tolist() == [one.sequences["card"] for one in ordinary]
    assert list(map(flags_of, requests.flags.tolist())) == [one.flags for one in ordinary]
    assert requests.received_ms.tolist() == [one.received_ms for one in ordinary]
    places = [*range(len(payments))][::-2]
    numbers = [7 + place for place in places]
    rows = b"".join(merchant_rows([payments[place] for place in places], numbers, SHIPPED))
    assert requests.merchant_rows(places, numbers).tobytes() == rows
    values = requests.values(len(FEATURE_NAMES))
    assert values.shape == (len(payments), len(FEATURE_NAMES))
    own = np.ascontiguousarray(values[:, : len(CARD_FEATURES)])
    assert own.tobytes() == b"".join(one.features for one in ordinary)


@given(batches(20), st.data())
def test_chosen_payments_are_handed_over_in_their_order(batch: Batch, data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(0, len(batch.requests) - 1), max_size=30))
    everything = batch.packed()
    assert batch.packed(places) == [everything[place] for place in places]


def read_by_compiled_code(batch: Batch) -> Batch:
    """Return a batch as the reader of plain payments gives it."""
    keys = [one.payment.card_id.encode() for one in batch.requests]
    sizes = np.array([*map(len, keys)], np.int64)
    records = batch.records._replace(
        memory=batch.records.memory + b"".join(keys),
        key_at=len(batch.records.memory) + np.cumsum(sizes) - sizes,
        key_size=sizes,
    )
    return batch._replace(records=records, payments=Reader(SHIPPED).read(records))


@given(batches(20))
def test_the_reader_of_payments_gives_the_same_hand_overs(batch: Batch) -> None:
    """Places of texts mean the same to both."""
    read = read_by_compiled_code(batch)
    places = np.flatnonzero(read.payments.is_plain).tolist()
    assert read.packed(places) == batch.packed(places)


def test_an_ordinary_payment_is_handed_over_as_a_plain_one() -> None:
    batch = batch_of([Paid(PLAIN, NOW_MS)])
    read = read_by_compiled_code(batch)
    assert read.payments.is_plain.all() and read.packed() == batch.packed()


def test_there_may_be_no_hand_over() -> None:
    requests = Requests([])
    assert (len(requests), requests.merchants, requests.cards) == (0, [], [])
    assert requests.values(3).shape == (0, 3)
    assert requests.merchant_rows([], []).size == 0


def test_a_hand_over_is_whole_words_without_leftovers() -> None:
    """Padding is zero, so that the bytes follow from the payment alone."""
    for pad in range(8):
        value = PLAIN[:-1] + b" " * pad + b"}"
        [body] = batch_of([Paid(value, NOW_MS)]).packed()
        assert len(body) % 8 == 0
        assert body[body.index(value) + len(value) :].strip(b"\0") == b""


@pytest.mark.parametrize(
    ("spoil", "number"),
    [("a message", 1), ("other features", 1), ("kind", 1), ("cut off", 0), ("more behind", 0)],
)
def test_another_layout_is_refused(spoil: str, number: int) -> None:
    """Where sizes do not add up, the first message is named."""
    batch = batch_of([Paid(PLAIN, NOW_MS)])
    [body] = batch.packed()
    message = pack(batch.requests[0])
    spoilt = {
        "a message": message + bytes(-len(message) % 8),
        "other features": bytes([body[0], body[1] + 1, *body[2:]]),
        "kind": body[:8],
        "cut off": body[:-8],
        "more behind": body + bytes(8),
    }
    with pytest.raises(ValueError, match=f"^Message {number} of a batch is not a hand-over"):
        Requests([body, spoilt[spoil]])
