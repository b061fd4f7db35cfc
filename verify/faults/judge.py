"""The oracle: what the producer sent against what a subscriber saw, and against a replay.

Pure functions on lists: the unit tests hand them a stream in which one decision is lost, doubled,
moved or changed, and see it named.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from events.dead_letter import DeadLetter
from events.decision import Decision
from events.levels import LOW
from events.receipt import LabelReceipt
from scoring.loader import Bundle
from verify.faults.fault import Expectation
from verify.faults.producer_log import Asked, Place, Sent, asked
from verify.faults.subscriber import Answer, Seen
from verify.parity.compare import ParityReport, Stream, compare
from verify.parity.replay import label_key

_SOME = 3


@dataclass(frozen=True)
class Verdict:
    """Errors of a run in numbers; nothing is wrong where `problems` is empty.

    `lost`, `duplicated` and `unknown` count payments without a decision, decisions above one for a
    payment, and decisions without a payment. `out_of_order` counts decisions and entities whose
    numbers do not follow the order in which Kafka got the payments; `apart_in_topic` counts cards
    whose decisions lie in their topic in another order than that of their numbers.
    `features_differing` and `scores_differing` compare with the offline replay, bit for bit.
    Labels are counted by their receipts, refused records by their dead letters, alerts by the
    decisions at MEDIUM and HIGH.
    """

    payments: int
    labels: int
    refused: int
    repeats_sent: int
    lost: int
    duplicated: int
    unknown: int
    out_of_order: int
    apart_in_topic: int
    features_differing: int
    scores_differing: int
    labels_lost: int
    labels_duplicated: int
    letters_lost: int
    letters_duplicated: int
    letters_differing: int
    alerts_lost: int
    alerts_duplicated: int
    problems: tuple[str, ...]

    @property
    def held(self) -> bool:
        """Whether everything came out as it had to."""
        return not self.problems


def judge(
    log: Iterable[Sent],
    seen: Seen,
    bundles: Sequence[Bundle],
    expects: Expectation = Expectation.EXACTLY_ONCE,
    foretold_repeats: int = 0,
    *,
    one_writer: bool = True,
) -> Verdict:
    """Judge one run by the producer's log, the committed output and the bundles that scored.

    With `one_writer` the topic has to hold a card's decisions in their order. Where the merchant
    stage had several subtasks, two of them write the decisions on one card, each in its own
    transaction, and the order there is theirs: `apart_in_topic` is told and no problem.
    """
    wanted = asked(log)
    repeated = expects is Expectation.COUNTED_REPEATS
    answers = last_of_each(seen.answers) if repeated else seen.answers
    receipts = _last_receipts(seen.receipts) if repeated else seen.receipts
    decisions = [answer.decision for answer in answers]
    report = compare(Stream(wanted.payments, wanted.labels, decisions, receipts), *bundles)
    lost_alerts, doubled_alerts = _alerts(seen, answers, repeated)
    letters = _letters(wanted.refused, seen.letters)
    found = {
        "lost": len(report.lost),
        "duplicated": _above_one(answer.decision.transaction_id for answer in seen.answers),
        "unknown": len(report.unknown),
        "out_of_order": len(report.out_of_order) + report.misplaced,
        "apart_in_topic": len(disordered(answers)),
        "features_differing": _differing_features(report),
        "scores_differing": report.scores_differing,
        "labels_lost": report.labels_lost,
        "labels_duplicated": report.labels_doubled,
        "letters_lost": letters[0],
        "letters_duplicated": letters[1],
        "letters_differing": letters[2],
        "alerts_lost": lost_alerts,
        "alerts_duplicated": doubled_alerts,
    }
    return Verdict(
        payments=report.payments,
        labels=report.labels,
        refused=len(wanted.refused),
        repeats_sent=wanted.repeats,
        **found,
        problems=_problems(
            found if one_writer else found | {"apart_in_topic": 0},
            expects,
            foretold_repeats,
            seen.answers,
        ),
    )


def disordered(answers: Sequence[Answer]) -> list[str]:
    """Name the cards whose decisions do not lie in one partition in the order of their numbers."""
    last: dict[str, tuple[int, int]] = {}
    found: dict[str, None] = {}
    for partition, _, decision in sorted(answers, key=lambda answer: answer[:2]):
        before = last.get(decision.card_id, (partition, 0))
        if partition != before[0] or decision.card_sequence < before[1]:
            found[decision.card_id] = None
        last[decision.card_id] = partition, decision.card_sequence
    return list(found)


def last_of_each(answers: Iterable[Answer]) -> list[Answer]:
    """Return the last decision on each payment: the one that the job's state remembers."""
    ordered = sorted(answers, key=lambda answer: answer[:2])
    return list({answer.decision.transaction_id: answer for answer in ordered}.values())


def differing_repeats(answers: Iterable[Answer]) -> list[str]:
    """Name payments decided more than once of which a card feature's place differs.

    The card's part of a decision follows from the order of its payments alone, so it must come out
    the same; the merchant's follows the order of arrival, which a repeat need not keep.
    """
    first: dict[str, Decision] = {}
    found = []
    for answer in sorted(answers, key=lambda answer: answer[:2]):
        decision = answer.decision
        before = first.setdefault(decision.transaction_id, decision)
        if before.card_sequence != decision.card_sequence or before.payment != decision.payment:
            found.append(decision.transaction_id)
    return found


def _problems(
    found: dict[str, int],
    expects: Expectation,
    foretold_repeats: int,
    answers: Sequence[Answer],
) -> tuple[str, ...]:
    wrong = {name: count for name, count in found.items() if count}
    told: list[str] = []
    if expects is Expectation.COUNTED_REPEATS:
        repeats = wrong.pop("duplicated", 0)
        if repeats != foretold_repeats:
            told.append(f"{repeats} repeats where {foretold_repeats} were foretold")
        told += [f"repeated differently: {name}" for name in differing_repeats(answers)[:_SOME]]
        for name in ("labels_duplicated", "alerts_duplicated", "letters_duplicated"):
            wrong.pop(name, None)
    told += [f"{count} {name.replace('_', ' ')}" for name, count in wrong.items()]
    return tuple(told)


def _differing_features(report: ParityReport) -> int:
    by_sequence, by_topic = report.features_differing, report.card_features_differing
    return sum(by_sequence.values()) + sum(by_topic.values())


def _above_one(ids: Iterable[str]) -> int:
    return sum(count - 1 for count in Counter(ids).values())


def _last_receipts(receipts: Iterable[LabelReceipt]) -> list[LabelReceipt]:
    return list({label_key(receipt): receipt for receipt in receipts}.values())


def _alerts(seen: Seen, answers: Sequence[Answer], repeated: bool) -> tuple[int, int]:
    """Return how many decisions at MEDIUM and HIGH lack their alert, and how many have too many."""
    raised = Counter(each.transaction_id for each in seen.alerts)
    if repeated:
        raised = Counter(raised.keys())
    due = Counter(
        answer.decision.transaction_id for answer in answers if answer.decision.risk_level != LOW
    )
    return (due - raised).total(), (raised - due).total()


def _letters(refused: dict[Place, str], letters: Iterable[DeadLetter]) -> tuple[int, int, int]:
    """Return how many dead letters are missing, too many, and of another reason than expected."""
    codes: dict[Place, list[str]] = defaultdict(list)
    for letter in letters:
        codes[letter.topic, letter.partition, letter.offset].append(letter.code)
    lost = sum(place not in codes for place in refused)
    doubled = sum(len(found) - (place in refused) for place, found in codes.items())
    differing = sum(codes[place][0] != code for place, code in refused.items() if place in codes)
    return lost, doubled, differing


def expected_ids(wanted: Asked) -> set[str]:
    """Return the ids that have to be decided."""
    return {payment.transaction_id for payment in wanted.payments}
