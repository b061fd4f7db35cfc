"""The comparison with the replay says "equal" only where nothing differs."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from events.decision import Decision, decision_features, encode_features
from features.catalogue import FEATURE_NAMES
from tests.unit.scoring.scene import shipped, small_stream, without
from verify.parity.compare import Stream, compare


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
    return encode_features(values[None])[0]


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


@pytest.mark.parametrize("party", ["card_id", "merchant_id"])
def test_a_decision_on_another_party_is_named(party: str) -> None:
    """Though its features and numbers are those of the payment."""
    stream = small_stream()
    report = compare(_with(stream, 7, **{party: "another"}), shipped())
    assert report.out_of_order == [f"decision {stream.decisions[7].transaction_id}"]
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


def test_swapped_scores_are_seen() -> None:
    """Each is a score that the model gave, only not to this payment."""
    stream = small_stream()
    one, other = stream.decisions[5], stream.decisions[40]
    assert one.probability != other.probability
    swapped = _with(
        _with(stream, 5, probability=other.probability), 40, probability=one.probability
    )
    report = compare(swapped, shipped())
    assert report.scores_differing == 2
    assert report.scores["ensemble"].largest == pytest.approx(
        abs(one.probability - other.probability)
    )
    assert not report.equal


def test_the_sign_of_zero_and_a_missing_value_are_seen() -> None:
    """Equal numbers with other bits differ, and so does a number where there was none."""
    stream = small_stream()
    values = decision_features(stream.decisions[0])
    zero = int(np.flatnonzero(values == 0)[0])
    missing = int(np.flatnonzero(np.isnan(values))[0])
    values[zero], values[missing] = -0.0, 0.0
    [changed] = encode_features(values[None])
    report = compare(_with(stream, 0, features=changed), shipped())
    assert report.features_differing == {FEATURE_NAMES[zero]: 1, FEATURE_NAMES[missing]: 1}
    assert report.features[FEATURE_NAMES[missing]].one_missing == 1
    assert report.features[FEATURE_NAMES[zero]].one_missing == 0


def test_a_job_that_takes_a_card_out_of_order_is_seen_by_the_topic_alone() -> None:
    """Its sequence numbers and its features agree with each other; the topic says otherwise."""
    stream = small_stream()
    own = [place for place, each in enumerate(stream.payments) if each.card_id == "card-1"]
    payments = list(stream.payments)
    payments[own[3]], payments[own[4]] = payments[own[4]], payments[own[3]]
    report = compare(replace(stream, payments=payments), shipped())
    assert report.features_differing == {} and report.scores_differing == 0
    assert report.misplaced == 2
    assert "card_seconds_since_last" in report.card_features_differing
    assert not report.equal


def test_labels_without_a_receipt_and_receipts_without_a_label_are_counted() -> None:
    """A label that the job never took in leaves no gap in any sequence."""
    stream = small_stream()
    assert compare(replace(stream, receipts=[]), shipped()).labels_lost == 1
    report = compare(replace(stream, labels=[]), shipped())
    assert report.labels_doubled == 1
    assert not report.equal


def test_nothing_streamed_is_equal_to_nothing() -> None:
    """An empty comparison has columns, and no rows."""
    report = compare(Stream([], [], [], []), shipped())
    assert report.equal and report.payments == 0
    assert report.features["amount"].compared == 0


def test_a_label_in_another_place_is_seen() -> None:
    """Two events of one merchant that changed places leave no order 1, 2, 3."""
    stream = small_stream()
    receipt = msgspec.structs.replace(stream.receipts[0], merchant_sequence=2)
    report = compare(replace(stream, receipts=[receipt]), shipped())
    assert report.out_of_order == ["merchant merchant-0"]
    assert not report.equal


def test_a_receipt_that_says_something_else_about_its_payment_is_counted() -> None:
    stream = small_stream()
    receipt = msgspec.structs.replace(stream.receipts[0], payment="unknown")
    report = compare(replace(stream, receipts=[receipt]), shipped())
    assert report.receipts_differing == 1
    assert not report.equal


def test_a_receipt_of_an_older_release_says_nothing_that_could_differ() -> None:
    stream = small_stream()
    receipt = msgspec.structs.replace(stream.receipts[0], payment=None)
    assert compare(replace(stream, receipts=[receipt]), shipped()).equal
