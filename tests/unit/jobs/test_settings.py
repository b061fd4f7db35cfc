"""A wrong call of the job ends before anything connects, and says what to give."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.stack.submit import command as submit
from features.money.shipped import SHIPPED
from jobs.settings import parse_settings

BUNDLE = Path(__file__).parents[3] / "onnx_models" / "ensemble" / "1"
NEEDED = ("--bootstrap", "x:1", "--bundle", str(BUNDLE))
RATES = """{"reference": "EUR", "base": "EUR", "date": "2026-11-02", "source": "a test",
"rates": {"USD": "1.1"}}"""


def test_defaults_are_batches_delivered_exactly_once() -> None:
    settings = parse_settings(NEEDED)
    assert (settings.engine, settings.bundle) == ("batch", BUNDLE)
    assert (settings.delivery, settings.isolation) == ("exactly-once", "read_committed")
    assert settings.state_ttl_days > 38, "state must outlive the longest window"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bundle", "."], "--bootstrap"),
        (["--bootstrap", "x:1"], "--bundle"),
        (["--bootstrap", "x:1", "--bundle", "no/such"], "is not a folder"),
        ([*NEEDED, "--engine", "fast"], "pyflink"),
        ([*NEEDED, "--delivery", "twice"], "exactly-once"),
        ([*NEEDED, "--batch-size", "0"], "is not positive"),
        ([*NEEDED, "--producer-property", "linger.ms"], "is not KEY=VALUE"),
        ([*NEEDED, "--producer-property", "transactional.id=x"], "use --transaction-prefix"),
        ([*NEEDED, "--consumer-property", "isolation.level=x"], "use --isolation"),
        ([*NEEDED, "--consumer-property", "enable.auto.commit=true"], "leave it out"),
        ([*NEEDED, "--isolation", "serializable"], "read_committed"),
        ([*NEEDED, "--keep-field", "city"], "is a field of every payment"),
        ([*NEEDED, "--keep-field", "cardCvv2"], "names card data"),
        (["--bootstrap", "x:1", "--bundle", str(BUNDLE.parent)], "No manifest"),
        ([*NEEDED, "--rates", "no/such.xml"], "No rates in no/such.xml"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_settings(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_properties_of_kafka_are_told_apart_by_their_client() -> None:
    properties = ("--consumer-property", "fetch.max.wait.ms=5", "--producer-property")
    settings = parse_settings([*NEEDED, *properties, "linger.ms=5", "--producer-property", "a=b=c"])
    assert settings.consumer_properties == {"fetch.max.wait.ms": "5"}
    assert settings.producer_properties == {"linger.ms": "5", "a": "b=c"}


def test_fields_to_keep_are_given_one_by_one() -> None:
    settings = parse_settings([*NEEDED, "--keep-field", "loyalty", "--keep-field=basket"])
    assert settings.keep_fields == {"loyalty", "basket"}
    assert parse_settings(NEEDED).keep_fields == frozenset()


@pytest.mark.parametrize("name", ["city", "track_2"])
def test_submit_refuses_a_field_that_the_job_would_refuse(name: str) -> None:
    told = CliRunner().invoke(submit, ["--keep-field", name])
    assert told.exit_code == 2 and "--keep-field" in told.output and name in told.output


def test_rates_are_those_of_the_bundle_or_of_a_file_in_its_reference_currency(
    tmp_path: Path,
) -> None:
    (tmp_path / "own.json").write_text(RATES)
    (tmp_path / "other.json").write_text(RATES.replace('"EUR", "base"', '"USD", "base"'))
    own = parse_settings(NEEDED).rates
    assert own == SHIPPED
    for name in ("own.json", "other.json"):
        given = parse_settings([*NEEDED, "--rates", str(tmp_path / name)]).rates
        assert (given.reference, given.date) == (own.reference, "2026-11-02")


def test_rates_travel_with_the_graph() -> None:
    """Stages are pickled for the TaskManagers."""
    rates = parse_settings(NEEDED).rates
    again = pickle.loads(pickle.dumps(rates))
    assert again == rates and again.amount(1234, "JPY") == rates.amount(1234, "JPY")


def test_rates_without_the_reference_currency_of_the_bundle_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "yen.json"
    file.write_text(RATES.replace("EUR", "JPY"))
    with pytest.raises(SystemExit):
        parse_settings([*NEEDED, "--rates", str(file)])
    assert f"No rate of the reference currency in {file}: wanted" in capsys.readouterr().err
