"""The columns of public data sets and simulations, and of the files that `--to-file` writes."""

from datetime import UTC, datetime
from typing import Final

from events.table import ATTRIBUTE_PREFIX
from producer.files.layouts import NEEDED_FIELDS, PLACE_FIELDS, TEXT_FIELDS, Layout, frozen
from producer.values.amounts import AmountRules
from producer.values.times import TimeRules


def _midnight(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp() * 1000)


HANDBOOK: Final = Layout(
    name="handbook",
    about="Fraud Detection Handbook simulation (TX_DATETIME, CUSTOMER_ID, ...), EUR",
    columns=frozen(
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
    constants=frozen({"currency": "EUR"}),
    prefixes=frozen({"card_id": "card-", "merchant_id": "terminal-"}),
)

SPARKOV: Final = Layout(
    name="sparkov",
    about="Sparkov and Kaggle fraudTrain (cc_num, unix_time, ...), USD. unix_time is the clock; "
    "the place is the merchant's; names, streets and birth dates are not read",
    columns=frozen(
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
    constants=frozen({"currency": "USD"}),
    strip=frozen({"merchant_id": "fraud_"}),
    times=TimeRules("s"),
    card_is_number=True,
)

ULB: Final = Layout(
    name="ulb",
    about="ULB creditcard (Time, V1 to V28, Amount, Class), EUR. The file names neither card nor "
    "merchant: each payment gets a card of its own and all have one merchant, ulb",
    columns=frozen(
        {
            "timestamp": "Time",
            "amount": "Amount",
            "is_fraud": "Class",
            **{f"{ATTRIBUTE_PREFIX}V{number}": f"V{number}" for number in range(1, 29)},
        }
    ),
    optional=frozenset({"is_fraud"}),
    constants=frozen({"currency": "EUR", "merchant_id": "ulb"}),
    numbered=frozenset({"transaction_id", "card_id"}),
    prefixes=frozen({"card_id": "card-"}),
    times=TimeRules("s", _midnight(2013, 9, 1)),
)

CARDWATCH: Final = Layout(
    name="cardwatch",
    about="what --to-file writes: Parquet, CSV or JSON lines, with their attributes",
    columns=frozen(
        {name: name for name in (*TEXT_FIELDS, *PLACE_FIELDS, "currency", "is_fraud")}
        | {"timestamp": "timestamp_ms", "amount": "amount_minor"}
    ),
    optional=frozenset(
        {*TEXT_FIELDS, *PLACE_FIELDS, "is_fraud"} - {*NEEDED_FIELDS, "transaction_id"}
    ),
    times=TimeRules("ms"),
    amount_in_minor=True,
)

_IEEE_ATTRIBUTES: Final = (
    *(f"C{number}" for number in range(1, 15)),
    *(f"D{number}" for number in range(1, 16)),
    *("dist1", "dist2"),
    *(f"V{number}" for number in (*range(1, 138), *range(279, 322))),
)
"""Of 339 V columns the groups V1 to V137 and V279 to V321; three in four values of the others are
empty."""
_IEEE_IDENTITY: Final = tuple(f"id_{number:02}" for number in range(1, 12))
"""The numbers of the identity file; the other columns are texts."""

IEEE_CIS: Final = Layout(
    name="ieee-cis",
    about="IEEE-CIS (TransactionDT, card1 to card6, ...), with --join train_identity.csv, USD. A "
    "card is card1 to card6 and addr1; the merchant is the product; amounts are rounded; V138 to "
    "V278 and V322 to V339 are not read",
    columns=frozen(
        {
            "transaction_id": "TransactionID",
            **{f"card_id.{number}": f"card{number}" for number in range(1, 7)},
            "card_id.7": "addr1",
            "timestamp": "TransactionDT",
            "amount": "TransactionAmt",
            "merchant_id": "ProductCD",
            "channel": "DeviceType",
            "is_fraud": "isFraud",
            **{f"{ATTRIBUTE_PREFIX}{name}": name for name in (*_IEEE_ATTRIBUTES, *_IEEE_IDENTITY)},
        }
    ),
    optional=frozenset({"is_fraud"}),
    second=frozenset({"channel", *(f"{ATTRIBUTE_PREFIX}{name}" for name in _IEEE_IDENTITY)}),
    constants=frozen({"currency": "USD"}),
    prefixes=frozen({"card_id": "card-", "merchant_id": "product-"}),
    times=TimeRules("s", _midnight(2017, 12, 1)),
    amounts=AmountRules(rounded=True),
)

# A merchant of TabFormer is a number of up to 19 digits, and one in forty could be a card number:
# a letter at its end says that it is none.
TABFORMER: Final = Layout(
    name="tabformer",
    about="IBM TabFormer (User, Card, Year, ...), USD. A card is User-Card; refunds are left out",
    columns=frozen(
        {
            "card_id.1": "User",
            "card_id.2": "Card",
            "timestamp.year": "Year",
            "timestamp.month": "Month",
            "timestamp.day": "Day",
            "timestamp.time": "Time",
            "amount": "Amount",
            "merchant_id": "Merchant Name",
            "merchant_category": "MCC",
            "channel": "Use Chip",
            "city": "Merchant City",
            "is_fraud": "Is Fraud?",
        }
    ),
    optional=frozenset({"merchant_category", "channel", "city", "is_fraud"}),
    constants=frozen({"currency": "USD"}),
    numbered=frozenset({"transaction_id"}),
    suffixes=frozen({"merchant_id": "m"}),
    strip=frozen({"amount": "$"}),
    amounts=AmountRules(refunds_left_out=True),
)

PAYSIM: Final = Layout(
    name="paysim",
    about="PaySim (step, nameOrig, nameDest, ...), taken for USD; a step is an hour from "
    "2017-01-01. Balances are not read: they give the label away",
    columns=frozen(
        {
            "card_id": "nameOrig",
            "timestamp": "step",
            "amount": "amount",
            "merchant_id": "nameDest",
            "channel": "type",
            "is_fraud": "isFraud",
        }
    ),
    optional=frozenset({"channel", "is_fraud"}),
    constants=frozen({"currency": "USD"}),
    numbered=frozenset({"transaction_id"}),
    times=TimeRules("h", _midnight(2017, 1, 1)),
)

BANKSIM: Final = Layout(
    name="banksim",
    about="BankSim (step, customer, merchant, category, ...), EUR; a step is a day from "
    "2012-11-01. Age and gender are not read",
    columns=frozen(
        {
            "card_id": "customer",
            "timestamp": "step",
            "amount": "amount",
            "merchant_id": "merchant",
            "merchant_category": "category",
            "is_fraud": "fraud",
        }
    ),
    optional=frozenset({"merchant_category", "is_fraud"}),
    constants=frozen({"currency": "EUR"}),
    numbered=frozenset({"transaction_id"}),
    times=TimeRules("d", _midnight(2012, 11, 1)),
)

LAYOUTS: Final = {
    layout.name: layout
    for layout in (HANDBOOK, SPARKOV, ULB, IEEE_CIS, TABFORMER, PAYSIM, BANKSIM, CARDWATCH)
}
LAYOUTS["kaggle"] = SPARKOV
