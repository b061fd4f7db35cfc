"""Categories: every code has a group, the groups' numbers stay, our own generator's are known."""

import math

import pytest

from features.categories import CATEGORY_GROUPS, GROUP_NUMBERS
from producer.world.population.merchants import CATEGORIES


@pytest.mark.parametrize(
    ("category", "group"),
    [
        ("5411", "groceries"),
        ("5812", "dining"),
        ("3012", "travel"),
        ("3690", "lodging"),
        ("7995", "gambling"),
        ("4829", "money transfer"),
        ("5311", "shopping"),
        ("9399", "public authorities"),
        ("grocery_pos", "groceries"),
        ("grocery_net", "food online"),
    ],
)
def test_a_category_belongs_to_its_group(category: str, group: str) -> None:
    assert CATEGORY_GROUPS[int(GROUP_NUMBERS[category])] == group


def test_the_numbers_of_groups_stay() -> None:
    """Trained bundles hold the numbers: a group may be appended, none may move."""
    assert [(at, CATEGORY_GROUPS[at]) for at in (0, 1, 14, 20, 26)] == [
        (0, "other"),
        (1, "groceries"),
        (14, "shopping"),
        (20, "shopping online"),
        (26, "crypto-currency"),
    ]


def test_no_category_is_missing_and_not_other() -> None:
    assert math.isnan(GROUP_NUMBERS[None])
    assert "no such category" not in GROUP_NUMBERS


def test_every_code_of_the_standard_and_every_category_of_the_world_has_a_group() -> None:
    assert all(f"{code:04d}" in GROUP_NUMBERS for code in range(1, 10_000))
    assert all(GROUP_NUMBERS[category.name] > 0 for category in CATEGORIES)
