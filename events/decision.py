"""The decision on one payment, with everything that is needed to explain and to repeat it."""

from typing import Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt
import orjson

from events import fields
from events.errors import EventError, refuse, show
from events.fields import Written
from events.levels import RiskLevel
from events.wire import MAX_DEPTH, decode_event

DECISION_VERSION: Final = 1

Flag = Literal[
    "late", "late_merchant", "compacted_card", "compacted_merchant", "record_time", "no_rate"
]
"""What a reader has to know about a decision's features and times.

`late`, `late_merchant`: the payment is more than a day behind the newest of its card, of its
merchant, so that the longest windows may lack payments. `compacted_card`, `compacted_merchant`:
part of the history is in buckets, so that windows have blurred edges, wider for a payment that
comes late. `record_time`: the Kafka time of the payment's record cannot be one, and `received_ms`
is the payment's own time. `no_rate`: the payment's currency has no rate, so the features of its
amount are missing.
"""


class Reason(msgspec.Struct, frozen=True, gc=False):
    """One thing that is unusual and raised the score, under a stable code.

    `contribution` is what everything under the code added to the models' average score. `normal`
    is the card's or merchant's own, or that of all payments where there is no own; it is None where
    the value itself is evidence. `value` is None in a combination of values that are all missing.
    """

    code: fields.ReasonCode
    feature: fields.ReasonFeature
    value: fields.ReasonValue
    normal: fields.ReasonNormal
    contribution: fields.Contribution
    sentence: fields.ReasonSentence


class Decision(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One scored payment.

    Floats are finite Python floats. `model` is "name/version". `features` is a JSON array of
    float32 in the order of FEATURE_NAMES, null for NaN (see `encode_features`); `payment` is the
    payment as it was received, without the fields that nobody asked to keep. `received_ms` is the
    Kafka time of the payment's record, or the payment's own time where the flag `record_time` says
    that the record's cannot be one. `sequences` holds the payment's numbers at entities other than
    its card and its merchant, by their names, where there are such. `reference_currency` is that of
    the amounts among the features, `rates_date` the day of the rates that converted them. These
    two, `policy`, `policy_version` and `decided_by` are None in a decision of a release that did
    not name them.
    """

    transaction_id: fields.TransactionId[Written]
    card_id: fields.CardId[Written]
    merchant_id: fields.MerchantId[Written]
    timestamp_ms: fields.TimestampMs
    amount_minor: fields.AmountMinor
    currency: fields.WrittenCurrency
    probability: fields.Probability
    model_scores: fields.ModelScores
    risk_level: fields.RiskLevel[RiskLevel]
    policy: fields.Policy[str | None] = None
    policy_version: fields.PolicyVersion[str | None] = None
    decided_by: fields.DecidedBy[str | None] = None
    tags: fields.Tags[list[str]] = []
    model: fields.Model
    feature_set: fields.FeatureSet
    card_sequence: fields.CardSequence
    merchant_sequence: fields.MerchantSequence
    flags: fields.Flags[list[Flag]]
    received_ms: fields.ReceivedMs
    decided_ms: fields.DecidedMs
    features: fields.Features[msgspec.Raw]
    payment: fields.Payment[msgspec.Raw]
    reference_currency: fields.ReferenceCurrency[str | None] = None
    rates_date: fields.RatesDate[str | None] = None
    sequences: fields.Sequences[dict[str, int] | msgspec.UnsetType] = msgspec.UNSET
    schema_version: fields.SchemaVersion = DECISION_VERSION

    def sequence(self, entity: str) -> int:
        """Return the payment's number at an entity, by its name; KeyError where it has none."""
        if entity == "card":
            return self.card_sequence
        if entity == "merchant":
            return self.merchant_sequence
        if self.sequences is msgspec.UNSET:
            raise KeyError(entity)
        return self.sequences[entity]


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Decision)
_features_decoder: Final = msgspec.json.Decoder(list[float | None])
_ROWS_OF_FEATURES: Final = 2


def encode_decision(decision: Decision) -> bytes:
    """Return the decision as JSON; `features` and `payment` are copied in as they are."""
    return _encoder.encode(decision)


def decode_decision(value: bytes) -> Decision:
    """Return the decision that `value` holds; EventError where it does not hold one."""
    deepest = MAX_DEPTH + 1  # the payment stands one level down
    return decode_event(_decoder, value, "decision", DECISION_VERSION, deepest)


def encode_features(values: npt.NDArray[np.float32]) -> list[msgspec.Raw]:
    """Return each row of float32[n, f] as a JSON array in shortest form, null for NaN.

    An infinity has no JSON form and must not occur in a feature: EventError `bad_features`.

    >>> [bytes(row) for row in encode_features(np.array([[0.1, np.nan, 2]], dtype=np.float32))]
    [b'[0.1,null,2.0]']
    """
    _check_features(values)
    # One text for all rows, "[[1.0,2.0],[3.0,4.0]]": half the time of a call for each.
    text = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)
    return [msgspec.Raw(row[1:] + b"]") for row in text.split(b"]")[:-2]]


def encode_all_features(values: npt.NDArray[np.float32]) -> bytes:
    """Return the features of all rows, float32[n, f], as one JSON array of n times f numbers.

    That takes two thirds of the time of an array for each row. EventError as `encode_features`.

    >>> encode_all_features(np.array([[1, np.nan], [3, 4]], dtype=np.float32))
    b'[1.0,null,3.0,4.0]'
    """
    _check_features(values)
    return orjson.dumps(values.reshape(-1), option=orjson.OPT_SERIALIZE_NUMPY)


def _check_features(values: npt.NDArray[np.float32]) -> None:
    if values.dtype != np.float32 or values.ndim != _ROWS_OF_FEATURES:
        got = f"{values.dtype}[{', '.join(map(str, values.shape))}]"
        raise refuse("bad_features", "features", "float32[n, f]", got, "pass rows of features")
    if np.count_nonzero(np.isinf(values)):
        raise _infinite(values)


def _infinite(values: npt.NDArray[np.float32]) -> EventError:
    row, place = np.argwhere(np.isinf(values))[0].tolist()
    got = show(float(values[row, place]))
    step = "mend the feature's definition: a missing value is NaN"
    return refuse("bad_features", f"features[{place}]", "a finite number or NaN", got, step)


def decision_features(decision: Decision) -> npt.NDArray[np.float32]:
    """Return the decision's features as float32[f], bit for bit what the model was given.

    EventError `bad_features` where they are no array of float32 and nulls.
    """
    try:
        numbers = _features_decoder.decode(decision.features)
    except msgspec.DecodeError as error:
        raise _not_features(decision, str(error)) from None
    values = np.array([float("nan") if number is None else number for number in numbers])
    with np.errstate(over="ignore"):
        features = values.astype(np.float32)
    if np.isinf(features).any():
        raise _not_features(decision, "a number beyond float32")
    return features


def _not_features(decision: Decision, why: str) -> EventError:
    got = f"{show(bytes(decision.features))} ({why})"
    expected, step = "an array of float32, null for NaN", "read it with the release that wrote it"
    return refuse("bad_features", "decision `features`", expected, got, step)
