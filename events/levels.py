"""The risk levels of a decision and their order, written once."""

from typing import Final, Literal

RiskLevel = Literal["LOW", "MEDIUM", "HIGH"]
AlertLevel = Literal["MEDIUM", "HIGH"]

LOW: Final = "LOW"
MEDIUM: Final = "MEDIUM"
HIGH: Final = "HIGH"

LEVELS: Final[tuple[RiskLevel, ...]] = (LOW, MEDIUM, HIGH)
"""Every level, the lowest first."""

ALERT_LEVELS: Final[tuple[AlertLevel, ...]] = (MEDIUM, HIGH)
"""The levels that raise an alert, the lowest first."""


def reaches(level: RiskLevel, least: RiskLevel) -> bool:
    """Say whether a level is another one or lies above it.

    >>> reaches("HIGH", "MEDIUM"), reaches("LOW", "MEDIUM")
    (True, False)
    """
    return LEVELS.index(level) >= LEVELS.index(least)
