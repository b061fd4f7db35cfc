"""Scoring as a pandas UDF: packed requests in Arrow batches in, encoded answers out.

It runs in a Python process of its own and keeps no state. The comparison with PyFlink as its
documentation writes it scores with this UDF.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from pyflink.table import DataTypes, FunctionContext
from pyflink.table.udf import ScalarFunction, udf

from udfs.beam_worker import let_numba_load

let_numba_load()  # before what follows imports the compiled kernels

from scoring.messages import unpack_request  # noqa: E402
from udfs.metrics import Counters  # noqa: E402
from udfs.scoring import Scoring  # noqa: E402

ANSWER = DataTypes.ROW(
    [DataTypes.FIELD("decision", DataTypes.BYTES()), DataTypes.FIELD("alert", DataTypes.BYTES())]
)


class Score(ScalarFunction):  # type: ignore[misc]  # pyflink ships no types
    """Score packed requests: a series of bytes in, a frame of encoded answers out."""

    def __init__(self, bundle: str) -> None:
        self._scoring = Scoring(bundle)

    def open(self, function_context: FunctionContext) -> None:
        """Load the bundle, once for each worker process."""
        self._scoring.open(Counters(function_context.get_metric_group()))

    def eval(self, packed: pd.Series[bytes]) -> pd.DataFrame:
        """Answer one batch; rows keep their order."""
        found = self._scoring.answers([unpack_request(each) for each in packed])
        return pd.DataFrame(
            {"decision": [one.decision for one in found], "alert": [one.alert for one in found]}
        )


def score_udf(bundle: str) -> Any:
    """Return the UDF for the bundle in a folder."""
    return udf(Score(bundle), result_type=ANSWER, func_type="pandas")
