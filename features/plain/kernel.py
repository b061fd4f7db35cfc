"""The compiled reader: scan a payment, judge its values, and pack its row."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from features.card.rows import (
    PAID_AMOUNT,
    PAID_CURRENCY,
    PAID_KEY,
    PAID_LAT,
    PAID_LON,
    PAID_LOOKED,
    PAID_PAID,
    PAID_TIME,
)
from features.kernels.compiled import entry_point, helper
from features.kernels.plan import Plan
from features.plain.bits import is_same, load_8
from features.plain.fields import (
    AMOUNT,
    CARD_ID,
    CATEGORY,
    COLUMNS,
    CURRENCY,
    FIELDS,
    FORM,
    HOME_COUNTRY,
    LAT,
    LON,
    NUMBER,
    REQUIRED,
    SIZE,
    TEXT,
    TIME_ZONE,
    TIMESTAMP,
    TRANSACTION_ID,
    VALUE,
)
from features.plain.numbers import quotient
from features.plain.payments import SPANS
from features.plain.plan import (
    PLAIN_PLAN,
    TOKEN_DROPPED,
    TOKEN_FIELD,
    TOKEN_LEAST,
    TOKEN_WORD,
    PlainPlan,
)
from features.plain.scan import Found, scan
from features.plain.tables import (
    ADDED,
    AFTER_MS,
    BEFORE_MS,
    CHANGE_MS,
    DAY,
    DAYS,
    DIVISOR,
    EXPONENT,
    FACTOR,
    LARGEST,
    LETTERS,
    NAME_AT,
    NAME_SIZE,
    NUMBERS_AT,
    NUMBERS_SIZE,
    SCALE,
    Words,
)
from features.plain.texts import NOT_PLAIN
from features.plain.times import rfc3339_ms
from features.plain.tokens import LONGEST, xxh3
from features.tokens import UNKNOWN
from features.windows import DAY_MS

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Reals = npt.NDArray[np.float64]

NO_COUNTRY: Final = LETTERS**2
"""Number of the home country of a payment that names none; no code of two letters has it."""

Kernel = Callable[..., tuple[int, int]]

_A: Final = ord("A")
_NEWLINE: Final = ord("\n")
_HIGHEST_LAT: Final = 90.0
_HIGHEST_LON: Final = 180.0

_MILLISECONDS_DIGITS: Final = 13
"""Digits of the longest time that the search for card data knows as one."""


@helper
def _are_there(found: Found) -> bool:
    """Say whether the fields are there that every payment has, and no time zone."""
    for field in range(REQUIRED):
        if found[field, FORM] not in (TEXT, NUMBER):
            return False
    return bool(found[TIME_ZONE, FORM] != TEXT)


@helper
def _is_key(memory: bytes, found: Found, key_at: int, key_size: int) -> bool:
    """Say whether the record's key is the card."""
    card_at, size = found[CARD_ID, VALUE], found[CARD_ID, SIZE]
    return size == key_size and is_same(memory, card_at, memory, key_at, size)


@helper
def _time_ms(plan: Plan, memory: bytes, found: Found, record_ms: int) -> int:
    """Return the time of the payment, NOT_PLAIN where its record may not hold it."""
    if found[TIMESTAMP, FORM] == TEXT:
        time_ms = rfc3339_ms(memory, found[TIMESTAMP, VALUE], found[TIMESTAMP, SIZE])
    else:
        time_ms = found[TIMESTAMP, VALUE]
        if found[TIMESTAMP, SIZE] > 0 or time_ms >= 10**_MILLISECONDS_DIGITS:
            return NOT_PLAIN
    latest_ms = plan.latest_ms
    if plan.earliest_ms <= record_ms < latest_ms - plan.ahead_ms:
        latest_ms = record_ms + plan.ahead_ms
    return time_ms if plan.earliest_ms <= time_ms <= latest_ms else NOT_PLAIN


@helper
def _letters(memory: bytes, found: Found, field: int, size: int) -> int:
    """Return the number of a code of `size` capitals (`letters_number`), else NOT_PLAIN."""
    if found[field, SIZE] != size:
        return NOT_PLAIN
    number, at = 0, found[field, VALUE]
    for place in range(at, at + size):
        letter = load_8(memory, place) - _A
        if letter < 0 or letter >= LETTERS:
            return NOT_PLAIN
        number = LETTERS * number + letter
    return number


@helper
def _minor(currency: Words, found: Found) -> int:
    """Return the amount in minor units, NOT_PLAIN where it is not whole, or not for an int64."""
    number, decimals = found[AMOUNT, VALUE], found[AMOUNT, SIZE]
    while decimals > currency[EXPONENT] and number % 10 == 0:
        number //= 10
        decimals -= 1
    if decimals > currency[EXPONENT] or number > currency[LARGEST]:
        return NOT_PLAIN
    for _ in range(currency[EXPONENT] - decimals):
        number *= 10
    return number if number <= currency[LARGEST] else NOT_PLAIN


@helper
def _write_place(plan: Plan, found: Found, row: Reals) -> bool:
    """Write the coordinates, and say whether that could be done."""
    if found[LAT, FORM] != NUMBER and found[LON, FORM] != NUMBER:
        row[PAID_LAT], row[PAID_LON] = np.nan, np.nan
        return True
    if found[LAT, FORM] != NUMBER or found[LON, FORM] != NUMBER:
        return False
    row[PAID_LAT], row[PAID_LON] = _degrees(plan, found, LAT), _degrees(plan, found, LON)
    return bool(abs(row[PAID_LAT]) <= _HIGHEST_LAT and abs(row[PAID_LON]) <= _HIGHEST_LON)


@helper
def _degrees(plan: Plan, found: Found, field: int) -> float:
    """Return a coordinate, NaN where it is not plain."""
    value, decimals = found[field, VALUE], found[field, SIZE]
    degrees = quotient(plan, abs(value), decimals)
    return -degrees if value < 0 else degrees


@helper
def _home(memory: bytes, countries: Flags, found: Found) -> int:
    """Return the number of the home country, NO_COUNTRY without one, NOT_PLAIN if unknown."""
    if found[HOME_COUNTRY, FORM] != TEXT:
        return NO_COUNTRY
    number = _letters(memory, found, HOME_COUNTRY, 2)
    return number if number >= 0 and countries[number] else NOT_PLAIN


@helper
def _write_tokens(plan: Plan, memory: bytes, found: Found, row: Words) -> None:
    """Write the tokens of texts, UNKNOWN for those that are not there."""
    for each in range(len(plan.tokens)):
        field, word = plan.tokens[each, TOKEN_FIELD], plan.tokens[each, TOKEN_WORD]
        row[word] = UNKNOWN
        if found[field, FORM] == TEXT:
            whole = xxh3(memory, found[field, VALUE], found[field, SIZE])
            token = np.int64(whole >> np.uint64(plan.tokens[each, TOKEN_DROPPED]))
            row[word] = max(token, plan.tokens[each, TOKEN_LEAST])


@helper
def _who(memory: bytes, found: Found, room: Bytes) -> int:
    """Return the token of the card and the id, NOT_PLAIN where these are too long together."""
    size = 0
    for field in (CARD_ID, TRANSACTION_ID):
        if size + found[field, SIZE] > LONGEST:
            return NOT_PLAIN
        for place in range(found[field, SIZE]):
            room[size + place] = load_8(memory, found[field, VALUE] + place)
        size += found[field, SIZE]
        room[size] = _NEWLINE
        size += 1
    return int(max(np.int64(xxh3(room, 0, size - 1) >> np.uint64(40)), np.int64(1)))


@helper
def _write_category(
    slots: Words, names: Bytes, others: Words, memory: bytes, found: Found, row: Words
) -> None:
    """Write the numbers of the category, found by the xxh3 of its name."""
    at, size = found[CATEGORY, VALUE], found[CATEGORY, SIZE]
    numbers = others[0]
    if found[CATEGORY, FORM] == TEXT:
        numbers = others[1]
        slot = np.int64(xxh3(memory, at, size)) & (len(slots) - 1)
        while slots[slot, NAME_SIZE] != 0:
            name_at = slots[slot, NAME_AT]
            if slots[slot, NAME_SIZE] == size and is_same(names, name_at, memory, at, size):
                numbers = slots[slot, NUMBERS_AT:]
                break
            slot = (slot + 1) & (len(slots) - 1)
    for each in range(NUMBERS_SIZE):
        row[PAID_LOOKED + 1 + each] = numbers[each]


@helper
def _packed_letters(memory: bytes, at: int) -> int:
    """Return the number of a currency's letters (`features.tokens.currency_number`)."""
    return load_8(memory, at) << 16 | load_8(memory, at + 1) << 8 | load_8(memory, at + 2)


def _build(plan: PlainPlan) -> Kernel:
    """Return the kernel for a plan, which closes over it as compile-time constants."""

    @entry_point
    def plain_kernel(
        first: int,
        memory: bytes,
        record_ms: Words,
        key_at: Words,
        key_size: Words,
        value_at: Words,
        value_size: Words,
        currencies: Words,
        slots: Words,
        names: Bytes,
        others: Words,
        countries: Flags,
        days: Words,
        is_plain: Flags,
        rows: Words,
        minor: Words,
        who: Words,
        spans: Words,
    ) -> tuple[int, int]:
        """Read payments from the first on; return where it stopped, and the home country there.

        It stops at a payment of a country's day that `days` does not have. The time is in the row.
        """
        found = np.empty((FIELDS, COLUMNS), np.int64)
        room = np.empty(LONGEST + 2, np.uint8)
        reals = rows.view(np.float64)
        for each in range(first, len(is_plain)):
            at, row, real = value_at[each], rows[each], reals[each]
            end = at + value_size[each]
            is_plain[each] = False
            if not 0 < end - at <= plan.largest_value or not scan(plan, memory, at, end, found):
                continue
            if not _are_there(found) or not _is_key(memory, found, key_at[each], key_size[each]):
                continue
            code = _letters(memory, found, CURRENCY, 3)
            time_ms = _time_ms(plan, memory, found, record_ms[each])
            home = _home(memory, countries, found)
            who[each] = _who(memory, found, room)
            if code < 0 or time_ms < 0 or home < 0 or who[each] < 0:
                continue
            currency = currencies[code]
            paid = _minor(currency, found)
            if paid < 0 or not _write_place(plan, found, real):
                continue
            minor[each] = paid
            row[PAID_KEY] = 0
            row[PAID_TIME] = time_ms
            row[PAID_PAID] = paid * currency[SCALE]
            row[PAID_CURRENCY] = _packed_letters(memory, found[CURRENCY, VALUE])
            row[PAID_AMOUNT] = (paid * currency[FACTOR] + currency[ADDED]) // currency[DIVISOR]
            _write_tokens(plan, memory, found, row)
            _write_category(slots, names, others, memory, found, row)
            real[PAID_LOOKED] = 0.0
            if home != NO_COUNTRY:
                day = days[home * DAYS + time_ms // DAY_MS % DAYS]
                if day[DAY] != time_ms // DAY_MS:
                    return each, home
                real[PAID_LOOKED] = day[BEFORE_MS] if time_ms < day[CHANGE_MS] else day[AFTER_MS]
            for span in range(SPANS):
                spans[each, span, 0] = found[plan.spans[span], VALUE] - at
                spans[each, span, 1] = found[plan.spans[span], SIZE]
            is_plain[each] = True
        return len(is_plain), NO_COUNTRY

    return plain_kernel


plain_kernel: Final = _build(PLAIN_PLAN)
