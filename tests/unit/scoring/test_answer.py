"""Answers to batches: the bytes of a payment do not depend on the payments beside it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import EventError
from events.levels import LOW
from scoring.answer import Answer, answer_batch, feature_rows
from scoring.loader import Bundle, load_bundle
from scoring.messages import ScoringRequest
from tests.unit.features.factories import NOON_MS, payment
from tests.unit.scoring.scene import HOUR_MS, new_states, request_of, shipped
from tests.unit.training.samples import ATTRIBUTE, random_registry

PAYMENTS = 40
ALERTS_FROM = 0.002
"""A threshold that some of the payments reach, so that a batch has answers of both kinds."""


@cache
def requests() -> tuple[ScoringRequest, ...]:
    """Payments of three cards at two merchants, every other one with the attribute."""
    states, name = new_states(), ATTRIBUTE.partition(".")[2]
    return tuple(
        request_of(
            payment(
                NOON_MS + number * HOUR_MS,
                card_id=f"card-{number % 3}",
                merchant_id=f"merchant-{number % 2}",
                amount_minor=1_000 + 3_700 * number,
                attributes={name: number / 7} if number % 2 else {},
            ),
            states,
        )
        for number in range(PAYMENTS)
    )


@cache
def bundles() -> tuple[Bundle, Bundle]:
    """The shipped bundle with a policy of many alerts, and one that reads the attribute."""
    low = msgspec.structs.replace(shipped().manifest.thresholds, medium=ALERTS_FROM)
    manifest = msgspec.structs.replace(shipped().manifest, thresholds=low)
    many = replace(shipped(), policy=type(shipped().policy)(manifest))  # type: ignore[call-arg]
    return many, load_bundle(random_registry() / "ensemble" / "1")


def answered(part: list[ScoringRequest], bundle: Bundle) -> list[Answer]:
    return answer_batch(part, bundle, lambda: 1_000_000 * NOON_MS)


@given(st.lists(st.integers(0, PAYMENTS), max_size=9), st.sampled_from([0, 1]))
def test_every_cut_of_a_batch_has_the_same_answers(cuts: list[int], which: int) -> None:
    bundle, everything = bundles()[which], list(requests())
    whole = answered(everything, bundle)
    ends = [0, *sorted(cuts), PAYMENTS]
    parts = [everything[start:end] for start, end in pairwise(ends)]
    assert [one for part in parts for one in answered(part, bundle)] == whole


def test_a_batch_has_answers_with_and_without_alerts() -> None:
    for bundle in bundles():
        found = answered(list(requests()), bundle)
        assert all((one.alert is None) == (one.level == LOW) for one in found)
    assert {one.alert is None for one in answered(list(requests()), bundles()[0])} == {True, False}


def test_an_infinite_feature_ends_the_batch_and_leaves_nothing_behind() -> None:
    """Whoever asks again without the payment gets the answers that there would have been."""
    bundle, good = bundles()[0], list(requests())
    whole = answered(good, bundle)
    values = np.where(np.arange(len(feature_rows(good)[0])) == 2, np.inf, 0).astype(np.float32)
    bad = msgspec.structs.replace(good[7], features=values.tobytes())
    with pytest.raises(EventError, match=r"features\[2\]"):
        answered([*good[:7], bad, *good[8:]], bundle)
    assert answered([*good[:7], *good[8:]], bundle) == [*whole[:7], *whole[8:]]


def test_features_of_another_width_are_refused() -> None:
    short = msgspec.structs.replace(requests()[0], features=requests()[0].features[:-4])
    with pytest.raises(ValueError, match=r"wants float32\[n, "):
        answered([short], bundles()[0])
