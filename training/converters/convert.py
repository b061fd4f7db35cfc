"""Convert fitted models with skl2onnx and onnxmltools.

The packages are imported inside the functions: a Cardwatch without them trains as well.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import onnx

from scoring.bundle.tensors import INPUT
from training.errors import TrainingError
from training.models.base import Model
from training.models.lightgbm import Light
from training.models.random_forest import RandomForest
from training.models.xgboost import Boosted

PACKAGES = ("skl2onnx", "onnxmltools")
OPSETS = {"": 21, "ai.onnx.ml": 3}
OLDER_OPSET = 15
"""onnxmltools takes one number for both sets of operators, and knows them up to this one."""

TreeModel = RandomForest | Boosted | Light
"""The models whose graphs can be taken over: nothing but trees, and a sigmoid."""


@dataclass(frozen=True)
class Converted:
    """A model's graph as a converter made it; ``converter`` is its package with the version."""

    graph: onnx.ModelProto
    converter: str
    library: str


def check_convertible(models: Sequence[str]) -> None:
    """Raise TrainingError where a package is missing, or a model's graph cannot be taken over."""
    missing = [name for name in PACKAGES if not _is_there(name)]
    if missing:
        raise TrainingError(
            f"--exporter onnxmltools needs the packages {' and '.join(PACKAGES)}, and Python does "
            f"not find {' and '.join(missing)}: run {sys.executable} -m pip install "
            f"{' '.join(missing)}"
        )
    others = [name for name in models if name not in _CONVERTERS]
    if others:
        raise TrainingError(
            f"--exporter onnxmltools: expected models out of {', '.join(_CONVERTERS)}, got "
            f"{' and '.join(others)}; choose others with --models, or use --exporter cardwatch."
        )


def convertible(models: Sequence[Model]) -> list[Model]:
    """Return the models whose graphs can be taken over here, none where a package is missing."""
    there = all(map(_is_there, PACKAGES))
    return [model for model in models if there and model.name in _CONVERTERS]


def convert(model: TreeModel) -> Converted:
    """Return the graph of a fitted model of trees, float32[n, k] to a label and probabilities.

    Missing values that the model replaces by medians are not replaced in this graph. The packages
    must be there: see `check_convertible`.
    """
    return _CONVERTERS[model.name](model)


def _is_there(package: str) -> bool:
    """Say whether a package can be imported."""
    try:
        importlib.import_module(package)
    except ImportError:
        return False
    return True


def _forest(model: Any) -> Converted:
    """Convert a forest of scikit-learn."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType

    graph = convert_sklearn(
        model.forest,
        initial_types=[(INPUT, FloatTensorType([None, model.width]))],
        options={id(model.forest): {"zipmap": False}},
        target_opset=OPSETS,
    )
    return Converted(graph, f"skl2onnx {version('skl2onnx')}", "scikit-learn")


def _boosted(model: Any) -> Converted:
    """Convert a booster of XGBoost."""
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    types = [(INPUT, FloatTensorType([None, model.width]))]
    graph = convert_xgboost(model.booster, initial_types=types, target_opset=OLDER_OPSET)
    return Converted(graph, f"onnxmltools {version('onnxmltools')}", "XGBoost")


def _light(model: Any) -> Converted:
    """Convert a booster of LightGBM."""
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    types = [(INPUT, FloatTensorType([None, model.width]))]
    graph = convert_lightgbm(
        model.booster, initial_types=types, target_opset=OLDER_OPSET, zipmap=False
    )
    return Converted(graph, f"onnxmltools {version('onnxmltools')}", "LightGBM")


_CONVERTERS: dict[str, Callable[[Any], Converted]] = {
    RandomForest.name: _forest,
    Boosted.name: _boosted,
    Light.name: _light,
}
