"""The JSON of a batch's decisions, put together from pieces that are made once."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Any, Final, cast

import msgspec
import numpy as np
import numpy.typing as npt
import orjson

from events.decision import encode_all_features, encode_decision
from events.transaction import Transaction
from features.kernels.slices import Slices
from scoring.bundle.manifest import Manifest
from scoring.decision.decide import decide
from scoring.decision.policy import Policy, Verdict
from scoring.messages import ScoringRequest
from scoring.plain.decision_kernel import (
    GIVEN_COLUMNS,
    GIVEN_FLAGS,
    GIVEN_SEQUENCE,
    SLOTS_BESIDE_SCORES,
    write_decisions,
)
from scoring.plain.hand_over import Requests
from scoring.plain.hand_over_kernels import Values
from scoring.plain.layout import MASKS, flags_of
from scoring.plain.text import Words

MOST_VERDICTS: Final = 1024
"""Verdicts whose templates are kept."""

_SLOT: Final = cast(Any, msgspec.Raw(b"\0"))
"""Stands in a template for what is a payment's own; no JSON has this byte."""
_TEXT: Final = cast(Any, msgspec.Raw(b'"\0"'))
"""Stands for a text, whose quotes are the template's."""
_ARRAY: Final = cast(Any, msgspec.Raw(b"[\0]"))
"""Stands for an array, whose brackets are the template's."""


_FLAGS: Final = [msgspec.json.encode(flags_of(mask)) for mask in range(MASKS)]


class DecisionWriter:
    """Writes the decisions of one bundle and one policy, in the bytes of `decide`.

    What does not depend on the payment is encoded once for each verdict and kept.
    """

    def __init__(self, manifest: Manifest, policy: Policy, reference: str, rates_date: str) -> None:
        """Take what is the same for all payments; see `events.decision.Decision`."""
        self._manifest = manifest
        self._policy = policy
        self._reference = reference
        self._rates_date = rates_date
        self._scores = 1 + len(manifest.member_names)
        self._named = policy.name, policy.version
        self._templates: dict[Verdict, list[bytes]] = {}
        self._numbers: dict[Verdict, int] = {}
        self._learn(())

    def decisions(
        self,
        requests: Requests,
        values: Values,
        scores: npt.NDArray[np.float64],
        merchant_sequences: Words,
        flags: Words,
        verdicts: Sequence[Verdict],
        decided_ms: int,
    ) -> Slices:
        """Return the encoded decision on each payment.

        Args:
            requests: n payments.
            values: Their features, float32[n, f].
            scores: The probability, then the score of each member of the ensemble in the
                manifest's order, float64[n, 1 + m].
            merchant_sequences: Number of the payment at its merchant, int64[n].
            flags: Masks of the flags of both stages, int64[n].
            verdicts: The policy's, n.
            decided_ms: The wall clock.

        EventError as `events.decision.encode_features`.
        """
        features = encode_all_features(values)
        n, (rows, width) = len(requests), values.shape
        if scores.shape != (n, self._scores) or not rows == len(verdicts) == n or not width:
            wanted = f"{n} rows of features, scores {(n, self._scores)} and {n} verdicts"
            got = f"{rows} rows of {width}, scores {scores.shape} and {len(verdicts)} verdicts"
            raise ValueError(f"expected {wanted}, got {got}: pass what was made of the requests")
        numbers = self._numbers_of(verdicts)
        # Copied, whatever kind of array they are: each kind would have machine code of its own.
        given = np.empty((GIVEN_COLUMNS, n), np.int64)
        given[GIVEN_SEQUENCE] = merchant_sequences
        given[GIVEN_FLAGS] = flags
        text, stops = write_decisions(
            requests.memory,
            requests.places,
            given,
            decided_ms,
            np.frombuffer(numbers, np.int64),
            self._text,
            self._stops,
            SLOTS_BESIDE_SCORES + self._scores,
            np.frombuffer(_scores_text(scores), np.uint8),
            np.frombuffer(features, np.uint8),
            width,
        )
        return Slices(text.tobytes(), stops)

    def _numbers_of(self, verdicts: Sequence[Verdict]) -> array[int]:
        """Return the number of each verdict's template; unknown ones are made."""
        named = self._policy.name, self._policy.version
        if named != self._named:
            self._named, self._numbers, self._templates = named, {}, {}
        try:
            return array("q", map(self._numbers.__getitem__, verdicts))
        except KeyError:
            self._learn(verdicts)
        return array("q", map(self._numbers.__getitem__, verdicts))

    def _learn(self, verdicts: Sequence[Verdict]) -> None:
        """Make the templates that are missing; where many are kept, others are forgotten."""
        kept = {} if len(self._templates) >= MOST_VERDICTS else self._templates
        self._templates = kept | {each: self._template(each) for each in {*verdicts} - {*kept}}
        self._numbers = {verdict: number for number, verdict in enumerate(self._templates)}
        pieces = [*_FLAGS, *chain.from_iterable(self._templates.values())]
        self._text = np.frombuffer(b"".join(pieces), np.uint8)
        self._stops = np.array([0, *accumulate(map(len, pieces))], np.int64)

    def _template(self, verdict: Verdict) -> list[bytes]:
        """Return what stands before, between and behind the slots of decisions of a verdict."""
        request = ScoringRequest(
            Transaction(_TEXT, _TEXT, _SLOT, _SLOT, _TEXT, _TEXT),
            original=bytes(_SLOT),
            features=b"",
            sequences={"card": _SLOT, "merchant": _SLOT},
            flags=_SLOT,
            received_ms=_SLOT,
            reference_currency=self._reference,
            rates_date=self._rates_date,
        )
        none, scores = np.empty((1, 0), np.float32), [[_SLOT] * self._scores]
        [decision] = decide([request], none, scores, [verdict], self._manifest, self._policy, _SLOT)
        whole = msgspec.structs.replace(decision, features=_ARRAY)
        return encode_decision(whole).split(bytes(_SLOT))


def _scores_text(scores: npt.NDArray[np.float64]) -> bytes:
    """Return the scores of all rows as one JSON array, in the form of msgspec.

    The two differ in large exponents alone: 1e+16 here is 1e16 there.
    """
    text = orjson.dumps(scores.reshape(-1), option=orjson.OPT_SERIALIZE_NUMPY)
    return text.replace(b"e+", b"e")
