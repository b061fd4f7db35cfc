"""Re-scoring as a pandas UDF: Arrow batches of past decisions in, what a bundle decides out.

It runs in a Python process of its own and keeps no state.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pandas as pd
from pyflink.table import DataTypes, FunctionContext
from pyflink.table.udf import ScalarFunction, udf

from udfs.beam_worker import let_numba_load

let_numba_load()  # before what follows imports the compiled kernels

from scoring.loader import load_bundle  # noqa: E402
from scoring.rescoring import Rescored, rescore  # noqa: E402

_SQL: Final = {str: DataTypes.STRING(), int: DataTypes.BIGINT(), float: DataTypes.DOUBLE()}

RESCORED: Final = DataTypes.ROW(
    [
        DataTypes.FIELD(field.name, _SQL[field.type.__args__[0]])
        for field in msgspec.structs.fields(Rescored)
    ]
)
"""The row of a `Rescored`."""


class Rescore(ScalarFunction):  # type: ignore[misc]  # pyflink ships no types
    """Score decisions again: a series of records in, a frame with a column for each field out."""

    def __init__(self, bundle: str) -> None:
        self._path = bundle

    def open(self, _: FunctionContext) -> None:
        """Load the bundle, once for each worker process."""
        self._bundle = load_bundle(self._path)

    def eval(self, records: pd.Series[bytes]) -> pd.DataFrame:
        """Score one batch; rows keep their order."""
        rows = [msgspec.structs.astuple(one) for one in rescore([*records], self._bundle)]
        # Objects, so that a missing number stays None beside whole numbers.
        return pd.DataFrame(rows, columns=list(Rescored.__struct_fields__), dtype=object)


def rescore_udf(bundle: str) -> Any:
    """Return the UDF for the bundle in a folder."""
    return udf(Rescore(bundle), result_type=RESCORED, func_type="pandas")
