"""A wrong call of the job ends before anything connects, and says what to give."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.settings import parse_settings


def test_defaults_are_those_of_the_latency_profile(tmp_path: Path) -> None:
    settings = parse_settings(["--bootstrap", "127.0.0.1:9092", "--bundle", str(tmp_path)])
    assert (settings.profile, settings.bundle) == ("latency", tmp_path)
    assert settings.delivery == "exactly-once"
    assert settings.state_ttl_days > 38, "state must outlive the longest window"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bundle", "."], "--bootstrap"),
        (["--bootstrap", "x:1"], "--bundle"),
        (["--bootstrap", "x:1", "--bundle", "no/such"], "is not a folder"),
        (["--bootstrap", "x:1", "--bundle", ".", "--profile", "fast"], "latency"),
        (["--bootstrap", "x:1", "--bundle", ".", "--delivery", "twice"], "exactly-once"),
        (["--bootstrap", "x:1", "--bundle", ".", "--batch-size", "0"], "is not positive"),
        (["--bootstrap", "x:1", "--bundle", ".", "--linger-ms", "-1"], "is negative"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_settings(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
