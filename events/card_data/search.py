"""Search for card data in a text: card numbers, track data and verification codes."""

import re
from collections.abc import Collection, Iterator
from itertools import accumulate, pairwise
from typing import Final, Literal, NamedTuple

from events.card_data.number import (
    DOUBLED,
    FILLER,
    LONGEST,
    SHORTEST,
    card_number_in,
    is_card_number,
    is_issued,
    spelling,
)

Code = Literal["card_number", "card_data"]


class Span(NamedTuple):
    """From where to where a text holds card data, and the reason code for it."""

    start: int
    end: int
    code: Code


_GAP: Final = r"[ \-+.,\x00]{0,24}"
_RUN: Final = re.compile(rf"[0-9](?:{_GAP}[0-9]){{11,}}")
MAY_HOLD: Final = r"(?:[0-9][^0-9A-Za-z]*){12}|[^\x00-\x7F]|(?i:cv[cv])"
"""What every text with card data matches, for columns of texts; RE2 knows this syntax too."""

_ENOUGH_DIGITS: Final = re.compile(r"[0-9](?:[^0-9A-Za-z]{0,24}[0-9]){11}")
_CODE_WORD: Final = re.compile(r"[cC][vV][cCvV]")
_LONG: Final = 4_000
_GROUP: Final = re.compile(r"[0-9](?:\x00*[0-9])*")
_EXPONENT: Final = re.compile(r"[eE][+-]?[0-9]{1,3}(?![0-9A-Za-z])")
_BEFORE: Final = re.compile(r"[0-9A-Za-z]+\Z")
_OTHER_ID: Final = re.compile(r"(?<![0-9A-Za-z])(?:merchant|terminal|product)--?\Z", re.IGNORECASE)
"""What the producer puts before the numbers of a data set that are no cards."""

_AFTER: Final = re.compile(r"[A-Za-z]*")
_LEAD: Final = re.compile(
    r"pan|(?:credit)?card(?:no|nr|num|number)?|ccn?(?:no|num|number)?|number|num|no|nr|acct|account"
    r"|visa|mastercard|mc|amex|maestro|diners|discover|jcb|unionpay|karte(?:nnummer)?",
    re.IGNORECASE,
)
_TRAIL: Final = re.compile(r"(?:exp|expiry|expires|cvv|cvc|valid|thru|and|l)?", re.IGNORECASE)
"""Words that may touch a card number; other letters make the digits a part of an id."""

_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_OTHER_DATA: Final = (
    # Track 1: %B, the number, ^, the name, ^, expiry and the rest up to the question mark.
    re.compile(r"%?[A-Za-z][0-9][0-9 ]{11,22}\^[^\^]{2,45}\^[0-9]{4}[^?\"\r\n]{0,200}\??"),
    # Track 2: ;, the number, = (or D), expiry as YYMM and the rest.
    re.compile(r";?(?<![0-9A-Za-z])[0-9]{12,19}=[0-9]{2}(?:0[1-9]|1[0-2])[0-9]*\??"),
    re.compile(
        r"(?<![0-9A-Za-z])[0-9]{13,19}[Dd][0-9]{2}(?:0[1-9]|1[0-2])[0-9]{3,}[Ff]?(?![0-9A-Za-z])"
    ),
    re.compile(
        r"(?<![0-9A-Za-z])(?:cvv2?|cvc2?)(?:[ :=#.\-]|is|code){1,6}[0-9]{3,4}(?![0-9A-Za-z])",
        re.IGNORECASE,
    ),
)


def card_data(text: str, known: Collection[str] = (), *, coarse: bool = False) -> list[Span]:
    """Return every place of a text that holds card data, in order and without overlaps.

    `known` are digits to be found as well, though no network issues such a number. A `coarse`
    search takes thousands of digits in a row for one number: it masks, and may not take long.

    >>> card_data("card 4111 1111 1111 1111 exp 12/27")
    [Span(start=5, end=24, code='card_number')]
    """
    if not _may_hold(text):
        return []
    other = [
        Span(*match.span(), "card_data") for form in _OTHER_DATA for match in form.finditer(text)
    ]
    return _merged([*other, *_numbers(text, known, coarse)])


def _may_hold(text: str) -> bool:
    """Say whether a closer look is worth while: enough digits in a row, or a word for a code."""
    return (
        len(text) >= SHORTEST and (not text.isascii() or _ENOUGH_DIGITS.search(text) is not None)
    ) or _CODE_WORD.search(text) is not None


def _numbers(text: str, known: Collection[str], coarse: bool) -> list[Span]:
    plain = spelling(text)
    runs = list(_RUN.finditer(plain))
    if not runs:
        return []
    whole = card_number_in(text)
    if whole is not None and _is_wanted(whole, known):
        return [Span(0, len(text), "card_number")]
    found: list[Span] = []
    for run in runs:
        if coarse and len(run[0]) > _LONG:
            found.append(Span(*run.span(), "card_number"))
        else:
            found += _Run(plain, run.span(), known).numbers()
    if not found:
        return []
    ids = [match.span() for match in _UUID.finditer(text)]
    return [
        one for one in found if not any(start <= one.start and one.end <= end for start, end in ids)
    ]


def _is_wanted(digits: str, known: Collection[str]) -> bool:
    digits = digits.lstrip("0")  # as fields of a fixed width pad a number
    return digits in known or (is_issued(digits) and is_card_number(digits))


class _Run:
    """Groups of digits that follow each other, with nothing but marks between."""

    def __init__(self, plain: str, place: tuple[int, int], known: Collection[str]) -> None:
        self._plain = plain
        self._known = known
        self._groups = [group.span() for group in _GROUP.finditer(plain, *place)]
        texts = [plain[start:end].replace(FILLER, "") for start, end in self._groups]
        self._digits = "".join(texts)
        self._offsets = [0, *accumulate(map(len, texts))]
        # Luhn's sums up to each digit, with those at odd and those at even places doubled.
        digits = [int(digit) for digit in self._digits]
        self._sums = tuple(
            [0, *accumulate(DOUBLED[n] if (i - odd) % 2 else n for i, n in enumerate(digits))]
            for odd in (0, 1)
        )
        self._gaps = [
            plain[one[1] : two[0]].replace(FILLER, "") for one, two in pairwise(self._groups)
        ]

    def numbers(self) -> Iterator[Span]:
        """Yield the card numbers that neighbouring groups spell, the longest at each place."""
        first = 0
        while first < len(self._groups):
            last = self._last(first)
            if last is not None:
                yield Span(self._groups[first][0], self._groups[last][1], "card_number")
                first = last
            first += 1
        yield from self._with_exponent()

    def _last(self, first: int) -> int | None:
        """Return the last group of the longest card number that begins at a group, or None."""
        if self._is_fraction(first):
            return None
        found, start = None, self._offsets[first]
        for last in range(first, len(self._groups)):
            end = self._offsets[last + 1]
            if end - start > LONGEST:
                break
            sums = self._sums[(end - 1) % 2]
            if (
                end - start >= SHORTEST
                and (sums[end] - sums[start]) % 10 == 0
                and _is_wanted(self._digits[start:end], self._known)
                and self._is_number(first, last)
            ):
                found = last
        return found

    def _with_exponent(self) -> Iterator[Span]:
        """Yield the card number that the last groups and an exponent behind them spell."""
        exponent = _EXPONENT.match(self._plain, self._groups[-1][1])
        if exponent:
            start = self._groups[-2:][0][0]
            digits = card_number_in(self._plain[start : exponent.end()])
            alone = _stands_alone(self._plain, start, exponent.end())
            if digits and alone and _is_wanted(digits, self._known):
                yield Span(start, exponent.end(), "card_number")

    def _is_fraction(self, first: int) -> bool:
        """Say whether a group stands behind the only point of a number."""
        gaps = self._gaps
        if first == 0 or gaps[first - 1] != ".":
            return False
        return not ((first >= 2 and gaps[first - 2] == ".") or gaps[first : first + 1] == ["."])

    def _is_number(self, first: int, last: int) -> bool:
        """Say whether groups stand for one number: by what touches them, and by their sizes.

        Four digits and more, all alike, or thousands. Dates and addresses have small groups of
        different sizes; one point alone is a decimal point.
        """
        if not _stands_alone(self._plain, self._groups[first][0], self._groups[last][1]):
            return False
        gaps = self._gaps[first:last]
        if not gaps:
            return True
        if gaps.count(".") == 1:
            return False
        sizes = [two - one for one, two in pairwise(self._offsets[first : last + 2])]
        if min(sizes[:-1]) >= 4:
            return True
        alike = len(set(sizes[:-1])) == 1 or (len(sizes) > 4 and set(sizes[1:]) == {3})
        return alike and len(set(gaps)) == 1


def _stands_alone(plain: str, start: int, end: int) -> bool:
    """Say whether no letters touch a number but those of words that go with card numbers."""
    front = plain[max(0, start - 20) : start]
    before = _BEFORE.search(front)
    if before and not _LEAD.fullmatch(before[0]):
        return False
    after = _AFTER.match(plain, end, end + 20)
    return not _OTHER_ID.search(front) and (after is None or _TRAIL.fullmatch(after[0]) is not None)


def _merged(spans: list[Span]) -> list[Span]:
    """Return spans in order, those that overlap as one; card data outweighs a number."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start < merged[-1].end:
            last = merged.pop()
            code = max(span.code, last.code, key=lambda code: code == "card_data")
            span = Span(last.start, max(last.end, span.end), code)
        merged.append(span)
    return merged
