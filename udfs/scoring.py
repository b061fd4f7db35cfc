"""Batches of requests scored, decided and counted: for the job's merchant stage and the UDF."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from features.money.rates import Rates
from scoring.answer import Answer, answer_batch
from scoring.loader import Bundle, load_bundle
from scoring.messages import ScoringRequest
from scoring.plain.answers import NO_ANSWERS, Complete, PlainAnswered, PlainAnswers
from scoring.plain.layout import mask_of
from udfs.metrics import Counters

_RECORD_TIME: Final = mask_of(["record_time"])
_level: Final = attrgetter("level")


class Scoring:
    """Answers batches of requests by one bundle; it can be pickled until it is opened."""

    bundle: Bundle

    def __init__(self, bundle: str) -> None:
        """Take the folder of a bundle, which has to exist where `open` is called."""
        self._path = bundle

    def open(self, counters: Counters, rates: Rates | None = None) -> None:
        """Load the bundle, and count it under its name; BundleError where it is refused.

        `rates` are those that amounts were converted by, where they are not the bundle's.
        """
        self.bundle = load_bundle(self._path)
        self._plain = PlainAnswers(self.bundle, rates or self.bundle.rates)
        self._counters = counters
        counters.add("model", self.bundle.manifest.model)

    def answers(self, requests: Sequence[ScoringRequest]) -> list[Answer]:
        """Return the answer to each complete request, and count the decisions.

        Nothing is counted of a batch that raises, so it can be answered again in parts.
        """
        found = answer_batch(requests, self.bundle)
        latencies = map(_latency_ms, requests, found)
        self._counters.decided(map(_level, found), (one for one in latencies if one is not None))
        return found

    def answers_with_plain(
        self, plain: Complete, others: Sequence[ScoringRequest]
    ) -> tuple[PlainAnswered, list[Answer]]:
        """Return the answers to plain payments and to others, and count as `answers` does."""
        found = self._plain.answer(plain) if plain else NO_ANSWERS
        to_others = self.answers(others)
        if plain:
            known = plain.flags & _RECORD_TIME == 0
            latencies = found.decided_ms - plain.requests.received_ms[known]
            self._counters.decided(found.levels, latencies.tolist())
        return found, to_others


def _latency_ms(request: ScoringRequest, answer: Answer) -> int | None:
    return request.latency_ms(answer.decided_ms)
