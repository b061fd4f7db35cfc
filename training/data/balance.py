"""Remedies for rare frauds before a model is fitted."""

from __future__ import annotations

import numpy as np
from imblearn.over_sampling import SMOTE
from imblearn.under_sampling import RandomUnderSampler
from sklearn.preprocessing import StandardScaler

from training.arrays import Floats
from training.errors import TrainingError
from training.fit_settings import FitSettings, Targets

FEWEST_FRAUDS = 5
FRAUDS_A_GOOD_PAYMENT = 0.1
_SMOTE_NEIGHBOURS = 5


def refuse_too_few(targets: Targets, settings: FitSettings) -> None:
    """Raise TrainingError where targets int8[n] hold too few frauds, or nothing else."""
    frauds, good = int((targets == 1).sum()), int((targets == 0).sum())
    if not frauds + good:
        raise TrainingError(
            "No payment of the training part has a label: give a file with an is_fraud column, or "
            "learn without labels by `./cardwatch train --models isolation_forest`."
        )
    if settings.balance == "smote" and 0 < frauds <= _SMOTE_NEIGHBOURS:
        raise TrainingError(
            f"SMOTE needs more than {_SMOTE_NEIGHBOURS} frauds in the training part and found "
            f"{frauds}. Give a longer history, or set `balance` to weights in the settings file."
        )
    if frauds < FEWEST_FRAUDS or not good:
        raise TrainingError(
            f"The training part has {frauds} frauds and {good} good payments, and fitting needs "
            f"{FEWEST_FRAUDS} frauds and a good payment at least. Give a longer history, or learn "
            "without labels by `./cardwatch train --models isolation_forest`."
        )


def rebalance(columns: Floats, targets: Targets, settings: FitSettings) -> tuple[Floats, Targets]:
    """Return the rows to fit on, float32[m, k] and targets, with at least a fraud to ten others.

    Weights change no rows: each model takes them as a setting of its own. SMOTE needs every value.
    """
    frauds = int(targets.sum())
    if frauds >= FRAUDS_A_GOOD_PAYMENT * (len(targets) - frauds):
        return columns, targets
    if settings.balance == "smote":
        return oversample(columns, targets, settings.seed)
    if settings.balance == "undersample":
        sampler = RandomUnderSampler(
            sampling_strategy=FRAUDS_A_GOOD_PAYMENT, random_state=settings.seed
        )
        places = np.arange(len(targets)).reshape(-1, 1)
        kept = np.sort(sampler.fit_resample(places, targets)[0][:, 0])
        return columns[kept], targets[kept]
    return columns, targets


def oversample(columns: Floats, targets: Targets, seed: int) -> tuple[Floats, Targets]:
    """Add synthetic frauds up to a tenth of the good payments.

    Neighbours are sought in standardised columns, since distances there do not depend on units;
    the synthetic rows are scaled back, so the models see the columns as the stream gives them.
    """
    scaler = StandardScaler()
    sampler = SMOTE(
        sampling_strategy=FRAUDS_A_GOOD_PAYMENT, k_neighbors=_SMOTE_NEIGHBOURS, random_state=seed
    )
    rows, classes = sampler.fit_resample(scaler.fit_transform(columns), targets)
    synthetic = scaler.inverse_transform(rows[len(columns) :]).astype(np.float32)
    return np.vstack([columns, synthetic]), classes.astype(np.int8)
