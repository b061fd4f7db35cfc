"""The figures of one run, and the object that is written of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from benchmarks.ceiling import Ceiling
from harness.calibration import Calibrations
from harness.latency_run import RateLatency
from harness.machine import Provenance
from harness.throughput import Throughput

CORE_HOUR_USD = 0.05
"""What a virtual core with 4 GiB costs for an hour, about, on demand with the large providers."""
_HOUR_S = 3600


@dataclass
class Results:
    """Figures measured so far; an empty part was not asked for."""

    provenance: Provenance
    settings: dict[str, object]
    calibrations: Calibrations = field(default_factory=Calibrations)
    throughput: dict[str, Throughput] = field(default_factory=dict)
    latency: dict[int, RateLatency] = field(default_factory=dict)
    ceiling: Ceiling | None = None
    state_bytes_per_card: int | None = None
    checkpoint_bytes_per_card: float | None = None
    core_hour_usd: float = CORE_HOUR_USD

    def payments_per_dollar(self, engine: str) -> float:
        """Return how many payments a dollar pays for, at full load on all cores of the machine.

        Broker, cluster and load generator are among what the cores do.
        """
        cores = self.provenance.machine.cores
        return self.throughput[engine].tx_per_s * _HOUR_S / (cores * self.core_hour_usd)

    @property
    def complete(self) -> bool:
        """Whether every payment got one decision, and every latency was seen."""
        decided = all(run.lost == 0 and run.doubled == 0 for run in self.throughput.values())
        return decided and all(one.unseen == 0 for one in self.latency.values())

    def to_json(self) -> dict[str, Any]:
        """Return the run under stable keys, units in their names."""
        job = {name: run.cpu_us_per_payment["job"] for name, run in self.throughput.items()}
        broker = {name: run.cpu_us_per_payment["broker"] for name, run in self.throughput.items()}
        return {
            "throughput_tx_per_s": _rounded({n: r.tx_per_s for n, r in self.throughput.items()}),
            "cpu_us_per_payment": _rounded(job),
            "broker_cpu_us_per_payment": _rounded(broker),
            "payments_per_dollar": {n: round(self.payments_per_dollar(n)) for n in self.throughput},
            "core_hour_usd": self.core_hour_usd,
            "ceiling_tx_per_s": None if self.ceiling is None else round(self.ceiling.tx_per_s, 1),
            "calibration_ms": round(self.calibrations.median_ms, 1),
            "provisional_latency_ms": {str(r): one.provisional_ms for r, one in self._rates()},
            "committed_latency_ms": {str(r): one.committed_ms for r, one in self._rates()},
            "state_bytes_per_card": self.state_bytes_per_card,
            "checkpoint_bytes_per_card": self.checkpoint_bytes_per_card,
            "calibration_loops_ms": self.calibrations.loops_ms,
            "runs": {name: msgspec.to_builtins(run) for name, run in self.throughput.items()},
            "latency_runs": {str(r): msgspec.to_builtins(one) for r, one in self._rates()},
            "ceiling_run": msgspec.to_builtins(self.ceiling),
            "settings": self.settings,
            **msgspec.to_builtins(self.provenance),
        }

    def _rates(self) -> list[tuple[int, RateLatency]]:
        return sorted(self.latency.items())


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(figure, 1) for name, figure in figures.items()}
