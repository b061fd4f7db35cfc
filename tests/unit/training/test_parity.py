"""The comparison with the replay says "equal" only where nothing differs."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np

from events.decision import Decision, decision_features, encode_features
from features.definition import FEATURE_NAMES
from tests.unit.udfs.scene import shipped, small_stream, without
from training.parity import Stream, compare


def _with(stream: Stream, place: int, **changes: object) -> Stream:
    """Return the stream with one decision changed."""
    decisions = list(stream.decisions)
    decisions[place] = msgspec.structs.replace(decisions[place], **changes)
    return replace(stream, decisions=decisions)


def _next_float(decision: Decision, feature: str) -> msgspec.Raw:
    """Return the features with one moved to the neighbouring float32."""
    values = decision_features(decision)
    place = FEATURE_NAMES.index(feature)
    values[place] = np.nextafter(values[place], np.float32(np.inf))
    return encode_features(values)


def test_the_same_stream_is_equal() -> None:
    """In any order of the records: the sequence numbers tell the order."""
    stream = small_stream()
    assert compare(stream, shipped()).equal
    backwards = replace(stream, decisions=list(reversed(stream.decisions)))
    assert compare(backwards, shipped()).equal


def test_a_lost_decision_is_named() -> None:
    """It also leaves a gap in the sequences of its card and of its merchant."""
    stream = small_stream()
    gone = stream.payments[7].transaction_id
    report = compare(without(stream, gone), shipped())
    assert report.lost == [gone]
    assert report.out_of_order == ["card card-1", "merchant merchant-1"]
    assert not report.equal


def test_a_doubled_decision_is_named() -> None:
    """Even where both say the same."""
    stream = small_stream()
    twice = replace(stream, decisions=[*stream.decisions, stream.decisions[3]])
    report = compare(twice, shipped())
    assert report.doubled == [stream.decisions[3].transaction_id]
    assert not report.equal


def test_a_decision_without_a_payment_is_named() -> None:
    """A decision that nobody asked for is as wrong as one that is missing."""
    stream = small_stream()
    report = compare(replace(stream, payments=stream.payments[:-1]), shipped())
    assert report.unknown == [stream.payments[-1].transaction_id]
    assert not report.equal


def test_one_bit_of_a_feature_is_seen() -> None:
    """The neighbouring float32 differs."""
    stream = small_stream()
    changed = _with(stream, 9, features=_next_float(stream.decisions[9], "amount"))
    report = compare(changed, shipped())
    assert report.features_differing == {"amount": 1}
    assert report.scores_differing == 0
    assert not report.equal


def test_one_bit_of_a_score_is_seen() -> None:
    """Of the ensemble and of each member."""
    stream = small_stream()
    score = stream.decisions[5].probability
    moved = float(np.nextafter(np.float32(score), np.float32(1)))
    assert compare(_with(stream, 5, probability=moved), shipped()).scores_differing == 1
    members = dict(stream.decisions[5].model_scores)
    members["xgboost"] = float(np.nextafter(np.float32(members["xgboost"]), np.float32(1)))
    assert compare(_with(stream, 5, model_scores=members), shipped()).scores_differing == 1


def test_a_label_in_another_place_is_seen() -> None:
    """Two events of one merchant that changed places leave no order 1, 2, 3."""
    stream = small_stream()
    receipt = msgspec.structs.replace(stream.receipts[0], merchant_sequence=2)
    report = compare(replace(stream, receipts=[receipt]), shipped())
    assert report.out_of_order == ["merchant merchant-0"]
    assert not report.equal
