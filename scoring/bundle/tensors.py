"""Names of a graph's ends, and the arrays that pass through them."""

from typing import Final

import numpy as np
import numpy.typing as npt

INPUT: Final = "features"
PROBABILITY: Final = "probability"

Matrix = npt.NDArray[np.float32]
"""A vector or a matrix of float32, as graphs take and give them."""
