"""What `./cardwatch parity` does, on a real cluster: equal, and able to see what is not."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from events.decision import decision_features, encode_features
from features.catalogue import FEATURE_NAMES
from tests.running import levels, shipped_bundle
from verify.parity.compare import Stream, compare
from verify.parity.run import ParitySettings, Streamed, stream_payments

PAYMENTS = 20_000


@pytest.fixture(scope="module")
def streamed(tmp_path_factory: pytest.TempPathFactory) -> Streamed:
    folder = tmp_path_factory.mktemp("parity") / "stack"
    settings = ParitySettings(folder, shipped_bundle().path, PAYMENTS, parallelism=2, seed=11)
    return stream_payments(settings, lambda _: None)


def test_the_stream_equals_both_replays_bit_for_bit(streamed: Streamed) -> None:
    """At parallelism 2, with payments out of order, late and repeated, labels late and wrong."""
    sent = streamed.sent
    report = compare(streamed.stream, streamed.bundle)
    assert report.equal, report
    assert report.payments == PAYMENTS
    assert report.labels == sent.labels > PAYMENTS / 2
    assert min(sent.late, sent.repeats, sent.late_labels, sent.corrections) > 100
    assert levels(streamed.stream) == {"LOW", "MEDIUM", "HIGH"}
    assert any("late" in decision.flags for decision in streamed.stream.decisions)
    assert all(one.compared == PAYMENTS for one in report.features.values())


def test_a_seeded_difference_is_seen(streamed: Streamed) -> None:
    """One bit of one feature of one decision; two scores that changed places."""
    stream = streamed.stream
    values = decision_features(stream.decisions[777])
    place = FEATURE_NAMES.index("card_sum_7d")
    values[place] = np.nextafter(values[place], np.float32(np.inf))
    [changed] = encode_features(values[None])
    report = compare(_with(stream, 777, features=changed), streamed.bundle)
    assert report.features_differing == {"card_sum_7d": 1}
    assert report.card_features_differing == {"card_sum_7d": 1}
    assert report.scores_differing == 0

    one, other = (stream.decisions[place].probability for place in (5, 6))
    assert one != other
    swapped = _with(_with(stream, 5, probability=other), 6, probability=one)
    assert compare(swapped, streamed.bundle).scores_differing == 2


def _with(stream: Stream, place: int, **changes: object) -> Stream:
    """Return the stream with one decision changed."""
    decisions = list(stream.decisions)
    decisions[place] = msgspec.structs.replace(decisions[place], **changes)
    return replace(stream, decisions=decisions)
