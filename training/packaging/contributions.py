"""Mean contribution of each input to a bundle's scores, for the model card."""

from __future__ import annotations

import numpy as np
import onnx

from scoring.bundle.manifest import GRAPH_FILE, Manifest
from scoring.reasons.contributions import read_contributions
from training.arrays import Floats
from training.packaging.package import Package
from training.report.measured import SAMPLE_ROWS


def mean_contributions(
    packed: Package, manifest: Manifest, rows: Floats, seed: int
) -> Floats | None:
    """Return the mean size of each input's contribution to the score, float32[k].

    It is that of the exported graph, by what explains its alerts, over SAMPLE_ROWS of the rows
    float32[n, k], drawn evenly by the seed; over all of them where there are no more. None where
    no model has trees.
    """
    explain = read_contributions(
        onnx.load_from_string(packed.graphs[GRAPH_FILE]),
        packed.covers,
        {member.name: member.weight for member in manifest.members},
        rows.shape[1],
    )
    if not explain.members:
        return None
    drawn = np.random.default_rng(seed).permutation(len(rows))[:SAMPLE_ROWS]
    total = np.zeros(rows.shape[1])
    for row in rows[np.sort(drawn)]:
        total += np.abs(explain(row))
    mean: Floats = (total / len(drawn)).astype(np.float32)
    return mean
