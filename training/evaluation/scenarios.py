"""Share of each kind of attack that a model catches, how soon, and by which feature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.metrics import average_precision_score, roc_auc_score

from events.table import IS_FRAUD
from training.arrays import Floats, Ints
from training.data.prepare import prepare
from training.data.replay import Progress, replay
from training.data.split import DAY_MS
from training.ensemble.learn import keep_strongest, learn
from training.errors import TrainingError
from training.fit_settings import FitSettings, Targets

SCENARIO_COLUMN = "fraud_scenario"
EPISODE_COLUMN = "fraud_episode"
ALERT_SHARE = 0.005
FIRST_FRAUDS = 5
TOP_FEATURES = 4

Names = npt.NDArray[np.str_]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class FeatureSeen:
    """Ability of one feature alone to tell a scenario's frauds from genuine payments.

    `auc` is 0.5 to 1; `high` says whether it is high values that tell.
    """

    name: str
    auc: float
    high: bool


@dataclass(frozen=True)
class ScenarioRow:
    """One scenario, where alerts begin at the table's threshold.

    `recall` is the share of its frauds alerted, `episodes` counts attacked cards, and
    `episodes_caught` is the share of them with an alert by their fifth fraud. `seen_by` has the
    best single features.
    """

    scenario: str
    frauds: int
    recall: float
    episodes: int
    episodes_caught: float
    seen_by: tuple[FeatureSeen, ...]


@dataclass(frozen=True)
class ScenarioTable:
    """Frauds caught where `alerts` payments are alerted, those at `threshold` or above.

    `cases` counts the alerts of one card on one day once; `by_case` says which of the two makes
    up `alert_share` of the payments. The row `all` is of every fraud together.
    """

    payments: int
    frauds: int
    auc_roc: float
    average_precision: float
    alert_share: float
    by_case: bool
    threshold: float
    alerts: int
    cases: int
    precision: float
    rows: tuple[ScenarioRow, ...]


@dataclass(frozen=True)
class Judged:
    """n payments to judge, in order of time.

    `targets` int8[n] 0 or 1, `scores` float32[n], `cards` int64[n], `times_ms` int64[n],
    `scenarios` str[n] (empty where genuine), `episodes` int64[n] (-1 where genuine); `names` and
    `features` float32[n, k] may be empty.
    """

    targets: Targets
    scores: Floats
    cards: Ints
    times_ms: Ints
    scenarios: Names
    episodes: Ints
    names: tuple[str, ...] = ()
    features: Floats | None = None


def split_off_scenarios(table: pa.Table) -> tuple[pa.Table, Names, Ints]:
    """Return a table that events.table accepts, and its scenario and episode columns.

    They are str[n], empty where genuine, and int64[n], -1 where genuine. TrainingError where the
    table lacks them.
    """
    missing = [name for name in (SCENARIO_COLUMN, EPISODE_COLUMN) if name not in table.column_names]
    if missing:
        raise TrainingError(
            f"The table has no column {missing[0]!r}, which says what kind of attack a fraud is: "
            "make it with `./cardwatch produce world --with-scenario --to-file`."
        )
    scenarios = np.array(table[SCENARIO_COLUMN].fill_null("").to_pylist(), dtype=np.str_)
    episodes = np.asarray(table[EPISODE_COLUMN].cast(pa.int64()).fill_null(-1), dtype=np.int64)
    return table.drop_columns([SCENARIO_COLUMN, EPISODE_COLUMN]), scenarios, episodes


def threshold_at_share(scores: Floats, share: float, cases: Ints | None = None) -> float:
    """Return the score from which a share of n payments is alerted, at least one.

    With `cases`, int64[n], the alerts of one case count once: an analyst who has the card on the
    screen sees its other payments of the day. Ties are all alerted.

    >>> threshold_at_share(np.float32([0.1, 0.4, 0.2, 0.3]), 0.5)
    0.30000001192092896
    >>> threshold_at_share(np.float32([0.1, 0.4, 0.2, 0.3]), 0.5, np.array([0, 1, 0, 1]))
    0.20000000298023224
    """
    wanted = max(1, round(share * len(scores)))
    counted = scores
    if cases is not None:
        _, places = np.unique(cases, return_inverse=True)
        counted = np.full(places.max() + 1, -np.inf, dtype=scores.dtype)
        np.maximum.at(counted, places, scores)
    wanted = min(wanted, len(counted))
    return float(np.partition(counted, -wanted)[-wanted])


def scenario_table(
    judged: Judged, alert_share: float = ALERT_SHARE, by_case: bool = False
) -> ScenarioTable:
    """Judge each scenario where a share of payments is alerted.

    With `by_case` the share is of cases (a card on a day) per payment, as a team works them.
    TrainingError where frauds or genuine payments are missing.
    """
    targets, scores = judged.targets, judged.scores
    if len(np.unique(targets)) < 2:
        raise TrainingError(
            f"The {len(targets)} payments to judge need both frauds and genuine ones: judge a "
            "longer period."
        )
    cases = judged.cards * (10**6) + judged.times_ms // DAY_MS
    threshold = threshold_at_share(scores, alert_share, cases if by_case else None)
    alerted = scores >= threshold
    fraud = targets == 1
    names = [str(name) for name in np.unique(judged.scenarios[fraud])]
    rows = [_row(judged, name, fraud & (judged.scenarios == name), alerted) for name in names]
    return ScenarioTable(
        payments=len(targets),
        frauds=int(fraud.sum()),
        auc_roc=float(roc_auc_score(targets, scores)),
        average_precision=float(average_precision_score(targets, scores)),
        alert_share=alert_share,
        by_case=by_case,
        threshold=threshold,
        alerts=int(alerted.sum()),
        cases=len(np.unique(cases[alerted])),
        precision=float(fraud[alerted].mean()),
        rows=(*rows, _row(judged, "all", fraud, alerted)),
    )


def caught_within(episodes: Ints, alerted: Mask, first: int = FIRST_FRAUDS) -> tuple[int, float]:
    """Return how many episodes there are, and the share of them alerted in time.

    The n frauds are in order of time; an episode is alerted in time where one of its `first`
    frauds is.

    >>> caught_within(np.array([7, 7, 9]), np.array([False, True, False]), first=2)
    (2, 0.5)
    """
    order = np.argsort(episodes, kind="stable")
    ids, starts, counts = np.unique(episodes[order], return_index=True, return_counts=True)
    rank = np.arange(len(order)) - np.repeat(starts, counts)
    hits = np.add.reduceat((alerted[order] & (rank < first)).astype(np.int64), starts)
    return len(ids), float((hits > 0).mean())


def features_that_see(
    names: tuple[str, ...], features: Floats, frauds: Mask, genuine: Mask, top: int = TOP_FEATURES
) -> tuple[FeatureSeen, ...]:
    """Return the features with the best AUC of some frauds against genuine payments, each alone.

    A missing value counts as one below all others. A feature says nothing of what several tell
    together, and two that say the same are both listed.
    """
    rows = frauds | genuine
    values = np.where(np.isnan(features[rows]), -np.finfo(np.float32).max, features[rows])
    aucs = np.array([roc_auc_score(frauds[rows], column) for column in values.T])
    best = np.argsort(-np.abs(aucs - 0.5), kind="stable")[:top]
    return tuple(
        FeatureSeen(names[at], float(max(aucs[at], 1 - aucs[at])), bool(aucs[at] >= 0.5))
        for at in best
    )


def _row(judged: Judged, name: str, frauds: Mask, alerted: Mask) -> ScenarioRow:
    episodes, caught = caught_within(judged.episodes[frauds], alerted[frauds])
    seen: tuple[FeatureSeen, ...] = ()
    if judged.features is not None:
        seen = features_that_see(judged.names, judged.features, frauds, judged.targets == 0)
    return ScenarioRow(
        name, int(frauds.sum()), float(alerted[frauds].mean()), episodes, caught, seen
    )


def judge_scenarios(
    table: pa.Table,
    settings: FitSettings,
    label_delay_ms: int = 7 * DAY_MS,
    progress: Progress = lambda _: None,
) -> Judged:
    """Replay a labelled world, fit on its first part, and score its last one.

    The table is as `produce world --with-scenario` makes it. Models are fitted and combined on
    the train and validation parts of split_by_time. Raises TrainingError where that cannot be.
    """
    plain, scenarios, episodes = split_off_scenarios(table)
    history = replay(plain, label_delay_ms, progress)
    if len(history.targets) != len(scenarios) or (history.targets < 0).any():
        raise TrainingError(
            f"The table repeats payments or lacks labels in {IS_FRAUD!r}, so its scenarios cannot "
            "be told: make it anew with `./cardwatch produce world --with-scenario --to-file`."
        )
    prepared = prepare(history, label_delay_ms)
    strongest = keep_strongest(prepared, settings)
    fitted = learn(strongest, settings)
    rows, test = prepared.split.test, prepared.part("test")
    return Judged(
        targets=test.targets,
        scores=fitted.predict(strongest.part("test").columns).probability,
        cards=test.cards,
        times_ms=test.times_ms,
        scenarios=scenarios[rows],
        episodes=episodes[rows],
        names=prepared.names,
        features=test.columns,
    )
