"""What `bench state` sends, cuts, counts and computes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.state import backends, report
from benchmarks.state.checkpoints import summarise
from benchmarks.state.curve import Rate, fill_rates, last_of, steady_rate, stretches
from benchmarks.state.history import first_compactions, measure_history
from benchmarks.state.results import Restore, StateResult
from benchmarks.state.size import typical_card_bytes
from benchmarks.state.sizing import Measured, Wanted, card_bytes, merchant_bytes, needs, parallelism
from benchmarks.state.traffic import WARM_CARDS, Plan, number_of, payments, templates
from events.transaction import Transaction, parse_transaction
from features.windows import MAX_CARD_EVENTS, MAX_MERCHANT_ROWS
from harness.errors import BenchmarkError

PLAN = Plan(cards=10_000, steady=4_000, warm_up=3_000, probes=50)
FORMS = templates(300)


def sent(name: str) -> list[Transaction]:
    """Return the payments of a phase as the job reads them."""
    return [parse_transaction(value, key, 2**42) for key, value in payments(PLAN, name, FORMS)]


def test_every_payment_has_a_number_of_its_own() -> None:
    numbers = [number_of(one.transaction_id) for name in PLAN.phases for one in sent(name)]
    assert numbers == list(range(PLAN.total))


def test_the_fill_has_each_card_once_and_none_of_the_warm_up() -> None:
    cards = {one.card_id for one in sent("fill")}
    assert len(cards) == PLAN.cards
    warm = {one.card_id for one in sent("warm-up")}
    assert len(warm) == WARM_CARDS and not warm & cards
    assert PLAN.known_cards == len(cards | warm)


def test_steady_payments_are_of_known_cards_all_over() -> None:
    steady = sent("steady")
    assert {one.card_id for one in steady} <= {one.card_id for one in sent("fill")}
    expected = PLAN.cards * (1 - np.exp(-PLAN.steady / PLAN.cards))
    assert len({one.card_id for one in steady}) == pytest.approx(expected, rel=0.05)


def test_time_goes_on_over_the_phases() -> None:
    times_ms = [one.timestamp_ms for name in PLAN.phases for one in sent(name)]
    assert times_ms == sorted(times_ms)


def test_a_card_stays_with_its_merchant_and_amount() -> None:
    known = {one.card_id: (one.merchant_id, one.amount_minor) for one in sent("fill")}
    assert all(known[one.card_id] == (one.merchant_id, one.amount_minor) for one in sent("steady"))


def cpu(start_ms: float, end_ms: float) -> dict[str, float]:
    """A job that takes 300 us of each millisecond."""
    return {"job": 3e-4 * (end_ms - start_ms)}


def test_a_job_that_slows_down_as_cards_are_added_is_seen_slowing() -> None:
    gaps_ms = np.where(np.arange(200_000) < 100_000, 1, 4)
    times_ms = np.random.default_rng(1).permutation(np.cumsum(gaps_ms))
    slow = fill_rates(times_ms, times_ms, cpu)
    assert [one.known_cards for one in slow] == [10_000, 100_000, 200_000]
    assert [one.tx_per_s for one in slow] == pytest.approx([1_000, 1_000, 250], rel=0.01)
    assert [one.cpu_us_per_payment["job"] for one in slow] == pytest.approx(
        [300, 300, 1_200], rel=0.01
    )


def test_decisions_of_the_next_phase_count_where_they_mix_with_the_fill() -> None:
    all_ms = np.arange(40_000)
    (found, _) = fill_rates(all_ms[::2], all_ms, cpu)
    assert found.known_cards == 10_000
    assert found.tx_per_s == pytest.approx(1_000, rel=0.01)


def test_the_steady_phase_is_what_is_decided_last() -> None:
    shuffled = np.random.default_rng(1).permutation(1_000)
    assert last_of(shuffled, 3).tolist() == [997, 998, 999]


def test_the_ends_of_the_steady_phase_do_not_count() -> None:
    times_ms = np.concatenate([[0], np.arange(10_000, 11_000), [90_000]])
    found = steady_rate(times_ms, 7, cpu)
    assert found.tx_per_s == pytest.approx(1_000, rel=0.01)
    assert found.known_cards == 7


def test_ten_million_cards_are_told_at_each_power_of_ten() -> None:
    assert [end for _, end in stretches(10_000_000)] == [10_000, 100_000, 1_000_000, 10_000_000]


def entry(
    at_ms: int, status: str = "COMPLETED", written: int = 10, took: int = 5
) -> dict[str, object]:
    return {
        "trigger_timestamp": at_ms,
        "status": status,
        "state_size": 1_000 + at_ms,
        "checkpointed_size": written,
        "end_to_end_duration": took,
    }


def test_checkpoints_of_the_stretch_are_summed_up_and_no_others() -> None:
    history = [
        entry(9_000, written=999, took=999),
        entry(13_000, written=40, took=300),
        entry(11_000, "FAILED"),
        entry(10_000, written=20, took=100),
        entry(21_000, written=999, took=999),
    ]
    found = summarise(history, 10_000, 20_000, 1_000)
    assert found is not None
    assert (found.completed, found.failed, found.delayed) == (2, 1, 7)
    assert (found.full_bytes, found.written_bytes_median, found.written_bytes_worst) == (
        14_000,
        30,
        40,
    )
    assert (found.duration_ms_median, found.duration_ms_worst) == (200, 300)
    assert found.written_bytes_per_s == 6


def test_no_completed_checkpoint_has_no_summary() -> None:
    assert summarise([entry(1, "FAILED")], 0, 10, 1_000) is None


def test_the_heap_grows_with_the_cards_where_they_are_on_it() -> None:
    heap, rocksdb = backends.BACKENDS["heap"], backends.BACKENDS["rocksdb"]
    added_bytes = (heap.heap_mb(10_000_000) - heap.heap_mb(0)) * 2**20
    assert added_bytes > 10_000_000 * backends.HEAP_BYTES_PER_CARD
    assert rocksdb.heap_mb(10_000_000) == rocksdb.heap_mb(0)


def test_cards_that_the_machine_has_no_memory_for_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "available_mb", lambda: 8_000)
    backends.check_memory(backends.BACKENDS["heap"], 100_000, tmp_path)
    with pytest.raises(BenchmarkError, match=r"50,000,000 cards.*8,000 MiB are free.*rocksdb"):
        backends.check_memory(backends.BACKENDS["heap"], 50_000_000, tmp_path)
    backends.check_memory(backends.BACKENDS["rocksdb"], 50_000_000, tmp_path)


def test_a_longer_history_takes_more_bytes_until_it_is_compacted() -> None:
    costs = measure_history((1, 30, 1_000))
    for entity in ("card", "merchant"):
        sizes = [one.state_bytes for one in costs if one.entity == entity]
        assert sizes == sorted(sizes) and len(set(sizes)) == 3
    assert all(one.step_us > 0 and not one.compacted for one in costs)


def test_compaction_begins_behind_the_limits() -> None:
    found = {one.entity: one.payment for one in first_compactions()}
    assert found == {"card": MAX_CARD_EVENTS + 1, "merchant": MAX_MERCHANT_ROWS + 1}


def test_the_sizing_knows_what_a_card_takes() -> None:
    assert card_bytes(60) == pytest.approx(typical_card_bytes(), rel=0.02)
    assert card_bytes(10_000) == card_bytes(MAX_CARD_EVENTS)


def test_the_sizing_knows_what_a_merchant_takes() -> None:
    for one in measure_history((30, 1_000)):
        if one.entity == "merchant":
            assert merchant_bytes(one.payments) == one.state_bytes
    assert merchant_bytes(10_000) == merchant_bytes(MAX_MERCHANT_ROWS)


MEASURED = Measured(
    subtask_tx_per_s=6_800,
    job_cpu_us=232,
    broker_cpu_us=28,
    topic_bytes=1_286,
    restore_bytes_per_s=93e6,
)


def test_the_sizing_starts_from_a_run() -> None:
    """The restore counts what the state adds to a restore without any."""
    found = result(topic_bytes_per_payment={"transactions": 85.0, "decisions": 1_201.0})
    measured = Measured.of(report.to_json([found])["heap"])
    assert measured == Measured(
        subtask_tx_per_s=2_500.0,
        job_cpu_us=300.0,
        broker_cpu_us=40.0,
        topic_bytes=1_286.0,
        restore_bytes_per_s=report.to_json([found])["heap"]["checkpoints"]["full_bytes"] / 1.5,
    )


def test_the_parallelism_divides_the_key_groups() -> None:
    measured = replace(MEASURED, subtask_tx_per_s=1_000)
    assert parallelism(Wanted(700, busy=0.7), measured) == 1
    assert parallelism(Wanted(5_000, busy=0.7), measured) == 8
    assert parallelism(Wanted(7_700, busy=0.7), measured) == 12


def test_more_than_the_job_can_ever_take_is_refused() -> None:
    with pytest.raises(ValueError, match="720 at most, got 1429"):
        parallelism(Wanted(1_000_000, busy=0.7), replace(MEASURED, subtask_tx_per_s=1_000))


def test_ten_times_the_load_needs_ten_times_the_cores_and_disk() -> None:
    small, large = (
        {need.name: need.value for need in needs(Wanted(rate), MEASURED)}
        for rate in (10_000, 100_000)
    )
    for name in ("cores", "Kafka's disk", "payments of a card in 30 days"):
        assert large[name] == pytest.approx(10 * small[name])
    assert large["TaskManagers"] == 2 * large["parallelism"]


def result(**changes: object) -> StateResult:
    rate = Rate(10_000, 100, 2_500.0, {"job": 300.0, "broker": 40.0})
    restore = Restore(1_000, 5.0, 0.5, 1.0, 2.0, 900, 50)
    figures: dict[str, object] = {
        "backend": "heap",
        "cards": 10_000,
        "heap_mb": 640,
        "managed_mb": 0,
        "payments": 100,
        "lost": 0,
        "doubled": 0,
        "alert_share": {"fill": 0.01, "steady": 0.02},
        "sent_per_s": 40_000.0,
        "fill": [rate],
        "steady": rate,
        "checkpoints": summarise([entry(1)], 0, 1_000, 1_000),
        "checkpoint_bytes_per_card": 164.0,
        "resident_mb": {"broker": 400},
        "topic_bytes_per_payment": {"decisions": 1_213.0},
        "restore_empty": restore,
        "restore_full": replace(restore, first_decision_s=3.5),
    }
    return StateResult(**{**figures, **changes})  # type: ignore[arg-type]


def test_the_table_has_a_column_for_each_backend() -> None:
    found = report.rows([result(), result(backend="rocksdb", checkpoints=None)])
    figures = {name: cells for name, *cells in found}
    assert figures["what the state adds to a restore"] == ["1.5 s", "1.5 s"]
    assert figures["up to 10,000 known cards"][0] == "2,500 payments/s, 300 us"
    assert figures["state in a checkpoint"] == ["1.0 kB", ""]


@pytest.mark.parametrize("wrong", [{"lost": 1}, {"doubled": 1}])
def test_a_run_that_lost_or_doubled_a_payment_is_not_complete(wrong: dict[str, int]) -> None:
    assert result().complete
    assert not result(**wrong).complete
