"""Tally of what reading a file assumed, changed or left out, with the words for each."""

from collections import Counter
from typing import Final

REMARKS: Final = {
    "missing_words": "Values such as NULL, nan or N/A, read as missing",
    "no_offset": "Times without an offset, read as UTC (--timezone names another zone)",
    "hour_comes_twice": "Times in an hour that comes twice when clocks go back, read as the first",
    "hour_is_skipped": "Times in an hour that clocks skip, read with the offset before the change",
    "amounts_rounded": "Amounts rounded to their currency's minor unit, halves away from zero",
    "refunds_left_out": "Refunds (amounts below zero) left out",
    "repeated": "Payments sent again (same id, same content), which the job decides once",
    "reused": "Payments under the id of another payment",
    "not_joined": "Payments without a row in the joined file, read without its columns",
}
"""Every remark with its words."""


class Tally:
    """Counts of remarks over a whole file."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, name: str, count: int) -> None:
        """Count a remark; one that applies to nothing leaves no trace."""
        if name not in REMARKS:
            raise KeyError(
                f"{name!r} is not one of producer.values.tally.REMARKS; add it there first"
            )
        if count:
            self.counts[name] += count

    def lines(self) -> list[str]:
        """Return the remarks in words, each with its count.

        >>> tally = Tally()
        >>> tally.add("refunds_left_out", 1_200)
        >>> tally.lines()
        ['Refunds (amounts below zero) left out: 1,200']
        """
        return [f"{REMARKS[name]}: {count:,}" for name, count in self.counts.items()]
