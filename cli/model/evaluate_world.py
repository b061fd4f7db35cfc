"""`cardwatch evaluate world`: which attacks of a world are caught, how soon, and by what."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import click
import msgspec
import pyarrow as pa

from cli.console import Output, as_sentence
from cli.model.evaluate_options import COUNT, jobs_option, settings_option, study_options
from cli.model.evaluate_study import StudyOptions, run_study
from cli.model.evaluation_data import Step, TimeSplit, world
from cli.model.train_history import WorldSource
from cli.options import GroupedCommand, in_group, json_option, output_options, together
from cli.recording import Recorder, record_option
from cli.stream.produce_options import Duration
from cli.stream.world_options import (
    WORLD,
    WorldOptions,
    attacks_option,
    first_day_option,
    fraud_share_option,
)
from features import warm_up
from producer.world.generate import generate
from producer.world.settings import WorldSettings
from training.errors import TrainingError
from training.evaluation.chosen import read_chosen
from training.evaluation.protocol import day
from training.evaluation.scenarios import (
    ALERT_SHARE,
    FIRST_FRAUDS,
    FeatureSeen,
    Judged,
    ScenarioTable,
    judge_scenarios,
    scenario_table,
)
from training.fit_settings import FitSettings

PAYMENTS = 300_000
_DEFAULT = WorldSettings()
_PAYMENTS_A_USER = _DEFAULT.payments // _DEFAULT.users
_PAYMENTS_A_MERCHANT = _DEFAULT.payments // _DEFAULT.merchants
_PROGRESS_EVERY = 100_000


@dataclass(frozen=True)
class _Tables:
    """Tables of what is caught, with alerts counted by payments and by cases."""

    judged: Judged
    by_payments: ScenarioTable
    by_cases: ScenarioTable


_world = in_group(WORLD)
_protocol = in_group("Protocol")


@click.command("world", cls=GroupedCommand)
@together(
    _world(
        "--payments",
        type=COUNT,
        default=PAYMENTS,
        help="Number of payments, good and fraudulent.",
    ),
    _world(
        "--users",
        type=COUNT,
        show_envvar=False,
        show_default=f"one for {_PAYMENTS_A_USER} payments",
        help="Number of people; each has one card.",
    ),
    _world(
        "--merchants",
        type=COUNT,
        show_envvar=False,
        show_default=f"one for {_PAYMENTS_A_MERCHANT} payments",
        help="Number of merchants.",
    ),
    fraud_share_option,
    _world("--days", type=COUNT, default=_DEFAULT.days, help="Number of days to simulate."),
    first_day_option,
    attacks_option,
    _world("--seed", default=7, help="Seed of the world: the same seed, the same payments."),
    _protocol(
        "--label-delay", type=Duration(), default="7d", help="Time from a payment to its label."
    ),
    _protocol(
        "--alert-share",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        default=ALERT_SHARE,
        help="Share of the payments that are alerted.",
    ),
    settings_option,
    jobs_option,
    study_options,
    json_option,
    record_option,
    output_options,
)
def world_command(
    payments: int,
    users: int | None,
    merchants: int | None,
    fraud_share: float,
    days: int,
    first_day: datetime,
    attacks: str,
    seed: int,
    label_delay: int,
    alert_share: float,
    record: Recorder,
    out: Output,
    **models: Any,
) -> None:
    """Judge the models by kind of attack, on a generated world of people and merchants.

    Learns from the first 80 % of the time and judges the last 20 %. Prints for each kind of attack
    which share of its frauds is caught, how soon, and by which features.
    """
    asked = WorldOptions(
        users=users or max(10, payments // _PAYMENTS_A_USER),
        merchants=merchants or max(40, payments // _PAYMENTS_A_MERCHANT),
        payments=payments,
        fraud_share=fraud_share,
        days=days,
        first_day=first_day,
        seed=seed,
        attacks=attacks,
    )
    source = WorldSource(asked.settings())
    options = StudyOptions(columns="stream", **models)
    data = world(source, TimeSplit(label_delay))
    if options.study:
        run_study(data, options.study, options, record, out)
        return
    started = time.perf_counter()
    with as_sentence(TrainingError), out.steps() as step:
        chosen = read_chosen(options.settings or data.settings).settings
        settings = replace(chosen, jobs=options.jobs)
        tables = _judge(source, settings, label_delay, alert_share, step)
    seconds = time.perf_counter() - started
    told = _to_json(source, tables, settings, seconds)
    out.result(options.json_path, told, lambda: _show(source, tables, out))
    out.say(f"{seconds:.0f} s in all.")
    record("evaluate world", told, out)


def _judge(
    source: WorldSource, settings: FitSettings, delay_ms: int, alert_share: float, step: Step
) -> _Tables:
    """Make the world, learn from its first part, and count what is caught in its last one."""
    step(f"make {source}")
    table = pa.Table.from_batches(generate(source.settings, with_scenario=True))
    warm_up()

    def tell(done: int) -> None:
        if done % _PROGRESS_EVERY == 0 and done < table.num_rows:
            step(f"replay {done:,} of {table.num_rows:,} payments")

    step(f"replay {table.num_rows:,} payments, and fit {' and '.join(settings.models)} on them")
    judged = judge_scenarios(table, settings, delay_ms, tell)
    step("count what is caught")
    by_payments = scenario_table(judged, alert_share)
    by_cases = scenario_table(replace(judged, features=None), alert_share, by_case=True)
    return _Tables(judged, by_payments, by_cases)


def _show(source: WorldSource, tables: _Tables, out: Output) -> None:
    """Print the figures of the whole part, then a line for each kind of attack."""
    payments, cases = tables.by_payments, tables.by_cases
    first, last = (day(int(tables.judged.times_ms[at])) for at in (0, -1))
    out.results.print(
        f"AUC {payments.auc_roc:.4f}, average precision {payments.average_precision:.4f} on "
        f"{payments.payments:,} payments with {payments.frauds:,} frauds, {first} to {last}"
    )
    out.table(
        (
            "scenario", "frauds", "recall", "recall by cases", "cards", "in time",
            "in time by cases", "seen by",
        ),
        [
            (
                one.scenario,
                f"{one.frauds:,}",
                f"{one.recall:.1%}",
                f"{other.recall:.1%}",
                one.episodes,
                f"{one.episodes_caught:.1%}",
                f"{other.episodes_caught:.1%}",
                ", ".join(map(_seen, one.seen_by)),
            )
            for one, other in zip(payments.rows, cases.rows, strict=True)
        ],
        title=f"\n{source}\nalerts on {payments.alert_share:.2%} of payments",
    )  # fmt: skip
    out.say(
        f"By payments {payments.alerts:,} are alerted, {payments.precision:.1%} of them frauds. By "
        f"cases (a card on a day) {cases.cases:,} are, in which {cases.alerts:,} payments, "
        f"{cases.precision:.1%} of them frauds. In time: attacked cards with an alert by their "
        f"fraud number {FIRST_FRAUDS}. Seen by: the features that tell best alone, with their AUC, "
        "- where low values tell."
    )


def _seen(feature: FeatureSeen) -> str:
    return f"{feature.name} {'' if feature.high else '-'}{feature.auc:.2f}"


def _to_json(
    source: WorldSource, tables: _Tables, settings: FitSettings, seconds: float
) -> dict[str, object]:
    """Return what --json writes."""
    return {
        "source": str(source),
        "by_payments": msgspec.to_builtins(tables.by_payments),
        "by_cases": msgspec.to_builtins(tables.by_cases),
        "settings": msgspec.to_builtins(settings),
        "seconds": round(seconds, 1),
    }
