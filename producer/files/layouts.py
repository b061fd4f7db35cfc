"""Layouts: the column of a file for each field of a payment, and how its values are read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, get_args

from events.card_data.masking import masked_line
from events.card_data.search import card_data
from events.errors import one_line
from events.table import ATTRIBUTE_PREFIX
from events.transaction import MAX_ATTRIBUTE_NAME, MAX_ATTRIBUTES
from events.wire import MAX_EVENT_BYTES, MAX_TEXT
from producer.values.amounts import AmountRules
from producer.values.time_spellings import DateOrder
from producer.values.times import TimeRules, TimestampUnit

TEXT_FIELDS: Final = (
    "transaction_id",
    "card_id",
    "merchant_id",
    "merchant_category",
    "channel",
    "country",
    "city",
    "customer_id",
    "device_id",
    "ip_token",
    "time_zone",
    "home_country",
)
PLACE_FIELDS: Final = ("lat", "lon")
FIELDS: Final = (*TEXT_FIELDS, *PLACE_FIELDS, "timestamp", "amount", "currency", "is_fraud")
NEEDED_FIELDS: Final = ("card_id", "timestamp", "amount", "currency", "merchant_id")
TIME_PARTS: Final = ("date", "year", "month", "day", "time")

_MOST_PARTS: Final = 9
_LONGEST_SENTENCE: Final = 1_000
_NUMBER_BYTES: Final = 30
"""An attribute's number, quotes, colon and comma as JSON."""
_UTF8_BYTES: Final = 4


class LayoutError(ValueError):
    """A file or an option does not fit a layout: what, where, expected, got, next step.

    In one line and without long digits: names of columns and what a library says of a file come
    from the file.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(masked_line(one_line(sentence, _LONGEST_SENTENCE)))


def frozen(items: Mapping[str, str]) -> Mapping[str, str]:
    """Return a copy that cannot be changed."""
    return MappingProxyType(dict(items))


@dataclass(frozen=True, slots=True)
class Layout:
    """Rules that make payments of the columns of a file.

    columns maps a field, or `attributes.NAME`, to a column. A text field may have several, as
    `card_id.1` and `card_id.2`: they are joined by dashes. A time may have `timestamp.date` or
    `.year`, `.month` and `.day`, and `.time`. Fields in optional may lack their column, those in
    second come from a second file, joined by transaction_id. constants gives a field one text for
    every row, and numbered gives it the text "<digest of the file>-<row>". prefixes are put
    before a field's text and suffixes behind it, strip is taken from its front. Every value of
    card_id becomes a token where card_is_number is true; elsewhere only those that are card
    numbers do. An amount is in major units of its currency, unless amount_in_minor.
    """

    name: str
    about: str
    columns: Mapping[str, str]
    optional: frozenset[str] = frozenset()
    second: frozenset[str] = frozenset()
    constants: Mapping[str, str] = field(default_factory=lambda: frozen({}))
    numbered: frozenset[str] = frozenset()
    prefixes: Mapping[str, str] = field(default_factory=lambda: frozen({}))
    suffixes: Mapping[str, str] = field(default_factory=lambda: frozen({}))
    strip: Mapping[str, str] = field(default_factory=lambda: frozen({}))
    times: TimeRules = field(default_factory=TimeRules)
    amounts: AmountRules = field(default_factory=AmountRules)
    card_is_number: bool = False
    amount_in_minor: bool = False

    def __post_init__(self) -> None:
        for name in (*self.columns, *self.constants, *self.numbered):
            if not _is_known(name):
                raise LayoutError(
                    f"layout {self.name}: expected a field of a payment, got {name!r}; "
                    f"fields are {', '.join(FIELDS)} and {ATTRIBUTE_PREFIX}NAME"
                )
        self._check_parts()
        _check_attributes(self.name, self.attributes)

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of the attributes, in the order of the layout."""
        start = len(ATTRIBUTE_PREFIX)
        names = (*self.columns, *self.constants)
        return tuple(name[start:] for name in names if name.startswith(ATTRIBUTE_PREFIX))

    def parts(self, field_name: str) -> list[str]:
        """Return the keys of columns that a field is made of, in the order of their names."""
        return sorted(name for name in self.columns if field_of(name) == field_name)

    def check_needed(self) -> None:
        """Raise LayoutError where a field that every payment needs has no source."""
        given = {field_of(name) for name in (*self.columns, *self.constants, *self.numbered)}
        missing = [name for name in NEEDED_FIELDS if name not in given]
        if missing:
            raise LayoutError(
                f"layout {self.name}: expected a column for {', '.join(missing)}, got none; "
                f"add --map {missing[0]}=COLUMN or --constant {missing[0]}=TEXT"
            )
        alone = [name for name in PLACE_FIELDS if name in given]
        if len(alone) == 1:
            raise LayoutError(
                f"layout {self.name}: expected both of {' and '.join(PLACE_FIELDS)}, got "
                f"{alone[0]} alone; add the other with --map or --constant, or leave out both"
            )

    def _check_parts(self) -> None:
        """Refuse a field that has a source of its own and parts too, and a date that lacks one."""
        days = {f"timestamp.{name}" for name in ("year", "month", "day")} & self.columns.keys()
        dated = "timestamp.date" in self.columns
        parts = self.parts("timestamp")
        if parts not in ([], ["timestamp"]) and (len(days) != (0 if dated else 3)):
            raise LayoutError(
                f"layout {self.name}: expected timestamp.date, or timestamp.year, .month and "
                f".day, got {', '.join(parts)}; map the others too"
            )
        for name in self.columns:
            whole = field_of(name)
            if whole != name and (whole in self.columns or whole in self.constants):
                raise LayoutError(
                    f"layout {self.name}: expected {whole} or its parts, got both {whole} and "
                    f"{name}; leave one out"
                )


def field_of(name: str) -> str:
    """Return the field that a key of `Layout.columns` belongs to.

    >>> field_of("card_id.2"), field_of("attributes.V.1")
    ('card_id', 'attributes.V.1')
    """
    return name if name.startswith(ATTRIBUTE_PREFIX) else name.partition(".")[0]


def _is_known(name: str) -> bool:
    if name in FIELDS or name.startswith(ATTRIBUTE_PREFIX):
        return True
    whole, _, part = name.partition(".")
    if whole == "timestamp":
        return part in TIME_PARTS
    return whole in TEXT_FIELDS and part in [str(number + 1) for number in range(_MOST_PARTS)]


def _check_attributes(layout: str, names: tuple[str, ...]) -> None:
    """Refuse attributes that no payment could carry to the job."""
    where = f"layout {layout}: expected"
    if len(names) > MAX_ATTRIBUTES:
        raise LayoutError(
            f"{where} {MAX_ATTRIBUTES} attributes at most, got {len(names)}; map fewer columns"
        )
    for name in names:
        if not (1 <= len(name) <= MAX_ATTRIBUTE_NAME and name.isprintable()):
            raise LayoutError(
                f"{where} attribute names of 1 to {MAX_ATTRIBUTE_NAME} printable characters, got "
                f"{name!r} ({len(name)}); shorten the name in --map {ATTRIBUTE_PREFIX}NAME=COLUMN"
            )
        if card_data(name):
            raise LayoutError(
                f"{where} no card number in a name, got {name!r}; rename the attribute"
            )
    texts = (len(TEXT_FIELDS) + len(FIELDS)) * MAX_TEXT * _UTF8_BYTES
    most = texts + sum(len(name.encode()) + _NUMBER_BYTES for name in names)
    if most > MAX_EVENT_BYTES:
        raise LayoutError(
            f"{where} payments of {MAX_EVENT_BYTES} bytes at most, got {most} with these "
            "attributes; map fewer columns, or shorten the names"
        )


def with_options(
    base: Layout | None,
    pairs: Iterable[str],
    constants: Iterable[str] = (),
    timestamp_unit: TimestampUnit | None = None,
    start: datetime | None = None,
    zone: str | None = None,
    date_order: DateOrder | None = None,
    rounded: bool = False,
    refunds_left_out: bool = False,
) -> Layout:
    """Build a layout from `field=column` pairs and `field=text` constants, over a known one.

    A payment without a transaction_id column is named by file and row. Raises LayoutError.

    >>> pairs = ["card_id=card", "timestamp=at", "amount=sum", "merchant_id=shop"]
    >>> with_options(None, pairs, ["currency=EUR"], "s").columns["amount"]
    'sum'
    >>> with_options(None, ["amont=sum"])
    Traceback (most recent call last):
    producer.files.layouts.LayoutError: layout own: expected a field of a payment, got 'amont'; \
fields are ...
    """
    columns = _pairs(pairs, "--map", "field=column")
    texts = _pairs(constants, "--constant", "field=text")
    both = columns.keys() & texts.keys()
    if both:
        raise LayoutError(
            f"--constant: expected a field without a column, got {sorted(both)[0]} with both "
            "--map and --constant; leave one out"
        )
    layout = _own(columns, texts) if base is None else _over(base, columns, texts)
    times = TimeRules(
        timestamp_unit or layout.times.unit,
        layout.times.start_ms if start is None else int(start.timestamp() * 1000),
        zone or layout.times.zone,
        date_order or layout.times.date_order,
    )
    amounts = AmountRules(
        layout.amounts.rounded or rounded, layout.amounts.refunds_left_out or refunds_left_out
    )
    layout = replace(layout, times=times, amounts=amounts)
    layout.check_needed()
    return layout


def _own(columns: dict[str, str], texts: dict[str, str]) -> Layout:
    """Return the layout of a file that is no known data set."""
    named = {"transaction_id"} & {field_of(name) for name in (*columns, *texts)}
    return Layout(
        name="own",
        about="columns given with --map",
        columns=frozen(columns),
        constants=frozen(texts),
        numbered=frozenset({"transaction_id"} - named),
    )


def _over(base: Layout, columns: dict[str, str], texts: dict[str, str]) -> Layout:
    """Return a known layout with columns and constants of one's own in place of its own."""
    given = {field_of(name) for name in (*columns, *texts)}
    kept = {name: column for name, column in base.columns.items() if field_of(name) not in given}
    fixed = {name: text for name, text in base.constants.items() if name not in given}
    times = base.times
    if base.parts("timestamp") != ["timestamp"] and "timestamp" in given:
        times = replace(times, unit="iso")
    return replace(
        base,
        columns=frozen({**kept, **columns}),
        constants=frozen({**fixed, **texts}),
        numbered=base.numbered - given,
        optional=base.optional - columns.keys(),
        second=base.second - columns.keys(),
        times=times,
    )


def _pairs(pairs: Iterable[str], option: str, form: str) -> dict[str, str]:
    """Split `name=value` texts; raise LayoutError for one that is not, or that comes twice."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals and value):
            raise LayoutError(f"{option}: expected {form}, got {pair!r}; write it in this form")
        if name in found:
            raise LayoutError(f"{option}: expected {name} once, got it twice; leave one out")
        found[name] = value
    return found


TIMESTAMP_UNITS: Final[tuple[TimestampUnit, ...]] = get_args(TimestampUnit)
DATE_ORDERS: Final[tuple[DateOrder, ...]] = get_args(DateOrder)
