"""Warm-up of the compiled code for plain payments: a call of each entry point compiles it."""

import numpy as np

from events.levels import LOW
from features.card.rows import PAID_WORDS
from features.catalogue import CARD_FEATURES, FEATURE_NAMES
from features.kernels.compiled import one_compiler
from features.plain.payments import SPANS, PlainPayments, Records
from scoring.decision.policy import Verdict
from scoring.loader import Bundle
from scoring.plain.decisions import DecisionWriter
from scoring.plain.hand_over import Requests, packed


def compile_hand_overs() -> Requests:
    """Write and read the hand-over of a payment of zeros, and return it."""
    none = np.zeros(1, np.int64)
    records = Records(b"{}", none, none, none, none, none + len(b"{}"))
    payments = PlainPayments(
        is_plain=np.ones(1, np.bool_),
        rows=np.zeros((1, PAID_WORDS), np.int64),
        minor=none,
        who=none,
        spans=np.zeros((1, SPANS, 2), np.int64),
    )
    values = np.zeros((1, len(CARD_FEATURES)), np.float32)
    with one_compiler():
        requests = Requests(packed(records, payments, values, none, none, none, none, none, none))
        requests.values(len(FEATURE_NAMES))
    return requests


def compile_decisions(bundle: Bundle) -> None:
    """Write the decision on a payment of zeros."""
    requests = compile_hand_overs()
    writer = DecisionWriter(bundle.manifest, bundle.policy, "", "")
    values = np.zeros((1, len(FEATURE_NAMES)), np.float32)
    scores = np.zeros((1, 1 + len(bundle.manifest.members)))
    none = np.zeros(1, np.int64)
    with one_compiler():
        writer.decisions(requests, values, scores, none, none, [Verdict(LOW, "")], 0)
