"""The features of a merchant once more, in the manner of `oracle.py`: recount everything."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from events.label import Label
from events.transaction import Transaction
from features.windows import (
    ALLOWED_LATENESS_MS,
    DAY_MS,
    DELAYED_WINDOWS_MS,
    KNOWN_FRAUD_MS,
    LABEL_DELAY_MS,
    MERCHANT_HISTORY_MS,
    MERCHANT_WINDOWS_MS,
    window_name,
)
from tests.unit.features.oracle import MONTH_MS, NAN, Values, amount_of, mean_of


def moments(t: int) -> range:
    """Return the moments that a label's time stands for: what its trailing zeros leave open."""
    clock_time = datetime.fromtimestamp(t // 1000, UTC).time()
    if t % 1000:
        length = timedelta(milliseconds=1)
    elif clock_time.second:
        length = timedelta(seconds=1)
    elif clock_time.minute:
        length = timedelta(minutes=1)
    else:
        length = timedelta(hours=24)
    return range(t, t + length // timedelta(milliseconds=1))


@dataclass(frozen=True)
class Arrived:
    """A payment at a merchant: who it is, when it was made and its amount, if that is known."""

    who: tuple[str, str]
    t: int
    amount: Fraction | None


@dataclass
class MerchantOracle:
    """Every payment and every label of a merchant, in the order of arrival."""

    payments: list[Arrived] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)

    @property
    def sequence(self) -> int:
        return len(self.payments) + len(self.labels)

    @property
    def newest_ms(self) -> int | None:
        return max((p.t for p in self.payments), default=None)

    def is_late(self, t: int) -> bool:
        return self.newest_ms is not None and t < self.newest_ms - ALLOWED_LATENESS_MS

    def learn(self, label: Label) -> str:
        """Take in a label; return whether the merchant has its payment among its last 68 days."""
        self.labels.append(label)
        kept_from = (self.newest_ms or 0) - MERCHANT_HISTORY_MS
        there = any(p.t > kept_from and self._is_of(label, p) for p in self.payments)
        return "known" if there else "unknown"

    def advance(self, payment: Transaction) -> Values:
        """Return the features; a late payment sees only what the state still has to hold."""
        t, amount = payment.timestamp_ms, amount_of(payment)
        earlier = self.payments
        if self.is_late(t):
            kept_from = (self.newest_ms or 0) - MERCHANT_HISTORY_MS
            earlier = [p for p in earlier if p.t > kept_from]
        values = self._now(earlier, t, amount) | self._risk(earlier, t)
        self.payments.append(Arrived((payment.transaction_id, payment.card_id), t, amount))
        return values

    @staticmethod
    def _is_of(label: Label, payment: Arrived) -> bool:
        who = (label.transaction_id, label.card_id)
        return who == payment.who and payment.t in moments(label.timestamp_ms)

    def is_known_fraud(self, payment: Arrived, t: int) -> bool:
        """Return what the newest label of a payment says, of equally new ones the last to come."""
        own = [label for label in self.labels if self._is_of(label, payment)]
        if not own:
            return False
        newest = max(enumerate(own), key=lambda pair: (pair[1].label_time_ms, pair[0]))[1]
        return newest.is_fraud and newest.label_time_ms <= t

    def _now(self, earlier: list[Arrived], t: int, amount: Fraction | None) -> Values:
        values = {"merchant_amount_to_mean_30d": NAN}
        for window_ms in MERCHANT_WINDOWS_MS:
            w, there = window_name(window_ms), [p for p in earlier if t - window_ms < p.t <= t]
            own = [p.amount for p in there if p.amount is not None]
            values[f"merchant_count_{w}"] = float(len(there) + 1)
            values[f"merchant_mean_{w}"] = NAN if amount is None else float(mean_of([*own, amount]))
            if window_ms == MONTH_MS and amount is not None and any(own):
                values["merchant_amount_to_mean_30d"] = float(amount / mean_of(own))
        return values

    def _risk(self, earlier: list[Arrived], t: int) -> Values:
        values = {}
        known = [p for p in earlier if self.is_known_fraud(p, t)]
        end = t - LABEL_DELAY_MS
        for window_ms in DELAYED_WINDOWS_MS:
            w = window_name(window_ms)
            count = sum(end - window_ms < p.t <= end for p in earlier)
            frauds = sum(end - window_ms < p.t <= end for p in known)
            if window_ms in (DAY_MS, 7 * DAY_MS, MONTH_MS):
                values[f"merchant_delayed_count_{w}"] = float(count)
            values[f"merchant_delayed_frauds_{w}"] = float(frauds)
            values[f"merchant_delayed_fraud_share_{w}"] = frauds / count if count else 0.0
        ages = [(t - p.t) / DAY_MS for p in known if 0 <= t - p.t < KNOWN_FRAUD_MS]
        values["merchant_days_since_fraud"] = min(ages, default=NAN)
        return values | self._run(earlier, known, t)

    def _run(self, earlier: list[Arrived], known: list[Arrived], t: int) -> Values:
        """Go back through the settled moments until one had a payment that is no known fraud."""
        settled = [p for p in earlier if t - KNOWN_FRAUD_MS < p.t <= t - LABEL_DELAY_MS]
        run: list[Arrived] = []
        good = NAN
        for moment in sorted({p.t for p in settled}, reverse=True):
            own = [p for p in settled if p.t == moment]
            if any(p not in known for p in own):
                good = (t - moment) / DAY_MS
                break
            run += own
        return {
            "merchant_days_since_good": good,
            "merchant_fraud_run": float(len(run)),
            "merchant_fraud_run_days": (t - run[-1].t) / DAY_MS if run else NAN,
            "merchant_fraud_run_least_amount": float(
                min((p.amount for p in run if p.amount is not None), default=NAN)
            ),
        }
