"""Decisions, their features, and alerts."""

import json

import msgspec
import numpy as np
import numpy.typing as npt
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from events.alert import decode_alert, encode_alert
from events.decision import (
    decision_features,
    decode_decision,
    encode_decision,
    encode_features,
)
from events.errors import EventError
from tests.unit.events.samples import alert, decision

FLOAT32 = st.floats(width=32, allow_infinity=False)


def test_decision_round_trip_keeps_payment_byte_for_byte() -> None:
    """Blanks, order and unknown fields of the original stay as they came."""
    original = b'{ "b":1.10,\n "a" : "\xc3\xa9\\u00e9" }'
    sent = decision(payment=msgspec.Raw(original))
    got = decode_decision(encode_decision(sent))
    assert bytes(got.payment) == original
    assert bytes(got.features) == bytes(sent.features)
    assert msgspec.structs.replace(got, payment=sent.payment, features=sent.features) == sent


@given(hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=2), elements=FLOAT32))
def test_features_come_back_bit_for_bit(rows: npt.NDArray[np.float32]) -> None:
    """Every finite float32, subnormals and -0.0 included; NaN as NaN."""
    for values, encoded in zip(rows, encode_features(rows), strict=True):
        got = decision_features(decision(features=encoded))
        assert got.dtype == np.float32
        nan = np.isnan(values)
        assert np.array_equal(np.isnan(got), nan)
        assert np.array_equal(got.view(np.uint32)[~nan], values.view(np.uint32)[~nan])


@given(hnp.arrays(np.float32, st.tuples(st.integers(0, 9), st.integers(0, 9)), elements=FLOAT32))
def test_a_row_has_the_same_text_in_every_batch(rows: npt.NDArray[np.float32]) -> None:
    """The text is that of the row alone, also of no rows and of rows without features."""
    alone = [orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY) for row in rows]
    assert [bytes(each) for each in encode_features(rows)] == alone
    assert [encode_features(row[None])[0] for row in rows] == encode_features(rows)


def test_random_bit_patterns_come_back() -> None:
    """A million float32 of any magnitude through JSON."""
    bits = np.random.default_rng(7).integers(0, 2**32, 1_000_000, dtype=np.uint32)
    values = bits.view(np.float32)
    values = values[np.isfinite(values)]
    [encoded] = encode_features(values[None])
    got = decision_features(decision(features=encoded))
    assert np.array_equal(got.view(np.uint32), values.view(np.uint32))


@pytest.mark.parametrize(
    "rows",
    [
        np.array([[1.0, 2.0], [1.0, np.inf]], dtype=np.float32),
        np.array([[np.nan, -np.inf]], dtype=np.float32),
        np.array([[1.0]]),
        np.zeros(3, dtype=np.float32),
    ],
)
def test_features_that_have_no_json_form(rows: npt.NDArray[np.float32]) -> None:
    """An infinity would read back as missing: refused before it is written."""
    with pytest.raises(EventError) as caught:
        encode_features(rows)
    assert caught.value.code == "bad_features"


def test_alert_round_trip() -> None:
    """With its reasons."""
    assert decode_alert(encode_alert(alert())) == alert()


def test_an_alert_of_a_release_without_contributions_is_read() -> None:
    """Topics hold alerts of earlier releases."""
    fields = json.loads(encode_alert(alert()))
    earlier = {name: value for name, value in fields.items() if "contributions" not in name}
    del earlier["contribution_base"]
    found = decode_alert(json.dumps(earlier).encode())
    assert (found.contributions, found.contribution_base) == ({}, 0.0)
    assert found.reasons == alert().reasons


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"schema_version": 2}, "bad_version"),
        ({"risk_level": "NONE"}, "bad_value"),
        ({"flags": ["odd"]}, "bad_value"),
        ({"card_sequence": "3"}, "wrong_type"),
    ],
)
def test_decision_of_another_shape_is_refused(change: dict[str, object], code: str) -> None:
    """A reader is told, not surprised."""
    fields = json.loads(encode_decision(decision())) | change
    with pytest.raises(EventError) as caught:
        decode_decision(json.dumps(fields).encode())
    assert caught.value.code == code


def test_unknown_fields_of_a_later_release_are_skipped() -> None:
    """Adding a field is no new version."""
    fields = json.loads(encode_decision(decision())) | {"rule_hits": []}
    assert decode_decision(json.dumps(fields).encode()).transaction_id == "tx-1"


@pytest.mark.parametrize("features", [b"3", b"null", b"{}", b'["1"]', b"[1e300]", b"[[1]]"])
def test_features_that_are_no_array_of_float32_are_refused(features: bytes) -> None:
    with pytest.raises(EventError, match="float32") as caught:
        decision_features(decision(features=msgspec.Raw(features)))
    assert caught.value.code == "bad_features"
