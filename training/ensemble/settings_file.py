"""The settings file of the models: JSON of the form `{"settings": {"forest_trees": 200}}`.

`./cardwatch tune` writes one, `./cardwatch train --settings FILE` and `./cardwatch evaluate` read
it. A key that is absent keeps its default. A refusal names the key, what fits and the next step.
"""

from __future__ import annotations

import difflib
import types
import typing
from dataclasses import dataclass, fields
from typing import Annotated, Any, Final, Literal, NoReturn, get_args, get_origin

import msgspec

from events.errors import one_line, show
from training.errors import TrainingError
from training.fit_settings import FitSettings
from training.models.registry import MODELS

_OF_THE_MACHINE: Final = "jobs"
_TYPES: Final = typing.get_type_hints(FitSettings, include_extras=True)
_HELP: Final = "`./cardwatch train --write-settings FILE` explains every setting"
_WORDS: Final = {int: "an integer", float: "a number", str: "a text"}
_LIMITS: Final = (("ge", "from"), ("gt", "above"), ("le", "to"))


@dataclass(frozen=True)
class Setting:
    """One key of the file: its default, the values that fit, and what it is."""

    key: str
    default: object
    values: str
    description: str


def settings_table() -> list[Setting]:
    """Return every key of the file, in the order of the file."""
    return [
        Setting(one.name, one.default, _expected(_TYPES[one.name]), _description(_TYPES[one.name]))
        for one in fields(FitSettings)
        if one.name != _OF_THE_MACHINE
    ]


def read_settings(text: bytes, where: str) -> tuple[FitSettings, object]:
    """Return the settings of a file, and what the file says about how they were found, or None.

    `where` names the file in a refusal. Raises TrainingError for text that is no such file, an
    unknown key, and a value of the wrong type or out of range.

    >>> read_settings(b'{"settings": {"forest_trees": 300}}', "own.json")[0].forest_trees
    300
    """
    try:
        told = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        given = msgspec.json.decode(told.pop("settings"), type=dict[str, Any])
        found = msgspec.json.decode(told.pop("found", b"null"))
    except (msgspec.MsgspecError, KeyError, ValueError, RecursionError) as error:
        got = "no `settings`" if isinstance(error, KeyError) else one_line(error, 300)
        raise TrainingError(
            f'{where}: expected JSON such as {{"settings": {{"forest_trees": 200}}}}, got {got}; '
            f"{_HELP}."
        ) from None
    if told:
        raise TrainingError(
            f"{where}: expected `settings` and, from `./cardwatch tune`, `found`; got also "
            f"{show(next(iter(told)))}; put each key below `settings`."
        )
    settings = FitSettings(**{key: _value(key, value, where) for key, value in given.items()})
    try:
        settings.check(frozenset(MODELS))
    except TrainingError as error:
        raise TrainingError(f"{where}: {error}") from None
    return settings, found


def settings_text(settings: FitSettings, found: object = None) -> bytes:
    """Return a settings file as JSON; `found` says how a search found the settings."""
    told: dict[str, Any] = {"settings": settings_of(settings)}
    if found is not None:
        told["found"] = found
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"


def settings_of(settings: FitSettings) -> dict[str, Any]:
    """Return the settings as a file holds them: each key with its value, without threads."""
    told: dict[str, Any] = msgspec.to_builtins(settings)
    del told[_OF_THE_MACHINE]
    return told


def _value(key: str, value: object, where: str) -> Any:
    """Return one value as its setting takes it; TrainingError where it does not fit."""
    if key not in _TYPES or key == _OF_THE_MACHINE:
        _refuse_key(key, where)
    try:
        return msgspec.convert(value, _TYPES[key])
    except msgspec.ValidationError:
        raise TrainingError(
            f"{where}: `{key}`: expected {_expected(_TYPES[key])}, got {show(value)}; {_HELP}."
        ) from None


def _refuse_key(key: str, where: str) -> NoReturn:
    known = [one.key for one in settings_table()]
    near = difflib.get_close_matches(key, known, n=1)
    step = f"write `{near[0]}`" if near else "remove the key"
    raise TrainingError(
        f"{where}: expected keys out of {', '.join(known)}, got {show(key)}; {step}."
    )


def _description(kind: Any) -> str:
    texts = [one.description for one in kind.__metadata__ if one.description]
    return str(texts[0])


def _expected(kind: Any) -> str:
    """Say which values a type takes.

    >>> _expected(Annotated[int, msgspec.Meta(ge=1)] | None)
    'an integer from 1, or null'
    """
    if get_origin(kind) is Annotated:
        base, *metas = get_args(kind)
        limits = [
            f"{word} {getattr(meta, name):g}"
            for name, word in _LIMITS
            for meta in metas
            if getattr(meta, name) is not None
        ]
        return " ".join([_expected(base), *limits])
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(get_args(kind))
    if get_origin(kind) in (types.UnionType, typing.Union):
        first = next(one for one in get_args(kind) if one is not type(None))
        return f"{_expected(first)}, or null"
    if get_origin(kind) is tuple:
        return f"a list, each item {_expected(get_args(kind)[0])}"
    return _WORDS[kind]
