"""Where PyFlink is another than the known one, the direct path leaves it alone and says why."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pyflink.version
import pytest

from jobs.flink_edge import direct


def _converter(kind: str, *fields: Any) -> Any:
    """Return something that looks like a converter of PyFlink's."""
    return type(kind, (), {"_field_data_converters": list(fields)})()


_PLAIN = _converter("IdentityDataConverter")


class OneInputFunctionOperation:
    """What PyFlink 2.3.0 makes of a keyed function, as far as the guard looks at it."""

    def __init__(self, function: Callable[[], object]) -> None:
        self._function = function
        self._chained_operations: list[object] = []
        self._input_data_converter = _converter("RowDataConverter", _PLAIN, _PLAIN)
        self._output_data_converter = _converter("RowDataConverter", _PLAIN, _PLAIN)

    def open(self) -> object:
        """Open the function, which installs itself."""
        return self._function()

    def process_element(self, value: object) -> object:
        """Return what the ordinary path would."""
        return "ordinary", value


def _rows(value: Any) -> tuple[direct.Fields, ...]:
    return ((value,),)


def _install() -> bool:
    return direct.install("card stage", _rows)


def _told(caplog: pytest.LogCaptureFixture) -> str:
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    return record.getMessage()


def test_without_an_operation_the_ordinary_path_stays(caplog: pytest.LogCaptureFixture) -> None:
    assert not _install()
    assert "python.execution-mode: thread" in _told(caplog)


def test_another_version_keeps_the_ordinary_path(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyflink.version, "__version__", "2.4.0")
    operation = OneInputFunctionOperation(_install)
    assert operation.open() is False
    assert operation.process_element(1) == ("ordinary", 1)
    assert _told(caplog) == (
        "The card stage keeps PyFlink's ordinary return path: "
        "it is known for PyFlink 2.3.0, got 2.4.0."
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"_chained_operations": [object()]}, "1 more Python operators are chained"),
        ({"_input_data_converter": SimpleNamespace()}, "built in another way"),
        ({"_input_data_converter": _converter("RowDataConverter", _PLAIN)}, "another way"),
        (
            {
                "_input_data_converter": _converter(
                    "RowDataConverter", _PLAIN, _converter("PickleDataConverter")
                )
            },
            "by PickleDataConverter",
        ),
        ({"_output_data_converter": _converter("TupleDataConverter", _PLAIN)}, "got Tuple"),
        (
            {
                "_output_data_converter": _converter(
                    "RowDataConverter", _PLAIN, _converter("RowDataConverter", _PLAIN)
                )
            },
            "expected a row of plain fields",
        ),
    ],
)
def test_another_shape_keeps_the_ordinary_path(
    changes: dict[str, Any], sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    operation = OneInputFunctionOperation(_install)
    vars(operation).update(changes)
    assert operation.open() is False
    assert operation.process_element(1) == ("ordinary", 1)
    assert sentence in _told(caplog)


def test_a_java_that_is_not_there_keeps_the_ordinary_path(caplog: pytest.LogCaptureFixture) -> None:
    """This process has no JVM around it, so the last check is the one that fails."""
    assert OneInputFunctionOperation(_install).open() is False
    assert "Java does not take its iterator" in _told(caplog)


def test_the_version_that_is_pinned_is_the_one_that_is_known() -> None:
    """A new PyFlink asks for a look at its return path, not for a silent fallback."""
    assert pyflink.version.__version__ == direct.KNOWN_VERSION
