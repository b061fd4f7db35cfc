"""One alert as one line of a table for people."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from events.alert import Alert
from events.levels import HIGH, MEDIUM
from events.money import currency_exponent, format_amount
from events.timestamps import format_ms

STYLES: Final = {HIGH: "bold red", MEDIUM: "yellow"}
_WIDTHS: Final = (19, 6, 6, 14, 18, 18)
_HEADINGS: Final = ("time (UTC)", "level", "score", "amount", "card", "merchant")


def heading() -> Text:
    """Return the table's first line."""
    cells = [title.ljust(width) for title, width in zip(_HEADINGS, _WIDTHS, strict=True)]
    return Text("  ".join([*cells, "what stands out"]), style="bold")


def line(alert: Alert) -> Text:
    """Return an alert's line, its level coloured; long tokens are cut in the middle."""
    exponent = currency_exponent(alert.currency)
    amount = f"{format_amount(alert.amount_minor, exponent)} {alert.currency}"
    time = format_ms(alert.timestamp_ms)[:19].replace("T", " ")
    text = Text(no_wrap=False)
    cells = (
        time,
        alert.risk_level,
        f"{alert.probability:.3f}",
        amount,
        alert.card_id,
        alert.merchant_id,
    )
    for place, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True)):
        style = STYLES[alert.risk_level] if place in (1, 2) else ""
        text.append(f"{_cut(cell, width):<{width}}  ", style=style)
    text.append(" ".join(reason.sentence for reason in alert.reasons) or "-")
    return text


def _cut(cell: str, width: int) -> str:
    """Shorten a cell to its width, keeping both ends."""
    if len(cell) <= width:
        return cell
    head = (width - 1) // 2
    return f"{cell[:head]}…{cell[len(cell) - (width - 1 - head) :]}"
