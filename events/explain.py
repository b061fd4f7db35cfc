"""The slow path: from a decoder's refusal to the exact reason and its sentence.

It reads the messages of the pinned msgspec; tests hold one example of each.
"""

import re
from typing import Any, Final

import msgspec

from events.errors import EventError, refuse, show

_MISSING: Final = re.compile(r"Object missing required field `(?P<field>[^`]*)`")
_TYPE: Final = re.compile(r"Expected `(?P<expected>[^`]*)`, got `(?P<got>[^`]*)`")
_PLACE: Final = re.compile(r" - at (?:`key` in )?`\$(?P<path>[^`]*)`$")
_NOT_A_NUMBER: Final = re.compile(rb'"amount"\s*:\s*([-+]?(?:NaN|Inf(?:inity)?))\b', re.IGNORECASE)

_CODE_OF_FIELD: Final = {
    "lat": "bad_coordinates",
    "lon": "bad_coordinates",
    "timestamp": "bad_timestamp",
    "label_time": "bad_timestamp",
    "attributes": "bad_attributes",
}


def explain_malformed(error: msgspec.DecodeError, value: bytes, what: str) -> EventError:
    """Return the reason for a value that is not JSON."""
    if not value.strip():
        return refuse("empty", what, "a JSON object", "white space", "send a value")
    literal = _NOT_A_NUMBER.search(value)
    if literal:
        step = "leave the payment out, or mend its amount"
        return refuse("bad_amount", "`amount`", "a finite number", show(literal[1]), step)
    got = f"{show(value)} ({str(error).removeprefix('JSON is malformed: ')})"
    return refuse("not_json", what, "one JSON document", got, "write it with a JSON library")


def explain_invalid(error: msgspec.ValidationError, value: bytes, what: str) -> EventError:
    """Return the reason for JSON of the wrong shape."""
    try:
        document = msgspec.json.decode(value)
    except msgspec.ValidationError:  # a number that no float holds
        document = value
    except msgspec.DecodeError as malformed:
        return explain_malformed(malformed, value, what)
    message = str(error)
    place = _PLACE.search(message)
    path = place["path"].lstrip(".") if place else ""
    complaint = message[: place.start()] if place else message
    field = re.split(r"[.\[]", path, maxsplit=1)[0]
    if not path and (wrong := _TYPE.fullmatch(complaint)):
        step = "send an object with the event's fields"
        return refuse("not_an_object", what, "a JSON object", _article(wrong["got"]), step)
    if missing := _MISSING.fullmatch(complaint):
        return _missing(f"{path}.{missing['field']}".lstrip("."), document, what)
    got = show(document.get(field) if isinstance(document, dict) else document)
    expected = complaint.removeprefix("Expected ").replace("`", "")
    if wrong := _TYPE.fullmatch(complaint):
        expected = wrong["expected"]
        got = f"{got} ({wrong['got']})" if path == field else f"{wrong['got']} in {got}"
    code = _code(field, complaint)
    step = f"see the {what}'s JSON Schema in docs/schemas"
    return refuse(code, f"`{path}`", expected, got, step)


def _code(field: str, complaint: str) -> str:
    if field == "attributes":
        return "bad_attributes"
    if _TYPE.fullmatch(complaint):
        return "wrong_type"
    if field in _CODE_OF_FIELD:
        return _CODE_OF_FIELD[field]
    return "bad_identifier" if complaint.startswith("Expected `str`") else "bad_value"


def _missing(field: str, document: Any, what: str) -> EventError:
    got = "only " + show(list(document)) if isinstance(document, dict) else show(document)
    return refuse("missing_field", what, f"the field `{field}`", got, f"add `{field}`")


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeio" else f"a {kind}" if kind != "null" else kind
