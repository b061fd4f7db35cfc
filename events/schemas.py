"""The JSON Schemas of the events, made from the types: `python -m events.schemas docs/schemas`.

A reader of a topic needs no source code of ours: docs/schemas holds one file for each kind of
event, and a test makes each file again and compares.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec

from events.alert import Alert
from events.dead_letter import DeadLetter
from events.decision import Decision
from events.label import LabelJson
from events.receipt import LabelReceipt
from events.transaction import TransactionJson

_BOTH_OR_NEITHER: Final = [
    {
        "required": ["lat", "lon"],
        "properties": {"lat": {"type": "number"}, "lon": {"type": "number"}},
    },
    {"properties": {"lat": {"type": "null"}, "lon": {"type": "null"}}},
]


_OF_POLICY: Final = ("policy", "policy_version", "decided_by", "tags")
_OF_RATES: Final = ("reference_currency", "rates_date")


class Document(NamedTuple):
    """One published schema.

    `optional` names the fields that an event may lack although Cardwatch always writes one: those
    that an earlier release did not know. None means an event from outside, where each field with a
    default is optional. `more` goes into the schema as it stands.
    """

    struct: type[msgspec.Struct]
    title: str
    description: str
    optional: frozenset[str] | None = None
    more: Mapping[str, Any] = MappingProxyType({})


DOCUMENTS: Final[dict[str, Document]] = {
    "transaction": Document(
        TransactionJson,
        "Payment",
        "One card payment on the topic transactions, keyed by card_id. Unknown fields are "
        "accepted. The decision carries an unknown field only if the job is started with "
        "--keep-field and its name. The job also checks what a schema cannot express. The record's "
        "key is the card_id. The amount has no more decimals than its currency, and fits. Each "
        "date exists, and the payment's time is at most 24 hours ahead of its record. No text, "
        "number or name holds a card number, in known or unknown fields. No field holds a "
        "verification code, a PIN or track data.",
        more={"anyOf": _BOTH_OR_NEITHER},
    ),
    "label": Document(
        LabelJson,
        "Label",
        "The later finding on a payment, fraud or good, on the topic labels, keyed by card_id. "
        "Unknown fields are accepted and ignored. Card numbers, verification codes, PINs and track "
        "data are refused in every field. A label that names another merchant than the payment "
        "counts as a label of an unknown payment.",
    ),
    "decision": Document(
        Decision,
        "Decision",
        "The decision on one payment, on the topic decisions, keyed by card_id.",
        frozenset({"sequences", *_OF_POLICY, *_OF_RATES}),
    ),
    "alert": Document(
        Alert,
        "Alert",
        "A decision at MEDIUM or HIGH with its reasons, on the topic alerts, keyed by card_id.",
        frozenset({"contributions", "contribution_base", *_OF_POLICY, *_OF_RATES}),
    ),
    "dead-letter": Document(
        DeadLetter,
        "Dead letter",
        "A refused record with its bytes and the reason, on the topic dead-letters, under the "
        "record's own key. Card data in key and value is masked.",
        frozenset({"masked", "cut_bytes"}),
    ),
    "label-receipt": Document(
        LabelReceipt,
        "Label receipt",
        "The confirmation that a label was taken in, with its place in the merchant's sequence, on "
        "the topic label-receipts, keyed by card_id.",
        frozenset({"payment"}),
    ),
}


def make_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of one kind of event.

    >>> make_schema("alert")["properties"]["probability"]["maximum"]
    1
    """
    document = DOCUMENTS[name]
    made = msgspec.json.schema(document.struct)
    parts: dict[str, Any] = made["$defs"]
    body = parts.pop(document.struct.__name__)
    properties: dict[str, Any] = body["properties"]
    if document.optional is not None:
        body["required"] = [one for one in properties if one not in document.optional]
    version = 1
    if "schema_version" in properties:
        version = properties["schema_version"]["const"] = properties["schema_version"]["default"]
    for field in body["required"]:
        properties[field].pop("default", None)
    for part in parts.values():
        part["description"] = part["description"].partition("\n")[0]
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:cardwatch:schema:{name}:{version}",
        "title": document.title,
        "description": document.description,
    }
    schema = (
        head | {key: value for key, value in body.items() if key not in head} | dict(document.more)
    )
    return schema | ({"$defs": parts} if parts else {})


def write_schemas(folder: Path) -> None:
    """Write each schema as NAME.json into a folder."""
    for name in DOCUMENTS:
        text = json.dumps(make_schema(name), indent=2) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
