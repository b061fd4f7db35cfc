"""What holds for every declared feature and both entities; a new one is covered unasked."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, get_args

import numpy as np
import numpy.typing as npt
import pytest

import features
from features.card.plan import CARD_PLAN
from features.catalogue import (
    CARD_AGGREGATES,
    CARD_FEATURES,
    FEATURE_NAMES,
    FEATURES,
    HANDBOOK_FEATURES,
    MERCHANT_AGGREGATES,
    MERCHANT_FEATURES,
    slot,
)
from features.declaration import Aggregate, Feature, Side
from features.merchant.plan import MERCHANT_PLAN
from features.windows import DAY_MS, HOUR_MS, LABEL_DELAY_MS, window_name
from tests.unit.features.factories import NOON_MS, label, payment
from tests.unit.features.singly import pay_at, pay_by, tell_at

Values = npt.NDArray[np.float32]
Advance = Callable[[bytes | None, int], tuple[bytes, Values, int]]


def advance_card(state: bytes | None, i: int) -> tuple[bytes, Values, int]:
    """Advance a card that travels and varies all that can vary."""
    one = payment(
        NOON_MS + i * HOUR_MS,
        amount_minor=1_000 + 37 * i,
        merchant_id=f"m{i % 5}",
        merchant_category=["7995", "5411"][i % 2],
        city=f"city {i % 3}",
        country=["AT", "DE"][i % 2],
        device_id=f"d{i % 4}",
        lat=48.0 + i % 2,
        lon=16.0,
    )
    step = pay_by(state, one)
    return step.state, step.values, step.sequence


def advance_merchant(state: bytes | None, i: int) -> tuple[bytes, Values, int]:
    """Advance a merchant with a run of frauds, and every third a fraud, known after a day."""
    time_ms = NOON_MS + i * 8 * HOUR_MS
    step = pay_at(state, payment(time_ms, amount_minor=1_000 + 37 * i))
    if i % 3 and not 32 <= i <= 40:
        return step.state, step.values, step.sequence
    learnt = tell_at(step.state, label(time_ms, label_time_ms=time_ms + DAY_MS))
    return learnt.state, step.values, learnt.sequence


STAGES: Final[dict[str, tuple[Advance, tuple[Feature, ...]]]] = {
    "card": (advance_card, CARD_FEATURES),
    "merchant": (advance_merchant, MERCHANT_FEATURES),
}
PLANS: Final = {"card": CARD_PLAN, "merchant": MERCHANT_PLAN}
AGGREGATES: Final = {"card": CARD_AGGREGATES, "merchant": MERCHANT_AGGREGATES}
each_aggregate = pytest.mark.parametrize(
    ("stage", "aggregate"),
    [(stage, one) for stage, several in AGGREGATES.items() for one in several],
    ids=[f"{stage} {one.name}" for stage, several in AGGREGATES.items() for one in several],
)
KERNELS: Final = {"card": ("payment", "card"), "merchant": ("merchant",)}
FOLDER: Final = Path(features.__file__).parent
each_stage = pytest.mark.parametrize("stage", sorted(STAGES))
each_feature = pytest.mark.parametrize("feature", FEATURES, ids=FEATURE_NAMES)


def flat(plan: object) -> list[int]:
    """Return all slots of a plan, those of its tuples included."""
    assert isinstance(plan, tuple)
    return [n for field in plan for n in (field if isinstance(field, tuple) else (field,))]


@each_feature
def test_a_feature_says_what_it_is(feature: Feature) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", feature.name)
    assert feature.unit and feature.aggregate
    assert feature.description.endswith(".") and "{" not in feature.description


@each_feature
def test_a_feature_has_a_stable_code_and_a_name_in_words(feature: Feature) -> None:
    """A feature without a teller is no reason by itself; a combination may name it."""
    assert re.fullmatch("[a-z][a-z_]*", feature.reason)
    assert re.fullmatch(r"(the|an?|this card's) [^.{}]*[^.{} ]", feature.label)
    assert feature.tell is None or feature.tell.side in get_args(Side)


@each_feature
def test_a_windowed_aggregate_carries_its_window_in_the_name(feature: Feature) -> None:
    suffix = re.search(r"_(\d+[mhd])$", feature.name)
    assert suffix is None or suffix[1] == window_name(feature.window_ms or 0)


@each_feature
def test_a_feature_becomes_known_in_an_ordinary_history(feature: Feature) -> None:
    advance, declared = STAGES["merchant" if feature in MERCHANT_FEATURES else "card"]
    state: bytes | None = None
    for i in range(60):
        state, values, _ = advance(state, i)
    assert np.isfinite(values[slot(declared, feature.name)])


def test_names_are_unique_and_the_handbook_fifteen_are_among_them() -> None:
    assert len(set(FEATURE_NAMES)) == len(FEATURE_NAMES)
    assert len(HANDBOOK_FEATURES) == 15 and set(HANDBOOK_FEATURES) <= set(FEATURE_NAMES)


def test_the_card_kernel_has_one_slot_for_each_declared_feature() -> None:
    slots = [n for n in flat(CARD_PLAN._replace(sources=-1)) if n >= 0]
    assert sorted(slots) == list(range(len(CARD_FEATURES)))


def test_the_merchant_kernel_has_one_slot_for_each_declared_feature() -> None:
    without_edges = MERCHANT_PLAN._replace(
        sources=-1, window_edge=(), delayed_edge=(), delay_edge=-1
    )
    slots = [n for n in flat(without_edges) if n >= 0]
    assert sorted(slots) == list(range(len(MERCHANT_FEATURES)))


@each_aggregate
def test_an_aggregate_has_the_slots_of_its_features(stage: str, aggregate: Aggregate) -> None:
    """The window of a slot is the one that the kernel is at when it writes there."""
    slots, (_, declared) = getattr(PLANS[stage], aggregate.name), STAGES[stage]
    if aggregate.steps_ms is None:
        assert (declared[slots],) == aggregate.features
        return
    written = dict(zip(aggregate.steps_ms, slots, strict=True))
    own = {feature.window_ms: feature for feature in aggregate.features}
    assert {w: declared[at] for w, at in written.items() if at >= 0} == own


@each_stage
def test_the_kernel_writes_what_is_declared_and_nothing_else(stage: str) -> None:
    """A plan has no type that names its fields, so the kernels' own code is read."""
    read = {
        node.attr
        for folder in KERNELS[stage]
        for path in (FOLDER / folder).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "plan"
    }
    assert read == {*PLANS[stage]._fields} - {"sources"}


@each_stage
def test_a_new_entity_has_a_full_vector_without_infinities(stage: str) -> None:
    advance, declared = STAGES[stage]
    _, values, sequence = advance(None, 1)
    assert values.dtype == np.float32 and values.shape == (len(declared),)
    assert not np.isinf(values).any()
    assert sequence == 1


@each_stage
def test_advance_is_pure(stage: str) -> None:
    advance, _ = STAGES[stage]
    state: bytes | None = None
    for i in range(30):
        kept = None if state is None else bytes(bytearray(state))
        following, values, sequence = advance(state, i)
        again, values_again, sequence_again = advance(state, i)
        assert state == kept
        assert (following, sequence) == (again, sequence_again)
        assert values.tobytes() == values_again.tobytes()
        state = following


@each_stage
def test_a_state_that_was_stored_and_read_back_goes_on_the_same(stage: str) -> None:
    advance, _ = STAGES[stage]
    state, copied = None, None
    for i in range(30):
        state, values, _ = advance(state, i)
        copied, same, _ = advance(copied and bytes.fromhex(copied.hex()), i)
        assert values.tobytes() == same.tobytes()
    assert state == copied


def test_extreme_amounts_and_places_stay_finite() -> None:
    state = None
    for i, amount in enumerate([0, 2**40 - 1, 0, 2**40 - 1]):
        one = payment(NOON_MS + i, amount_minor=amount, currency="JPY", lat=90.0 - i, lon=-180.0)
        step = pay_by(state, one)
        state = step.state
        assert not np.isinf(step.values).any()


def test_a_label_of_any_age_is_taken() -> None:
    state = None
    for age_ms in (0, DAY_MS, LABEL_DELAY_MS, 400 * DAY_MS, -400 * DAY_MS):
        state = tell_at(state, label(NOON_MS - age_ms)).state
        state = pay_at(state, payment()).state
    assert not np.isinf(pay_at(state, payment()).values).any()
