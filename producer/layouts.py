"""Which column of a file holds which field of a payment: known data sets, and one's own files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, Literal, get_args

from events.errors import masked, one_line
from events.table import ATTRIBUTE_PREFIX

TimestampUnit = Literal["iso", "s", "ms", "us", "ns"]

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
)
PLACE_FIELDS: Final = ("lat", "lon")
FIELDS: Final = (*TEXT_FIELDS, *PLACE_FIELDS, "timestamp", "amount", "currency", "is_fraud")
NEEDED_FIELDS: Final = ("card_id", "timestamp", "amount", "currency", "merchant_id")


_LONGEST_SENTENCE: Final = 1_000


class LayoutError(ValueError):
    """A file or an option does not fit a layout: what, where, expected, got, next step.

    In one line and without long digits: names of columns and what a library says of a file come
    from the file.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(masked(one_line(sentence, _LONGEST_SENTENCE)))


def _frozen(items: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(items))


@dataclass(frozen=True, slots=True)
class Layout:
    """How the columns of a file become payments.

    columns maps a field, or `attributes.NAME`, to a column. Fields in optional may lack their
    column. constants gives a field one text for every row, and numbered gives it the text
    "<file stem>-<row>". prefixes are put before a field's text, strip is taken from its
    front. A timestamp in a unit of seconds or less counts from start_ms, in epoch milliseconds.
    Every value of card_id becomes a token where card_is_number is true; elsewhere only those that
    are card numbers do. An amount is in major units of its currency, unless amount_in_minor.
    """

    name: str
    about: str
    columns: Mapping[str, str]
    optional: frozenset[str] = frozenset()
    constants: Mapping[str, str] = field(default_factory=lambda: _frozen({}))
    numbered: frozenset[str] = frozenset()
    prefixes: Mapping[str, str] = field(default_factory=lambda: _frozen({}))
    strip: Mapping[str, str] = field(default_factory=lambda: _frozen({}))
    timestamp_unit: TimestampUnit = "iso"
    start_ms: int = 0
    card_is_number: bool = False
    amount_in_minor: bool = False

    def __post_init__(self) -> None:
        for name in (*self.columns, *self.constants, *self.numbered):
            if name not in FIELDS and not name.startswith(ATTRIBUTE_PREFIX):
                raise LayoutError(
                    f"layout {self.name}: expected a field of a payment, got {name!r}; "
                    f"fields are {', '.join(FIELDS)} and {ATTRIBUTE_PREFIX}NAME"
                )
        given = {*self.columns, *self.constants, *self.numbered}
        missing = [name for name in NEEDED_FIELDS if name not in given]
        if missing:
            raise LayoutError(
                f"layout {self.name}: expected a column for {', '.join(missing)}, got none; "
                f"add --map {missing[0]}=COLUMN or --constant {missing[0]}=TEXT"
            )

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of the attributes, in the order of the layout."""
        start = len(ATTRIBUTE_PREFIX)
        return tuple(name[start:] for name in self.columns if name.startswith(ATTRIBUTE_PREFIX))


HANDBOOK: Final = Layout(
    name="handbook",
    about="Fraud Detection Handbook simulation (TX_DATETIME, CUSTOMER_ID, ...), EUR",
    columns=_frozen(
        {
            "transaction_id": "TRANSACTION_ID",
            "card_id": "CUSTOMER_ID",
            "timestamp": "TX_DATETIME",
            "amount": "TX_AMOUNT",
            "merchant_id": "TERMINAL_ID",
            "is_fraud": "TX_FRAUD",
        }
    ),
    optional=frozenset({"is_fraud"}),
    constants=_frozen({"currency": "EUR"}),
    prefixes=_frozen({"card_id": "card-", "merchant_id": "terminal-"}),
)

SPARKOV: Final = Layout(
    name="sparkov",
    about="Sparkov and Kaggle fraudTrain (cc_num, unix_time, ...), USD. unix_time is the clock; "
    "the place is the merchant's; names, streets and birth dates are not read",
    columns=_frozen(
        {
            "transaction_id": "trans_num",
            "card_id": "cc_num",
            "timestamp": "unix_time",
            "amount": "amt",
            "merchant_id": "merchant",
            "merchant_category": "category",
            "city": "city",
            "lat": "merch_lat",
            "lon": "merch_long",
            "is_fraud": "is_fraud",
        }
    ),
    optional=frozenset({"merchant_category", "city", "lat", "lon", "is_fraud"}),
    constants=_frozen({"currency": "USD"}),
    strip=_frozen({"merchant_id": "fraud_"}),
    timestamp_unit="s",
    card_is_number=True,
)

ULB: Final = Layout(
    name="ulb",
    about="ULB creditcard (Time, V1 to V28, Amount, Class), EUR. The file names neither card nor "
    "merchant: each payment gets a card of its own and all have one merchant, ulb",
    columns=_frozen(
        {
            "timestamp": "Time",
            "amount": "Amount",
            "is_fraud": "Class",
            **{f"{ATTRIBUTE_PREFIX}V{number}": f"V{number}" for number in range(1, 29)},
        }
    ),
    optional=frozenset({"is_fraud"}),
    constants=_frozen({"currency": "EUR", "merchant_id": "ulb"}),
    numbered=frozenset({"transaction_id", "card_id"}),
    prefixes=_frozen({"card_id": "card-"}),
    timestamp_unit="s",
    start_ms=int(datetime(2013, 9, 1, tzinfo=UTC).timestamp() * 1000),
)

CARDWATCH: Final = Layout(
    name="cardwatch",
    about="what --to-file writes. Attributes need a --map each",
    columns=_frozen(
        {name: name for name in (*TEXT_FIELDS, *PLACE_FIELDS, "currency", "is_fraud")}
        | {"timestamp": "timestamp_ms", "amount": "amount_minor"}
    ),
    optional=frozenset(
        {*TEXT_FIELDS, *PLACE_FIELDS, "is_fraud"} - {*NEEDED_FIELDS, "transaction_id"}
    ),
    timestamp_unit="ms",
    amount_in_minor=True,
)

LAYOUTS: Final = {layout.name: layout for layout in (HANDBOOK, SPARKOV, ULB, CARDWATCH)}
LAYOUTS["kaggle"] = SPARKOV


def with_options(
    base: Layout | None,
    pairs: Iterable[str],
    constants: Iterable[str] = (),
    timestamp_unit: TimestampUnit | None = None,
    start: datetime | None = None,
) -> Layout:
    """Build a layout from `field=column` pairs and `field=text` constants, over a known one.

    A payment without a transaction_id column is named by file and row. Raises LayoutError.

    >>> pairs = ["card_id=card", "timestamp=at", "amount=sum", "merchant_id=shop"]
    >>> with_options(None, pairs, ["currency=EUR"], "s").columns["amount"]
    'sum'
    >>> with_options(HANDBOOK, ["amont=sum"])
    Traceback (most recent call last):
    producer.layouts.LayoutError: layout handbook: expected a field of a payment, got 'amont'; \
fields are ...
    """
    columns = _pairs(pairs, "--map", "field=column")
    texts = _pairs(constants, "--constant", "field=text")
    if base is None:
        named = {"transaction_id"} & (columns.keys() | texts.keys())
        layout = Layout(
            name="own",
            about="columns given with --map",
            columns=_frozen(columns),
            constants=_frozen(texts),
            numbered=frozenset({"transaction_id"} - named),
        )
    else:
        kept = {name: column for name, column in base.columns.items() if name not in texts}
        layout = replace(
            base,
            columns=_frozen({**kept, **columns}),
            constants=_frozen(
                {k: v for k, v in {**base.constants, **texts}.items() if k not in columns}
            ),
            numbered=base.numbered - columns.keys() - texts.keys(),
            optional=base.optional - columns.keys(),
        )
    if timestamp_unit is not None:
        layout = replace(layout, timestamp_unit=timestamp_unit)
    if start is not None:
        layout = replace(layout, start_ms=int(start.timestamp() * 1000))
    return layout


def _pairs(pairs: Iterable[str], option: str, form: str) -> dict[str, str]:
    """Split `name=value` texts; raise LayoutError for one that is not."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals and value):
            raise LayoutError(f"{option}: expected {form}, got {pair!r}; write it in this form")
        found[name] = value
    return found


TIMESTAMP_UNITS: Final[tuple[TimestampUnit, ...]] = get_args(TimestampUnit)
