"""Stable reason codes of a model's columns: a feature's own code, or that of attributes.

Columns of one code tell of one thing (the counts of 10 minutes and of 1 hour), so an alert names a
code once.
"""

from typing import Final

from features.catalogue import FEATURES

ATTRIBUTE: Final = "attribute"
"""Code of what a payment carries beside its fields, which no catalogue declares."""

COMBINATION: Final = "combination"
"""Code of an alert in which no value is evidence by itself."""

_REASONS: Final = {feature.name: feature.reason for feature in FEATURES}


def reason_code(column: str) -> str:
    """Return the code of a column: a declared feature's name, or an attribute's.

    >>> reason_code("card_count_10m"), reason_code("attributes.V1")
    ('velocity', 'attribute')
    """
    return _REASONS.get(column, ATTRIBUTE)
