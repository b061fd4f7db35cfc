"""Fields of the JSON events: description, unit and range of each, for the JSON Schemas.

Nothing here checks a value. The limits that a decoder holds stand beside it: `wire.Text` for texts,
`transaction` for coordinates and attributes. `Field[Text]` is a field of an event that comes from
outside, `Field[Written]` the same field of an event that Cardwatch wrote.
"""

from typing import Annotated, Any, Final, TypeVar

from msgspec import Meta

from events.errors import REASONS
from events.money import AMOUNT_PATTERN, EXPONENTS, MAX_AMOUNT_MINOR
from events.timestamps import EARLIEST_MS, LATEST_MS, RFC3339_PATTERN
from events.wire import MAX_TEXT, PRINTABLE
from events.zones import ZONE_OF_COUNTRY, ZONES

T = TypeVar("T")


def _about(description: str, **schema: Any) -> Meta:
    """Return a field's description, with what its schema says beyond the Python type."""
    return Meta(description=description, extra_json_schema=schema or None)


def _range(minimum: float, maximum: float | None = None, **more: Any) -> Meta:
    """Return the range of a field's values, for the schema only."""
    limits = {"minimum": minimum} if maximum is None else {"minimum": minimum, "maximum": maximum}
    return Meta(extra_json_schema=limits | more)


def _form(pattern: str, **more: Any) -> Meta:
    """Return the pattern of a field's texts, for the schema only."""
    return Meta(extra_json_schema={"pattern": pattern} | more)


Written = Annotated[str, _form(PRINTABLE, minLength=1, maxLength=MAX_TEXT)]
"""A text that was checked when its payment or label was received."""
Filled = Annotated[str, Meta(extra_json_schema={"minLength": 1})]
Base64 = Annotated[str, _form("^[A-Za-z0-9+/]*={0,2}$", contentEncoding="base64")]
EpochMs = Annotated[int, _range(EARLIEST_MS, LATEST_MS)]
Time = EpochMs | Annotated[str, _form(f"^{RFC3339_PATTERN}$")]
"""A time on the wire, in either of its forms."""
FromZero = Annotated[int, _range(0)]
_NUMBER_OR_NULL: Final = {"type": ["number", "null"]}

# The payment and its parties.
TransactionId = Annotated[T, _about("Identifier of the payment, unique among the card's payments.")]
CardId = Annotated[
    T, _about("Token of the card, never the card number. It is also the key of the Kafka record.")
]
MerchantId = Annotated[T, _about("Identifier of the merchant, or of the merchant's terminal.")]
MerchantCategory = Annotated[
    T, _about("Category code of the merchant, such as the MCC 5411. Optional.")
]
Channel = Annotated[
    T, _about("How the card was used, such as chip, contactless or online. Optional.")
]
Country = Annotated[T, _about("Country where the payment was made, such as DE. Optional.")]
City = Annotated[T, _about("City where the payment was made. Optional.")]
Latitude = Annotated[
    T,
    _about("Latitude of the payment in degrees, north positive. Required with a longitude only."),
]
Longitude = Annotated[
    T,
    _about("Longitude of the payment in degrees, east positive. Required with a latitude only."),
]
CustomerId = Annotated[T, _about("Token of the customer who holds the card. Optional.")]
DeviceId = Annotated[T, _about("Token of the device that made the payment. Optional.")]
IpToken = Annotated[T, _about("Token of the payment's network address. Optional.")]
TimeZone = Annotated[
    str | None,
    _about(
        "Home time zone of the cardholder as an IANA name, such as Europe/Berlin. Optional.",
        enum=[*sorted(ZONES), None],
    ),
]
HomeCountry = Annotated[
    str | None,
    _about(
        "Home country of the cardholder as an ISO 3166-1 code, such as DE. Optional. Where "
        "`time_zone` is absent, the zone in which most people of the country live counts.",
        enum=[*ZONE_OF_COUNTRY, None],
    ),
]
Attributes = Annotated[
    T,
    _about(
        "Named numbers that pass through to the model, at most 256. Each name has 1 to 64 "
        "characters, each number fits a float32."
    ),
]

# Time and money.
PaymentTime = Annotated[
    T,
    _about(
        "Time of the payment, at most 24 hours after the time of its Kafka record. Milliseconds "
        "since 1970-01-01 UTC, or RFC 3339 with a zone; finer digits are cut off."
    ),
]
LabelledTime = Annotated[
    T,
    _about(
        "Time of the payment that the label names. Milliseconds since 1970-01-01 UTC, or RFC 3339 "
        "with a zone; finer digits are cut off. A whole second matches payments of that second, a "
        "whole minute payments of that minute. A whole hour or date matches payments of the 24 "
        "hours from then on. A label whose time matches no payment counts nowhere."
    ),
]
LabelTime = Annotated[
    T,
    _about(
        "Time at which the label became known, not before `timestamp`. Milliseconds since "
        "1970-01-01 UTC, or RFC 3339 with a zone; finer digits are cut off. Where `timestamp` is "
        "cut and the payment came later, the label counts from the payment on. Among several "
        "labels of a payment the newest label_time counts. Among equal label times the last to "
        "arrive counts."
    ),
]
TimestampMs = Annotated[
    int,
    _about("Time of the payment, in milliseconds since 1970-01-01 UTC."),
    _range(EARLIEST_MS, LATEST_MS),
]
LabelTimeMs = Annotated[
    int,
    _about("Time at which the label became known, in milliseconds since 1970-01-01 UTC."),
    _range(EARLIEST_MS, LATEST_MS),
]
Amount = Annotated[
    T,
    _about(
        "Amount of the payment in major units of its currency, such as euros. It is a whole number "
        "of minor units, such as cents.",
        anyOf=[
            {"type": "number", "minimum": 0, "maximum": MAX_AMOUNT_MINOR},
            {"type": "string", "pattern": f"^{AMOUNT_PATTERN}$"},
        ],
    ),
]
AmountMinor = Annotated[
    int,
    _about("Amount of the payment in minor units of its currency, such as cents."),
    _range(0, MAX_AMOUNT_MINOR),
]
_CURRENCY: Final = "Currency of the payment as an ISO 4217 code, such as EUR."
Currency = Annotated[str, _about(_CURRENCY, enum=sorted(EXPONENTS))]
WrittenCurrency = Annotated[str, _about(_CURRENCY, pattern="^[A-Z]{3}$")]
_BEFORE_RATES: Final = " Absent or null in decisions of releases that converted no amounts."
ReferenceCurrency = Annotated[
    T,
    _about(
        "Currency that the amounts among the features are converted into, as an ISO 4217 code."
        f"{_BEFORE_RATES}"
    ),
]
RatesDate = Annotated[
    T,
    _about(f"Day of the exchange rates that converted the amounts, as 2026-10-06.{_BEFORE_RATES}"),
]

# The score and the decision.
Probability = Annotated[
    float, _about("Calibrated probability that the payment is fraud, from 0 to 1."), _range(0, 1)
]
ModelScores = Annotated[
    dict[str, float], _about("Score of each model of the bundle, from 0 to 1, by the model's name.")
]
RiskLevel = Annotated[T, _about("Risk level of the payment, as the policy decided.")]
_BEFORE: Final = " Absent or null in decisions of releases that named no policy."
Policy = Annotated[
    T,
    _about(f"Name of the policy that made the level, such as thresholds.{_BEFORE}"),
]
PolicyVersion = Annotated[
    T,
    _about(
        "Version of the policy. For the policy thresholds the version is the model bundle's, as "
        f"name/version.{_BEFORE}"
    ),
]
DecidedBy = Annotated[
    T,
    _about(
        "What made the level, as kind:name. threshold:high, threshold:medium and threshold:low "
        f"name the level that the thresholds gave the probability.{_BEFORE}"
    ),
]
Tags = Annotated[
    T, _about("Marks that the policy set for whoever works on the decision. Often empty.")
]
Model = Annotated[
    str, _about("Model bundle that scored the payment, as name/version."), _form("^[^/]+/[^/]+$")
]
FeatureSet = Annotated[
    int, _about("Version of the feature set that the models were trained on."), _range(1)
]
CardSequence = Annotated[
    int, _about("Place of the payment among the payments of its card, counted from 1."), _range(0)
]
MerchantSequence = Annotated[
    int,
    _about("Place in the merchant's sequence of payments and labels, counted from 1."),
    _range(0),
]
Sequences = Annotated[
    T,
    _about(
        "Place of the payment in the sequence of each further entity, by the entity's name. Absent "
        "where the features are those of the card and the merchant alone."
    ),
]
Flags = Annotated[
    T,
    _about(
        "What a reader has to know about the features and times of the decision. late: the "
        "payment is over a day older than the card's newest, so long windows may lack "
        "payments. late_merchant: the same for the merchant's newest payment. compacted_card: part "
        "of the card's history is in buckets, so windows have blurred edges. compacted_merchant: "
        "the same for the merchant's history. record_time: the Kafka time of the payment's record "
        "is impossible, so received_ms is the payment's own time. no_rate: the payment's currency "
        "has no rate, so the features of its amount are missing."
    ),
]
ReceivedMs = Annotated[
    int,
    _about(
        "Kafka time of the payment's record, in milliseconds since 1970-01-01 UTC. With the flag "
        "record_time it is the payment's own time."
    ),
    _range(0),
]
DecidedMs = Annotated[
    int, _about("Time of the decision, in milliseconds since 1970-01-01 UTC."), _range(0)
]
Features = Annotated[
    T,
    _about(
        "Feature values of the payment as float32, in the order of the feature set. Null stands "
        "for a missing value.",
        type="array",
        items=_NUMBER_OR_NULL,
    ),
]
Payment = Annotated[
    T,
    _about(
        "The payment as it was received, byte for byte; see transaction.json. Unknown fields that "
        "the job does not keep are left out.",
        type="object",
    ),
]

# The reasons of an alert.
Reasons = Annotated[
    T, _about("Evidence that raised the score, strongest first, at least one.", minItems=1)
]
ReasonCode = Annotated[
    str,
    _about(
        "Stable code of the reason, such as velocity or merchant_risk; docs/alerts.md lists all.",
        pattern="^[a-z][a-z_]*$",
    ),
]
ReasonFeature = Annotated[Filled, _about("Name of the feature that the sentence speaks of.")]
ReasonValue = Annotated[
    float | None,
    _about("Value of the feature for this payment, in the feature's unit. Null where missing."),
]
ReasonNormal = Annotated[
    float | None,
    _about(
        "Usual value of the feature, in the feature's unit: the card's or merchant's own, else "
        "that of all payments. Null where the value itself is evidence."
    ),
]
Contribution = Annotated[
    float,
    _about(
        "What all features of the reason's code added to the average score of the models. It may "
        "exceed 1 where other codes lower the score. The code combination has the sum of all."
    ),
]
Contributions = Annotated[
    dict[str, float],
    _about(
        "What the features of each reason code added to the average score of the models, the "
        "largest first. Every code of the model stands here, told or not."
    ),
]
ContributionBase = Annotated[
    float,
    _about(
        "Average score of the models before any feature counts. With all contributions it adds up "
        "to the payment's weighted average score before calibration."
    ),
    _range(0, 1),
]
ReasonSentence = Annotated[Filled, _about("The reason in words, with the value and the usual one.")]

# Labels and receipts.
IsFraud = Annotated[bool, _about("True if the payment was fraud, false if it was good.")]
Source = Annotated[T, _about("Origin of the label, such as chargeback or the token of an analyst.")]
LabelledPaymentState = Annotated[
    T,
    _about(
        "Whether the merchant knows the labelled payment. known: the merchant holds the payment, "
        "and its newest label counts. compacted: the payment may be in a bucket of a busy "
        "merchant, where a fraud counts once. unknown: the label counts nowhere until the payment "
        "comes. Absent or null in receipts of releases before 3."
    ),
]

# Dead letters.
Topic = Annotated[Filled, _about("Kafka topic of the refused record.")]
Partition = Annotated[int, _about("Kafka partition of the refused record."), _range(0)]
Offset = Annotated[int, _about("Kafka offset of the refused record."), _range(0)]
KeyBase64 = Annotated[
    Base64 | None,
    _about("Key of the refused record in base64, card data masked. Null where it had no key."),
]
ValueBase64 = Annotated[
    Base64 | None,
    _about("Value of the refused record in base64, card data masked. Null where it had no value."),
]
RefusalCode = Annotated[
    str, _about("Stable code of the refusal, for dashboards and counts.", enum=list(REASONS))
]
RefusalSentence = Annotated[
    Filled, _about("The refusal in words: what, where, expected, got and the next step.")
]
RecordTimeMs = Annotated[
    int,
    _about(
        "Kafka time of the refused record as its writer set it, meant as milliseconds since "
        "1970-01-01 UTC. -1 where the record has none."
    ),
]
Masked = Annotated[
    bool, _about("True if asterisks replace card data in the key or the value, else false.")
]
CutBytes = Annotated[
    int,
    _about("Number of bytes that are left out at the ends of a key and a value longer than 1 MiB."),
    _range(0),
]

SchemaVersion = Annotated[int, _about("Version of the schema that the event was written with.")]
