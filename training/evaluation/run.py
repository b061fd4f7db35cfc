"""Fit every candidate on every fold and judge it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scoring.bundle.manifest import AgainstBest
from training.arrays import Floats
from training.data.history import History, refuse_infinities, varying_columns
from training.data.rows import Rows
from training.evaluation.candidates import ENSEMBLE, Candidate
from training.evaluation.protocol import Fold, summarise
from training.fit_settings import WeightsBy
from training.metrics.against import against_best
from training.metrics.bootstrap import RESAMPLES, Scored, intervals, resample
from training.metrics.figures import judge
from training.metrics.results import Evaluation, ModelResult, PublishedRow

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Question:
    """Subject of an evaluation in words, and how intervals are drawn."""

    title: str
    protocol: str
    published: tuple[PublishedRow, ...] = ()
    seed: int = 7
    resamples: int = RESAMPLES
    weights_by: WeightsBy = "average_precision"


def evaluate(
    history: History,
    candidates: Sequence[Candidate],
    question: Question,
    progress: Progress = lambda _: None,
) -> Evaluation:
    """Judge candidates on the same test payments; all have as many folds, with the same tests.

    Raises TrainingError where a column holds an infinity, or a model cannot be fitted.
    """
    models: list[ModelResult] = []
    for candidate in candidates:
        scores = _scores(history, candidate, progress)
        progress(f"judge {', '.join(candidate.models)}")
        models += [
            _result(history, name, about, candidate.folds, scores[name], question)
            for name, about in candidate.models.items()
        ]
    return Evaluation(
        title=question.title,
        protocol=question.protocol,
        folds=tuple(summarise(history, fold) for fold in candidates[0].folds),
        models=tuple(models),
        published=question.published,
        against_best=_against_best(candidates, models, question),
    )


def _against_best(
    candidates: Sequence[Candidate], models: Sequence[ModelResult], question: Question
) -> AgainstBest | None:
    """Hold the ensemble against its members, None where no candidate is an ensemble."""
    named = {model.name: model for model in models}
    for candidate in candidates:
        if ENSEMBLE in candidate.models:
            members = [named[name] for name in candidate.models if name != ENSEMBLE]
            return against_best(named[ENSEMBLE], members, question.weights_by)
    return None


def learn_fold(history: History, candidate: Candidate, fold: Fold) -> dict[str, Floats]:
    """Fit a candidate's models on a fold and score its test payments.

    Columns that say nothing in training are left out, as `train` does.
    """
    known = history.features[fold.train][:, candidate.columns]
    asked = history.features[fold.test][:, candidate.columns]
    refuse_infinities(tuple(history.names[i] for i in candidate.columns), known)
    varying = varying_columns(known)
    rows = fold.train
    learnt = Rows(
        known[:, varying], history.targets[rows], history.cards[rows], history.times_ms[rows]
    )
    return candidate.learn(learnt, asked[:, varying])


def _scores(history: History, candidate: Candidate, progress: Progress) -> dict[str, list[Floats]]:
    """Return the scores of each model, fold after fold."""
    found: dict[str, list[Floats]] = {name: [] for name in candidate.models}
    for number, fold in enumerate(candidate.folds, start=1):
        names = ", ".join(candidate.models)
        progress(
            f"fit {names} on fold {fold.name} ({number} of {len(candidate.folds)}): "
            f"{len(fold.train):,} payments"
        )
        for name, scores in learn_fold(history, candidate, fold).items():
            found[name].append(scores)
    return found


def _result(
    history: History,
    name: str,
    about: str,
    folds: Sequence[Fold],
    scores: Sequence[Floats],
    question: Question,
) -> ModelResult:
    scored = [
        Scored(
            history.targets[fold.test],
            values,
            history.cards[fold.test],
            history.times_ms[fold.test],
        )
        for fold, values in zip(folds, scores, strict=True)
    ]
    drawn = resample(scored, question.seed, question.resamples)
    return ModelResult(
        name=name,
        description=about,
        folds=tuple(judge(one.targets, one.scores, one.cards, one.times_ms) for one in scored),
        intervals=intervals(drawn),
        targets=np.concatenate([one.targets for one in scored]),
        scores=np.concatenate([one.scores for one in scored]),
        resamples=drawn,
    )
