"""What a fault asks of the machine, and a machine that does not offer it."""

from __future__ import annotations

from benchmarks.errors import BenchmarkError


class Unfit(BenchmarkError):
    """This machine cannot show the fault; the sentence says what it would take."""
