"""Missing values in every spelling: blanks, NaN, and the words that programs write for nothing."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_WORDS: Final = (
    *("nan", "-nan", "nat", "null", "none", "n/a", "<na>", "<null>", "(null)", "[null]"),
    *("\\n", "-", "--", "?", ".", "#n/a", "#na", "#ref!", "#value!", "#name?", "#div/0!", "#num!"),
    *("#" * length for length in range(2, 21)),
)
"""Python, databases, R, SAS, UCI files, and spreadsheets that lost a value or had no room."""
_COUNTRIES: Final = ("country", "home_country")
_NOT_FOR_COUNTRIES: Final = ("na",)
"""NA is what R writes, and the code of Namibia."""


def _spellings(words: tuple[str, ...]) -> pa.Array:
    found = {case for word in words for case in (word, word.upper(), word.capitalize())}
    return pa.array(sorted({*found, "NaN", "-NaN", "NaT"}))


_COUNTRY: Final = _spellings(_WORDS)
_OTHER: Final = _spellings((*_WORDS, *_NOT_FOR_COUNTRIES))


def clean(column: pa.Array, field_name: str) -> tuple[pa.Array, pa.Array]:
    """Return a column without blanks at both ends, null where missing; and bool[n], the words.

    A word is a text such as NULL; blank texts, nulls and NaN are missing without being words.

    >>> column, words = clean(pa.array([" a ", "", "NULL", None]), "merchant_id")
    >>> column.to_pylist(), words.to_pylist()
    (['a', None, None, None], [False, False, True, False])
    >>> clean(pa.array(["NA"]), "country")[0].to_pylist()
    ['NA']
    """
    if not pa.types.is_string(column.type):
        if pa.types.is_floating(column.type):
            column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
        return column, pa.repeat(False, len(column))
    texts = pc.utf8_trim_whitespace(column)
    words = _COUNTRY if field_name in _COUNTRIES else _OTHER
    word = pc.is_in(texts, value_set=words)
    missing = pc.or_kleene(word, pc.equal(texts, ""))
    return pc.if_else(missing, pa.scalar(None, pa.string()), texts), word
