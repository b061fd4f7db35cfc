"""Finish of a request in each profile: score it here, or pass it on to the Arrow batches."""

import time
from collections.abc import Sequence

import numpy as np

from events.topics import ALERTS, DECISIONS
from jobs.flink_edge.direct import Fields
from scoring.answer import answer, model_input
from scoring.loader import load_bundle
from scoring.messages import ScoringRequest, pack
from udfs.metrics import Counters


class ScoreHere:
    """The latency profile: score one row and hand on records for Kafka."""

    def __init__(self, bundle: str) -> None:
        self._path = bundle

    def open(self, counters: Counters) -> None:
        """Load the bundle."""
        self._bundle = load_bundle(self._path)
        self._counters = counters
        counters.add("model", self._bundle.manifest.model)

    def rows(self, request: ScoringRequest) -> Sequence[Fields]:
        """Return the decision and, at MEDIUM and HIGH, the alert."""
        bundle = self._bundle
        values = np.frombuffer(request.features, dtype=np.float32)
        scores = bundle.scorer.score_row(model_input(values, request.payment, bundle.attributes))
        now = time.time_ns() // 1_000_000
        found = answer(request, values, scores, bundle, now)
        self._counters.decided(found.level, request.latency_ms(now))
        key = request.payment.card_id.encode()
        decision = (DECISIONS.name, key, found.decision)
        if found.alert is None:
            return (decision,)
        return decision, (ALERTS.name, key, found.alert)


class PassOn:
    """The throughput profile: pack the request for `udfs.score_udf`."""

    def open(self, counters: Counters) -> None:
        """Nothing to prepare: the UDF loads the bundle in its own process."""

    def rows(self, request: ScoringRequest) -> Sequence[Fields]:
        """Return the packed request under the name of the topic that its decision goes to."""
        return ((DECISIONS.name, request.payment.card_id.encode(), pack(request)),)
