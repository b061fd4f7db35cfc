"""Text fields of payments: cleaned, in one spelling, within the limits, card numbers as tokens.

Each distinct value is looked at once.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from events.card_data.search import MAY_HOLD, card_data
from events.wire import MAX_TEXT
from producer.values.checks import Checks, card_data_refused, true
from producer.values.missing import clean
from producer.values.spelling import spell
from producer.values.tally import Tally
from producer.values.tokens import Tokenizer

TOKENISED: Final = ("card_id", "customer_id")
"""The fields that name a card or its holder: a card number there becomes a token."""

_CONTROL: Final = r"[\x00-\x1f\x{7f}-\x{9f}]"


@dataclass(frozen=True, slots=True)
class TextRules:
    """Rules for a text field: what is cut from its front, put before it and put behind it.

    needed refuses rows without it. every_token makes a token of every value, not only of those
    that are card numbers.
    """

    strip: str = ""
    prefix: str = ""
    suffix: str = ""
    needed: bool = False
    every_token: bool = False


def text_column(
    parts: Sequence[pa.Array],
    field_name: str,
    where: str,
    rules: TextRules,
    tokenizer: Tokenizer,
    checks: Checks,
    tally: Tally,
) -> pa.Array:
    """Return string[n], null where missing, from one column, or from several joined by dashes."""
    spelt = [_spelt(part, field_name, where, checks, tally) for part in parts]
    column = spelt[0] if len(spelt) == 1 else _joined(spelt)
    if rules.needed:
        shown = parts[0] if len(parts) == 1 else column
        step = "fill the column, or map another"
        checks.refuse(true(column.is_null()), "missing_field", where, "a text", shown, step)

    def finish(values: pa.Array, inner: Checks) -> pa.Array:
        return _finished(values, field_name, where, rules, tokenizer, inner)

    return _by_value(column, finish, checks)


def _by_value(
    column: pa.Array, change: Callable[[pa.Array, Checks], pa.Array], checks: Checks
) -> pa.Array:
    """Change each distinct value of a column once; rows of a refused value are refused."""
    coded = pc.dictionary_encode(column)
    inner = Checks(len(coded.dictionary))
    changed = change(coded.dictionary, inner)
    checks.refuse_coded(inner, coded.indices)
    return changed.take(coded.indices)


def _spelt(raw: pa.Array, field_name: str, where: str, checks: Checks, tally: Tally) -> pa.Array:
    """Return a column in one spelling, null where it is missing."""
    coded = pc.dictionary_encode(raw)
    cleaned, words = clean(coded.dictionary, field_name)
    tally.add("missing_words", int(true(words.take(coded.indices)).sum()))
    inner = Checks(len(cleaned))
    changed = spell(cleaned, where, inner)
    checks.refuse_coded(inner, coded.indices)
    return changed.take(coded.indices)


def _joined(parts: Sequence[pa.Array]) -> pa.Array:
    """Join parts with dashes; a missing part is empty, without its first part a key is missing.

    >>> _joined([pa.array(["7", None]), pa.array([None, "2"]), pa.array(["1", "1"])]).to_pylist()
    ['7--1', None]
    """
    others = [pc.fill_null(part, "") for part in parts[1:]]
    return pc.binary_join_element_wise(parts[0], *others, "-")


def _finished(
    values: pa.Array,
    field_name: str,
    where: str,
    rules: TextRules,
    tokenizer: Tokenizer,
    checks: Checks,
) -> pa.Array:
    """Return the texts that are sent for distinct values: within limits, no card number left."""
    if rules.strip:
        values = pc.replace_substring_regex(values, f"^{re.escape(rules.strip)}", "")
    if field_name in TOKENISED:
        values = _tokens(values, rules, tokenizer)
    elif rules.prefix or rules.suffix:
        values = pc.binary_join_element_wise(rules.prefix, values, rules.suffix, "")
    bad = pc.or_(
        pc.greater(pc.utf8_length(values), MAX_TEXT), pc.match_substring_regex(values, _CONTROL)
    )
    bad = pc.or_(bad, pc.equal(values, ""))
    expected, step = f"1 to {MAX_TEXT} printable characters", "shorten or clean the text"
    checks.refuse(true(bad), "bad_identifier", where, expected, values, step)
    _refuse_card_data(values, where, checks)
    return values


def _tokens(values: pa.Array, rules: TextRules, tokenizer: Tokenizer) -> pa.Array:
    """Replace card numbers, or every value, by tokens; put the prefix before the others."""
    tokens = tokenizer.column(values, rules.every_token)
    prefixed = pc.binary_join_element_wise(rules.prefix, values, rules.suffix, "")
    return pc.if_else(pc.equal(tokens, values), prefixed, tokens)


def _refuse_card_data(values: pa.Array, where: str, checks: Checks) -> None:
    """Refuse the texts that hold a card number or other card data somewhere, as the job does."""
    suspects = np.flatnonzero(true(pc.match_substring_regex(values, MAY_HOLD)))
    for place in suspects.tolist():
        spans = card_data(values[place].as_py())
        if spans:
            checks.refuse_each({place: card_data_refused(spans[0].code, where)})
