"""Finds a label's place at a merchant: a payment's row, a bucket, or apart. Compiled."""

from features.kernels.compiled import helper
from features.kernels.statistics import bucket_width_ms
from features.merchant.state import (
    FRAUD,
    HEAD_BUCKETS_UNTIL_MS,
    HEAD_OLDER_CHANGES,
    KIND_COUNTED,
    LABEL_TIME,
    NEWEST_ROWS,
    NOT_TOLD,
    ROW_TOLD,
    ROW_WORDS,
    MerchantView,
    count_of,
    delay_in,
    frauds_of,
    label_kind,
    label_who,
    label_word,
    last_moment,
    pack_told,
    place_of,
    time_of,
    told_of,
    verdict_in,
    who_in,
)
from features.tokens import UNKNOWN
from features.windows import MAX_LABELS, MAX_LABELS_OF_A_KIND, WIDEST_MERCHANT_BUCKET_MS


@helper
def find_row(merchant: MerchantView, time_ms: int, who: int, verdict: int) -> int:
    """Return the row of the one payment that a label names, -1 where there is none.

    The label's exact moment is tried first, then the rest of the span of a time that is cut. A row
    from version 2 does not know its payment. A label finds it by its moment alone, and of several
    such rows at one moment the label finds one that it agrees with.
    """
    row, by_time = place_of(merchant, time_ms) - 1, -1
    while row >= 0 and time_of(merchant, row) == time_ms:
        told = told_of(merchant, row)
        if count_of(merchant, row) == 1:
            if who_in(told) == who:
                return row
            agrees = (verdict_in(told) == FRAUD) == (verdict == FRAUD)
            if who_in(told) == UNKNOWN and (by_time < 0 or agrees):
                by_time = row
        row -= 1
    return by_time if by_time >= 0 else _later_row(merchant, time_ms, who)


@helper
def _later_row(merchant: MerchantView, time_ms: int, who: int) -> int:
    """Return the row of a payment behind a label's moment but within its span, -1 without one."""
    last_ms = last_moment(time_ms)
    row = place_of(merchant, time_ms)
    while row < merchant.rows and time_of(merchant, row) <= last_ms:
        if count_of(merchant, row) == 1 and who_in(told_of(merchant, row)) == who:
            return row
        row += 1
    return -1


@helper
def find_label(merchant: MerchantView, time_ms: int, last_ms: int, who: int) -> int:
    """Return the label apart of a payment that was made in a span, -1 where there is none.

    A payment's own span is its moment. A label at the first moment is preferred to one whose span
    only meets the other. A waiting label from version 2 does not know its payment and takes the
    first of its moment.
    """
    by_time, by_span = -1, -1
    for label in range(merchant.labels):
        its_ms = label_word(merchant, label, LABEL_TIME)
        if its_ms == time_ms:
            if label_who(merchant, label) == who:
                return label
            if label_who(merchant, label) == UNKNOWN and by_time < 0:
                by_time = label
        elif by_span < 0 and label_who(merchant, label) == who:
            meet = its_ms <= last_ms and time_ms <= last_moment(its_ms)
            by_span = label if meet else -1
    return by_time if by_time >= 0 else by_span


@helper
def find_bucket(merchant: MerchantView, time_ms: int) -> int:
    """Return the bucket that holds the compacted payments of a moment, -1 where none can.

    Payments in between that came after the compaction are rows of their own, which it passes over.
    """
    if time_ms > merchant.words[HEAD_BUCKETS_UNTIL_MS]:
        return -1
    row = place_of(merchant, time_ms - 1)
    while row < merchant.rows and count_of(merchant, row) == 1:
        row += 1
    if row == merchant.rows:
        return -1
    last_ms = time_of(merchant, row)
    age_ms = time_of(merchant, merchant.rows - 1) - last_ms
    width = bucket_width_ms(age_ms, WIDEST_MERCHANT_BUCKET_MS)
    return row if time_ms >= last_ms // width * width else -1


@helper
def has_room(merchant: MerchantView, bucket: int, verdict: int) -> bool:
    """Return whether a bucket has a payment that a label of this verdict can be about."""
    return verdict != FRAUD or frauds_of(merchant, bucket) < count_of(merchant, bucket)


@helper
def note_change(merchant: MerchantView, row: int) -> None:
    """Count that a row has changed or come, where it is not among the newest."""
    merchant.words[HEAD_OLDER_CHANGES] += row < merchant.rows - NEWEST_ROWS


@helper
def tell_row(merchant: MerchantView, row: int, verdict: int, given_ms: int, who: int) -> None:
    """Let a label decide about a single payment, where no newer one has."""
    told, time_ms = told_of(merchant, row), time_of(merchant, row)
    if verdict_in(told) == NOT_TOLD or given_ms >= time_ms + delay_in(told):
        at = merchant.at_rows + ROW_WORDS * row + ROW_TOLD
        merchant.words[at] = pack_told(verdict, given_ms - time_ms, who)
        note_change(merchant, row)


@helper
def add_to_bucket(merchant: MerchantView, bucket: int, more: int, given_ms: int) -> None:
    """Count one fraud more (or one less) in a bucket, never more than it has payments.

    The bucket's frauds are known when the last of them is.
    """
    if bucket < 0:
        return
    frauds = frauds_of(merchant, bucket) + more
    if not 0 <= frauds <= count_of(merchant, bucket):
        return
    time_ms = time_of(merchant, bucket)
    delay_ms = max(delay_in(told_of(merchant, bucket)), given_ms - time_ms)
    verdict = FRAUD if frauds > 0 else NOT_TOLD
    at = merchant.at_rows + ROW_WORDS * bucket + ROW_TOLD
    merchant.words[at] = pack_told(verdict, delay_ms if frauds > 0 else 0, frauds)
    note_change(merchant, bucket)


@helper
def forgotten_for(merchant: MerchantView, kind: int, moved: int) -> int:
    """Return the label apart that makes room for one of a kind, -1 where there is room.

    Of each kind the newest arrivals are kept. `moved` is a label that leaves anyway, or -1.
    """
    first, of_kind, others = -1, 0, 0
    for label in range(merchant.labels):
        if label != moved:
            others += 1
            if label_kind(merchant, label) == kind:
                of_kind += 1
                if first < 0:
                    first = label
    if of_kind >= MAX_LABELS_OF_A_KIND:
        return first
    if others < MAX_LABELS:
        return -1
    return 1 if moved == 0 else 0


@helper
def is_counted(kind: int) -> bool:
    """Return whether a label apart is counted in a bucket."""
    return kind & KIND_COUNTED != 0
