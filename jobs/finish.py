"""Finish of a request whose features are complete: score, decide, records for Kafka."""

from collections.abc import Sequence

from events.topics import ALERTS, DECISIONS
from jobs.flink_edge.stage import Fields
from scoring.messages import ScoringRequest
from udfs.metrics import Counters
from udfs.scoring import Scoring


class Finish:
    """Score one request and hand on records for Kafka."""

    def __init__(self, bundle: str) -> None:
        self._scoring = Scoring(bundle)

    def open(self, counters: Counters) -> None:
        """Load the bundle."""
        self._scoring.open(counters)

    def rows(self, request: ScoringRequest) -> Sequence[Fields]:
        """Return the decision and, at MEDIUM and HIGH, the alert."""
        [found] = self._scoring.answers([request])
        key = request.payment.card_id.encode()
        decision = (DECISIONS.name, key, found.decision)
        if found.alert is None:
            return (decision,)
        return decision, (ALERTS.name, key, found.alert)
