"""The slow path: from a decoder's refusal to the exact reason and its sentence.

It reads the messages of the pinned msgspec; tests hold one example of each.
"""

import re
from math import inf
from typing import Any, Final

import msgspec

from events.errors import EventError, refuse, show

_MISSING: Final = re.compile(r"Object missing required field `(?P<field>[^`]*)`")
_TYPE: Final = re.compile(r"Expected `(?P<expected>[^`]*)`, got `(?P<got>[^`]*)`")
_LENGTH: Final = re.compile(
    r"Expected `(?P<kind>str|object)` of length (?P<sign>[<>]=) (?P<size>\d+)"
)
_LIMIT: Final = re.compile(r"Expected `float` [<>]= (?P<limit>\S+)")
_PLACE: Final = re.compile(r" - at (?P<key>`key` in )?`\$(?P<path>[^`]*)`$")
_OUT_OF_RANGE: Final = "Number out of range"
_NO_NUMBER: Final = re.compile(
    rb'"(?P<name>[^"\\]{1,100})"\s*:\s*(?P<literal>[-+]?(?:NaN|Inf(?:inity)?))\b', re.IGNORECASE
)
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

_WORDS: Final = {
    "str": "a text",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}
_TIMES: Final = frozenset({"timestamp", "label_time"})
_PLACES: Final = {"lat": "a number from -90 to 90", "lon": "a number from -180 to 180"}
_FLOAT32: Final = "a number within float32, 3.4e38 at most"
_TIME: Final = "epoch milliseconds as an integer, or RFC 3339 with a zone (2024-05-01T12:00:00Z)"


def explain_malformed(error: msgspec.DecodeError, value: bytes, what: str) -> EventError:
    """Return the reason for a value that is not JSON."""
    if not value.strip():
        return refuse("empty", what, "a JSON object", "white space", "send a value")
    if literal := _NO_NUMBER.search(value):
        return _not_a_number(literal["name"].decode(), literal["literal"].decode())
    complaint = str(error).removeprefix("JSON is malformed: ")
    got, step = f"{show(value)} ({complaint})", "write it with a JSON library"
    if value.startswith(_BYTE_ORDER_MARK):
        got, step = "a byte order mark in front of it", "leave the byte order mark out"
    elif value[0] == 0:
        got = "a byte 0 in front, as serializers of a schema registry write"
        step = "send plain JSON, without a schema registry"
    return refuse("not_json", what, "one JSON document", got, step)


def explain_invalid(error: msgspec.ValidationError, value: bytes, what: str) -> EventError:
    """Return the reason for JSON of the wrong shape."""
    try:
        document = msgspec.json.decode(value)
    except msgspec.ValidationError:  # a number that no float holds
        document = None
    except msgspec.DecodeError as malformed:
        return explain_malformed(malformed, value, what)
    message = str(error)
    place = _PLACE.search(message)
    path = place["path"].lstrip(".") if place else ""
    complaint = message[: place.start()] if place else message
    field = re.split(r"[.\[]", path, maxsplit=1)[0]
    if not path and (wrong := _TYPE.fullmatch(complaint)):
        step = "send an object with the event's fields"
        got = _WORDS.get(wrong["got"], wrong["got"])
        return refuse("not_an_object", what, "a JSON object", got, step)
    if missing := _MISSING.fullmatch(complaint):
        return _missing(f"{path}.{missing['field']}".lstrip("."), document, what)
    found = document.get(field) if isinstance(document, dict) else None
    if field == "attributes":
        return _bad_attributes(complaint, found, in_name=bool(place and place["key"]))
    return _bad_field(field, complaint, found, what)


def _bad_field(field: str, complaint: str, found: Any, what: str) -> EventError:
    """Return the reason for a field of the event itself."""
    where, step = f"`{field}`", f"see the {what}'s JSON Schema in docs/schemas"
    if complaint == _OUT_OF_RANGE:
        code = "bad_coordinates" if field in _PLACES else "bad_value"
        return refuse(
            code, where, _PLACES.get(field, "a number"), "a number that no float64 holds", step
        )
    if wrong := _TYPE.fullmatch(complaint):
        expected = " or ".join(_WORDS.get(kind, kind) for kind in wrong["expected"].split(" | "))
        got = f"{show(found)} ({wrong['got']})"
        if field in _TIMES:
            expected, step = _TIME, "send whole milliseconds, or a text with a zone"
        elif wrong["got"] == "int":
            step = "send the text in quotes"
        elif wrong["got"] == "str":
            step = f"send {expected.removesuffix(' or null')} without quotes"
        return refuse("wrong_type", where, expected, got, step)
    if size := _LENGTH.fullmatch(complaint):
        step = "leave an optional field out, or fill it"
        if size["sign"] == "<=":
            step = "shorten the text at the source"
        return refuse("bad_identifier", where, _size(size), show(found), step)
    if field in _PLACES:
        step = "send degrees, and check that lat and lon are not swapped"
        return refuse("bad_coordinates", where, _PLACES[field], show(found), step)
    code = "bad_timestamp" if field in _TIMES else "bad_value"
    expected = _TIME if field in _TIMES else complaint.removeprefix("Expected ").replace("`", "")
    return refuse(code, where, expected, show(found), step)


def _bad_attributes(complaint: str, found: Any, *, in_name: bool) -> EventError:
    """Return the reason for the attributes, by the first of them that is wrong."""
    step = "send names of 1 to 64 characters with one number each, at most 256 of them"
    if size := _LENGTH.fullmatch(complaint):
        if not in_name:
            expected, got = f"at most {size['size']} attributes", str(len(found or ()))
            return refuse("bad_attributes", "`attributes`", expected, got, step)
        names = (name for name in found or () if not 1 <= len(name) <= int(size["size"]))
        got = show(next(names, ""))
        return refuse("bad_attributes", "name in `attributes`", _size(size), got, step)
    if not isinstance(found, dict):
        got = "a number that no float64 holds" if found is None else show(found)
        return refuse("bad_attributes", "`attributes`", "an object of numbers", got, step)
    limit = _LIMIT.fullmatch(complaint)
    most = float(limit["limit"]) if limit else inf
    name = next((name for name, number in found.items() if not _is_within(number, abs(most))), "")
    step = "send the number without quotes, or leave the attribute out"
    where = f"`attributes` {show(name)}"
    return refuse("bad_attributes", where, _FLOAT32, show(found.get(name)), step)


def _is_within(number: Any, most: float) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and abs(number) <= most


def _not_a_number(name: str, literal: str) -> EventError:
    """Return the reason for NaN or Infinity, which JSON does not have."""
    if name == "amount":
        step = "leave the payment out, or mend its amount"
        return refuse("bad_amount", "`amount`", "a finite number", literal, step)
    code = "bad_coordinates" if name in _PLACES else "not_json"
    step = "leave the field out where there is no number"
    return refuse(code, f"`{show(name)[1:-1]}`", "a finite number", literal, step)


def _size(size: re.Match[str]) -> str:
    limit = "at most" if size["sign"] == "<=" else "at least"
    return f"a text of {limit} {size['size']} character{'' if size['size'] == '1' else 's'}"


def _missing(field: str, document: Any, what: str) -> EventError:
    if not isinstance(document, dict):
        got, step = show(document), f"add `{field}`"
    elif "payload" in document:
        got = "an envelope with a `payload`"
        step = "send what is in `payload` (in Kafka Connect: schemas.enable=false)"
    else:
        got, step = "only " + show(list(document)), f"add `{field}`"
    return refuse("missing_field", what, f"the field `{field}`", got, step)
