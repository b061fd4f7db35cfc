"""One sentence in plain words for a column of a model: its value, and what is normal.

A feature's own teller speaks of a present value; it stands with the feature's declaration. What
the teller leaves, the description says. An attribute of the payment has only its name.
"""

import math
from typing import Final

from features.catalogue import FEATURES
from features.declaration import Phrase, Told, Usual, Values
from features.words import number
from scoring.bundle.manifest import InputFeature

_NAMED: Final = {feature.name: feature for feature in FEATURES}


def phrase(column: InputFeature, values: Values) -> Phrase:
    """Return the sentence for one column of a model, whatever its value."""
    feature = _NAMED.get(column.name)
    value = values.get(column.name)
    if feature is None:
        return _attribute(column, value)
    if value is None and feature.missing is not None:
        return Phrase(None, feature.missing)
    usual = Usual(column.median, column.profile.mean)
    told = Told(feature, math.nan if value is None else value, usual, values)
    spoken = feature.tell(told) if feature.tell is not None and value is not None else None
    return spoken or _declared(told)


def _attribute(column: InputFeature, value: float | None) -> Phrase:
    name = column.name.rpartition(".")[2]
    if value is None:
        return Phrase(None, f"the payment has no {name}")
    return Phrase(column.median, f"{name} is {value:.4g}; the usual is {column.median:.4g}")


def _declared(told: Told) -> Phrase:
    """Return a sentence from the feature's declaration: true of every feature."""
    what = told.feature.description.rstrip(".").partition(";")[0]
    if told.feature.unit == "0/1":
        condition = what.removeprefix("1 if ").removesuffix(", else 0")
        if math.isnan(told.value):
            return Phrase(None, f"not known whether {condition}")
        return Phrase(told.training.mean, ("" if told.value else "not so: ") + condition)
    what = what[:1].lower() + what[1:]
    if math.isnan(told.value):
        return Phrase(None, f"not known: {what}")
    usual = told.training.median
    return Phrase(usual, f"{what}: {number(told.value)}; the usual is {number(usual)}")
