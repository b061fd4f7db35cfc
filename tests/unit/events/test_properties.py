"""Whatever comes in, a payment or an EventError comes out."""

import json
import string
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from events.card_data.scan import find_card_data
from events.errors import REASONS, EventError
from events.label import Label, parse_label
from events.money import EXPONENTS, MAX_AMOUNT_MINOR
from events.timestamps import EARLIEST_MS
from events.transaction import Transaction, encode_transaction, parse_transaction
from events.zones import ZONE_OF_COUNTRY, ZONES
from tests.unit.events.samples import CARD, NOW_MS, full_payment, label

KEY = CARD.encode()
PRINTABLE = st.characters(exclude_categories=("Cc", "Cs"))
TEXT = st.text(PRINTABLE, min_size=1, max_size=128)
TOKEN = st.text(string.ascii_letters, min_size=1, max_size=20)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def judged(value: bytes | None, key: bytes | None) -> None:
    """Parse as payment and as label; only the event or a declared refusal may come of it."""
    for outcome in (payment_or_refusal(value, key), label_or_refusal(value, key)):
        if isinstance(outcome, EventError):
            assert outcome.code in REASONS
            assert outcome.sentence.isprintable()
            assert len(outcome.sentence) < 1000


def payment_or_refusal(value: bytes | None, key: bytes | None) -> Transaction | EventError:
    """Parse as payment; any other exception fails the test."""
    try:
        return parse_transaction(value, key, NOW_MS)
    except EventError as error:
        return error


def label_or_refusal(value: bytes | None, key: bytes | None) -> Label | EventError:
    """Parse as label; any other exception fails the test."""
    try:
        return parse_label(value, key)
    except EventError as error:
        return error


@given(st.none() | st.binary(max_size=300), st.none() | st.binary(max_size=20))
@example(b'{"a":' * 60, KEY)
@example(b"[" * 60_000, KEY)
@example(b'"' + b"\\" * 60_000, KEY)
@example(b"-", KEY)
def test_any_bytes(value: bytes | None, key: bytes | None) -> None:
    """Any bytes at all."""
    judged(value, key)


@given(ANY_JSON)
def test_any_json(document: Any) -> None:
    """Any JSON, also the NaN and Infinity that Python writes."""
    judged(json.dumps(document).encode(), KEY)


@given(st.sampled_from(sorted(full_payment() | label())), ANY_JSON)
def test_any_value_in_any_field(field: str, value: Any) -> None:
    """A right event with one field replaced."""
    for fields in (full_payment(), label()):
        judged(json.dumps(fields | {field: value}).encode(), KEY)
        text = json.dumps(fields | {field: value}, ensure_ascii=False)
        judged(text.encode(errors="surrogatepass"), KEY)


@given(st.integers(0, 400), st.binary(max_size=3), st.integers(0, 3))
def test_any_damage(place: int, insert: bytes, cut: int) -> None:
    """A right event with bytes cut out and put in."""
    for fields in (full_payment(), label()):
        value = json.dumps(fields, ensure_ascii=False).encode()
        judged(value[:place] + insert + value[place + cut :], KEY)


PAYMENTS = st.builds(
    Transaction,
    transaction_id=TEXT,
    card_id=TOKEN,
    timestamp_ms=st.integers(EARLIEST_MS, NOW_MS),
    amount_minor=st.integers(0, MAX_AMOUNT_MINOR),
    currency=st.sampled_from(sorted(EXPONENTS)),
    merchant_id=TEXT,
    merchant_category=st.none() | TEXT,
    channel=st.none() | TEXT,
    country=st.none() | TEXT,
    city=st.none() | TEXT,
    lat=st.just(None),
    lon=st.just(None),
    customer_id=st.none() | TEXT,
    device_id=st.none() | TEXT,
    ip_token=st.none() | TEXT,
    time_zone=st.none() | st.sampled_from(sorted(ZONES)),
    home_country=st.none() | st.sampled_from([*ZONE_OF_COUNTRY]),
    attributes=st.dictionaries(TOKEN, st.floats(-1e38, 1e38), max_size=5),
)
PLACES = st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(PAYMENTS, PLACES)
def test_every_payment_survives_the_round_trip(
    payment: Transaction, place: tuple[float, float] | None
) -> None:
    """encode_transaction, then parse_transaction, is the identity; card data by chance is none."""
    fields = {name: getattr(payment, name) for name in Transaction.__struct_fields__}
    if place:
        fields |= {"lat": place[0], "lon": place[1]}
    sent = Transaction(**fields)
    value = encode_transaction(sent)
    assume(not any(True for _ in find_card_data(value.decode())))
    assert parse_transaction(value, sent.card_id.encode(), NOW_MS) == sent
