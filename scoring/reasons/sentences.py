"""Evidence of a model's column in a sentence, or its value alone.

A feature's own teller speaks of a value; it stands with the feature's declaration. An attribute of
the payment, which no catalogue declares, is told by its name.
"""

import math
from typing import Final

from features.catalogue import FEATURES
from features.declaration import Feature, Phrase, Side, Told, Usual, Values
from features.words import shown
from scoring.bundle.manifest import InputFeature

_NAMED: Final = {feature.name: feature for feature in FEATURES}


class Speaker:
    """Speaks of one column: with its declaration and how it was distributed in training."""

    def __init__(self, column: InputFeature) -> None:
        quantile = column.profile.quantiles.get
        self.name = column.name
        self._usual = Usual(
            column.median,
            column.profile.mean,
            quantile("0.05", -math.inf),
            quantile("0.95", math.inf),
        )
        self._feature: Feature | None = _NAMED.get(column.name)

    def evidence(self, value: float, values: Values) -> Phrase | None:
        """Return what is unusual about the column's value; None where nothing is.

        A value that is not strictly on the side where the feature is evidence is none.
        """
        if self._feature is None:
            return self._attribute(value)
        telling = self._feature.tell
        if telling is None:
            return None
        phrase = telling.teller(Told(self._feature, value, self._usual, values))
        if phrase is None or not is_beyond(telling.side, value, phrase.normal):
            return None
        return phrase

    def label(self, values: Values) -> str | None:
        """Return the column's name in words with its value, None where it is not known."""
        value = values.get(self.name)
        if value is None:
            return None
        if self._feature is None:
            return f"{_plain(self.name)} ({value:.4g})"
        said = shown(self._feature, value, values)
        return None if said is None else f"{self._feature.label} ({said})"

    def _attribute(self, value: float) -> Phrase | None:
        """Speak of a number that came with the payment, where it is rare in training."""
        if self._usual.low <= value <= self._usual.high:
            return None
        usual = self._usual.median
        if value == usual:
            return None
        said = f"{_plain(self.name)} is {value:.4g}; its usual value is {usual:.4g}."
        return Phrase(usual, said)


def is_beyond(side: Side, value: float, usual: float | None) -> bool:
    """Say whether a value is evidence: strictly on its side, or with no usual value at all.

    >>> is_beyond("above", 3.0, 3.0), is_beyond("below", 2.0, 3.0), is_beyond("present", 2.0, None)
    (False, True, True)
    """
    if usual is None:
        return side == "present"
    return (side in ("above", "either") and value > usual) or (
        side in ("below", "either") and value < usual
    )


def _plain(column: str) -> str:
    """Return an attribute's own name, without the prefix of its column."""
    return column.rpartition(".")[2]
