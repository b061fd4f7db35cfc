"""Finish of a request whose features are complete: score, decide, records for Kafka."""

from collections.abc import Sequence

from events.topics import ALERTS, DECISIONS
from jobs.flink_edge.stage import Fields
from scoring.answer import answer_one
from scoring.loader import load_bundle
from scoring.messages import ScoringRequest
from udfs.metrics import Counters


class Finish:
    """Score one request and hand on records for Kafka."""

    def __init__(self, bundle: str) -> None:
        self._path = bundle

    def open(self, counters: Counters) -> None:
        """Load the bundle."""
        self._bundle = load_bundle(self._path)
        self._counters = counters
        counters.add("model", self._bundle.manifest.model)

    def rows(self, request: ScoringRequest) -> Sequence[Fields]:
        """Return the decision and, at MEDIUM and HIGH, the alert."""
        found = answer_one(request, self._bundle)
        self._counters.decided(found.level, request.latency_ms(found.decided_ms))
        key = request.payment.card_id.encode()
        decision = (DECISIONS.name, key, found.decision)
        if found.alert is None:
            return (decision,)
        return decision, (ALERTS.name, key, found.alert)
