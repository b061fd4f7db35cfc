"""Score batches of feature vectors with one fused ONNX graph, with the same bits at every size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import onnxruntime

from scoring.bundle.tensors import INPUT, PROBABILITY, Matrix

Steps = Callable[[Matrix], tuple[Matrix, int]]
"""A graph's steps, compiled: from features float32[n, width] to the graph's outputs
float32[1 + m, n], and how many rows have an infinite input, whose outputs mean nothing."""


@dataclass(frozen=True)
class Scores:
    """Probabilities of fraud: of the ensemble, and of each model in it, all float32[n]."""

    probability: Matrix
    models: dict[str, Matrix]


class Scorer:
    """Score payments by a fused graph, with the same bits for every size of a batch.

    The graph's steps score rows where the graph has any (`row_program`). ONNX Runtime scores the
    rows of other graphs and those with an infinite input, in a session of one thread: more would
    make the bits depend on the batch. The steps work in memory of their own, so a scorer belongs
    to one thread of one operator.
    """

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        columns: Sequence[int],
        width: int,
        models: Sequence[str],
    ) -> None:
        """Take a session of `open_session`.

        ``columns`` are the positions of the graph's k inputs in a feature vector of ``width``
        values; ``models`` are the names of the graph's outputs after ``probability``. Set
        ``steps`` to what scores without the session, in the same bits.
        """
        self.session = session
        self.steps: Steps | None = None
        self.models = tuple(models)
        self._outputs = [PROBABILITY, *self.models]
        self._columns = np.asarray(columns, dtype=np.intp)
        self._width = width

    def score(self, features: Matrix) -> Scores:
        """Score whole feature vectors, float32[n, width], missing values as NaN.

        >>> scorer.score(features).probability  # needs a trained bundle  # doctest: +SKIP
        array([0.0123, 0.9712], dtype=float32)

        Raises ValueError where the width or the dtype differs.
        """
        return self._named(self.outputs(features))

    def outputs(self, features: Matrix) -> Matrix:
        """Return the scores of `score` as one float32[1 + m, n], the probabilities first."""
        if features.ndim != 2 or features.shape[1] != self._width:
            raise ValueError(
                f"Scorer wants float32[n, {self._width}] and got an array of shape "
                f"{features.shape}: pass every feature in the order of FEATURE_NAMES, "
                "then the bundle's attributes."
            )
        _check_dtype(features)
        if self.steps is None:
            return self._ask(self.own_columns(features))
        found, infinite = self.steps(features)
        if infinite:
            inputs = self.own_columns(features)
            rows = np.isinf(inputs).any(axis=1)
            found[:, rows] = self._ask(inputs[rows])
        return found

    def own_columns(self, features: Matrix) -> Matrix:
        """Return the bundle's own columns of whole feature vectors, float32[n, k]."""
        return features.take(self._columns, axis=1)

    def score_columns(self, inputs: Matrix) -> Scores:
        """Score the bundle's own columns in the bundle's order, float32[n, k], by ONNX Runtime."""
        _check_dtype(inputs)
        return self._named(self._ask(inputs))

    def _ask(self, inputs: Matrix) -> Matrix:
        """Return what ONNX Runtime makes of float32[n, k], as `outputs` does."""
        found = self.session.run(self._outputs, {INPUT: np.ascontiguousarray(inputs)})
        outputs: Matrix = np.stack(found).reshape(len(found), len(inputs))
        return outputs

    def _named(self, found: Matrix) -> Scores:
        return Scores(found[0], dict(zip(self.models, found[1:], strict=True)))


def _check_dtype(values: Matrix) -> None:
    if values.dtype != np.float32:
        raise ValueError(f"Scorer wants float32 and got {values.dtype}: convert it first.")


def open_session(graph: bytes) -> onnxruntime.InferenceSession:
    """Open a sequential session of one thread on the CPU from a serialised graph."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
