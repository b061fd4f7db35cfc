"""Batches of requests scored, decided and counted: for the job's merchant stage and the UDF."""

from collections.abc import Sequence

from scoring.answer import Answer, answer_batch
from scoring.loader import Bundle, load_bundle
from scoring.messages import ScoringRequest
from udfs.metrics import Counters


class Scoring:
    """Answers batches of requests by one bundle; it can be pickled until it is opened."""

    bundle: Bundle

    def __init__(self, bundle: str) -> None:
        """Take the folder of a bundle, which has to exist where `open` is called."""
        self._path = bundle

    def open(self, counters: Counters) -> None:
        """Load the bundle, and count it under its name; BundleError where it is refused."""
        self.bundle = load_bundle(self._path)
        self._counters = counters
        counters.add("model", self.bundle.manifest.model)

    def answers(self, requests: Sequence[ScoringRequest]) -> list[Answer]:
        """Return the answer to each complete request, and count the decisions.

        Nothing is counted of a batch that raises, so it can be answered again in parts.
        """
        found = answer_batch(requests, self.bundle)
        self._counters.decided(
            (one.level, request.latency_ms(one.decided_ms))
            for request, one in zip(requests, found, strict=True)
        )
        return found
