"""Score feature vectors with one fused ONNX graph, singly or in batches, with the same bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import onnxruntime

from scoring.bundle.tensors import INPUT, PROBABILITY, Matrix

RowRunner = Callable[[Matrix], tuple[float, ...] | None]
"""From one feature vector to the graph's outputs, None where ONNX Runtime has to be asked."""


@dataclass(frozen=True)
class Scores:
    """Probabilities of fraud: of the ensemble, and of each model in it, all float32[n]."""

    probability: Matrix
    models: dict[str, Matrix]


class Scorer:
    """Score payments with a fused graph in a single-threaded ONNX Runtime session.

    One thread is what makes the bits independent of the batch size. ``score_row`` takes a shorter
    way with the same bits where the graph has one (`row_program`); both reuse their buffers,
    so a scorer belongs to one thread of one operator.
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
        ``row`` to what scores one vector without the session, in the same bits.
        """
        self.session = session
        self.row: RowRunner | None = None
        self.models = tuple(models)
        self._outputs = [PROBABILITY, *self.models]
        self._columns = np.asarray(columns, dtype=np.intp)
        self._width = width
        self._row = np.zeros((1, len(self._columns)), dtype=np.float32)
        self._row_results = np.zeros((len(self._outputs), 1, 1), dtype=np.float32)
        self._row_values = self._row_results.reshape(-1)
        self._binding = self._bind()
        # Two layers of argument checks in onnxruntime's Python wrapper cost 1 us for each call.
        self._run_bound = self.session._sess.run_with_iobinding
        self._bound = self._binding._iobinding

    def score(self, features: Matrix) -> Scores:
        """Score whole feature vectors, float32[n, width], missing values as NaN.

        >>> scorer.score(features).probability  # needs a trained bundle  # doctest: +SKIP
        array([0.0123, 0.9712], dtype=float32)

        Raises ValueError where the width or the dtype differs.
        """
        if features.ndim != 2 or features.shape[1] != self._width:
            raise ValueError(
                f"Scorer wants float32[n, {self._width}] and got an array of shape "
                f"{features.shape}: pass every feature in the order of FEATURE_NAMES, "
                "then the bundle's attributes."
            )
        return self.score_columns(features.take(self._columns, axis=1))

    def score_columns(self, inputs: Matrix) -> Scores:
        """Score the bundle's own columns in the bundle's order, float32[n, k]."""
        if inputs.dtype != np.float32:
            raise ValueError(f"Scorer wants float32 and got {inputs.dtype}: convert it first.")
        results = self.session.run(self._outputs, {INPUT: np.ascontiguousarray(inputs)})
        flat = [result.reshape(-1) for result in results]
        return Scores(flat[0], dict(zip(self.models, flat[1:], strict=True)))

    def score_row(self, features: Matrix) -> tuple[float, ...]:
        """Score one feature vector float32[width]: the probability, then each model's own score.

        The same bits as ``score``, in a fifth of the time.
        """
        if features.shape != (self._width,):
            raise ValueError(
                f"Scorer wants one row float32[{self._width}] and got shape {features.shape}."
            )
        if self.row is not None and (found := self.row(features)) is not None:
            return found
        self._row[0] = features[self._columns]
        self._run_bound(self._bound, None)
        return tuple(self._row_values.tolist())

    def _bind(self) -> onnxruntime.IOBinding:
        """Bind the one-row buffers, which then stay where they are."""
        binding = self.session.io_binding()
        binding.bind_cpu_input(INPUT, self._row)
        for name, result in zip(self._outputs, self._row_results, strict=True):
            binding.bind_output(name, "cpu", 0, np.float32, (1, 1), result.ctypes.data)
        return binding


def open_session(graph: bytes) -> onnxruntime.InferenceSession:
    """Open a sequential session of one thread on the CPU from a serialised graph."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
