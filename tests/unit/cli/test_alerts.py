"""An alert is one readable line, and is shown once."""

from __future__ import annotations

from cli.stream.alert_line import heading, line
from cli.stream.follow import Unseen
from events.alert import Alert
from events.decision import Reason


def _alert(**changes: object) -> Alert:
    fields: dict[str, object] = {
        "transaction_id": "t1",
        "card_id": "tok_0123456789abcdefghijkl",
        "merchant_id": "m1",
        "timestamp_ms": 1_700_000_000_000,
        "amount_minor": 123_450,
        "currency": "EUR",
        "probability": 0.98765,
        "model_scores": {},
        "risk_level": "HIGH",
        "model": "ensemble/1",
        "feature_set": 1,
        "card_sequence": 1,
        "merchant_sequence": 1,
        "flags": [],
        "received_ms": 0,
        "decided_ms": 0,
        "reasons": [
            Reason(
                code="velocity",
                feature="card_count_10m",
                value=4.0,
                normal=0.2,
                contribution=0.5,
                sentence="This card made 4 payments in 10 minutes.",
            )
        ],
    }
    return Alert(**(fields | changes))  # type: ignore[arg-type]


def test_a_line_stands_under_its_heading() -> None:
    text = line(_alert()).plain
    columns = heading().plain
    assert text.index("1234.50 EUR") == columns.index("amount")
    assert text.index("0.988") == columns.index("score")
    assert text.index("m1") == columns.index("merchant")
    assert text.index("This card made 4 payments") == columns.index("what stands out")
    assert text.startswith("2023-11-14 22:13:20")


def test_a_long_token_is_cut_in_the_middle() -> None:
    """Both ends tell tokens apart."""
    assert "tok_0123…defghijkl" in line(_alert()).plain


def test_a_currency_without_cents_has_none() -> None:
    assert "123450 JPY" in line(_alert(currency="JPY")).plain


def test_an_alert_without_a_reason_says_so() -> None:
    assert line(_alert(reasons=[])).plain.endswith("-")


def test_reasons_are_sentences_behind_one_another() -> None:
    reason = _alert().reasons[0]
    alert = _alert(reasons=[reason, reason])
    assert line(alert).plain.endswith("in 10 minutes. This card made 4 payments in 10 minutes.")


def test_a_retry_is_recognised() -> None:
    unseen = Unseen()
    assert unseen("a") and unseen("b")
    assert not unseen("a")


def test_only_so_many_are_remembered() -> None:
    """Memory is bounded; the oldest is forgotten first."""
    unseen = Unseen()
    assert all(unseen(str(number)) for number in range(100_001))
    assert unseen("0")
    assert not unseen("100000")
