"""The smallest whole bundle: one model of two trees over three features, made here."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import onnx
from onnx import helper, numpy_helper

from features.catalogue import FEATURE_NAMES, FEATURE_SET_VERSION
from features.money.reading import encode_rates
from features.money.shipped import SHIPPED
from scoring.bundle.manifest import (
    COVERS_FILE,
    FORMAT_VERSION,
    GOLDEN_FILE,
    GRAPH_FILE,
    INPUTS_KEY,
    MANIFEST_FILE,
    RATES_FILE,
    Manifest,
    inputs_sha256,
)
from scoring.bundle.manifest_file import write_manifest
from scoring.bundle.manifest_sense import golden_levels
from scoring.bundle.tensors import INPUT, PROBABILITY, Matrix
from scoring.loader import file_sha256
from scoring.model.scorer import open_session

MEMBER: Final = "forest"
WIDTH: Final = 3
COVERS: Final = np.array([5, 1, 2, 4, 3], np.float32)
_SHIPPED: Final = sorted((Path(__file__).parents[3] / "onnx_models" / "ensemble").glob("*"))[-1]


def trees_node(**changed: Any) -> onnx.NodeProto:
    """Return the TreeEnsemble node of two trees, with some attributes changed."""
    attributes: dict[str, Any] = {
        "n_targets": 1,
        "aggregate_function": 1,
        "post_transform": 0,
        "tree_roots": [0, 2],
        "nodes_featureids": [0, 1, 2],
        "nodes_splits": numpy_helper.from_array(np.array([0.5, 1.5, 2.5], np.float32)),
        "nodes_modes": numpy_helper.from_array(np.zeros(3, np.uint8)),
        "nodes_missing_value_tracks_true": [1, 0, 1],
        "nodes_truenodeids": [1, 0, 3],
        "nodes_trueleafs": [0, 1, 1],
        "nodes_falsenodeids": [2, 1, 4],
        "nodes_falseleafs": [1, 1, 1],
        "leaf_targetids": [0] * 5,
        "leaf_weights": numpy_helper.from_array(np.array([0, 0.1, 0.3, 0.2, 0.4], np.float32)),
    }
    attributes |= changed
    given = {name: value for name, value in attributes.items() if value is not None}
    return helper.make_node(
        "TreeEnsemble",
        [INPUT],
        [f"{MEMBER}_sum"],
        name=f"{MEMBER}_trees",
        domain="ai.onnx.ml",
        **given,
    )


def graph_bytes(trees: onnx.NodeProto) -> bytes:
    """Return the graph around the trees: their sum is the model's score and the probability."""
    one, weight = (
        numpy_helper.from_array(np.array(1, np.float32), name)
        for name in ("one", f"{MEMBER}_weight")
    )
    nodes = [
        trees,
        helper.make_node("Mul", [f"{MEMBER}_sum", "one"], [MEMBER], name="score"),
        helper.make_node("Mul", [MEMBER, f"{MEMBER}_weight"], [PROBABILITY], name="answer"),
    ]
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info(INPUT, kind, [None, WIDTH])],
        [helper.make_tensor_value_info(name, kind, [None, 1]) for name in (PROBABILITY, MEMBER)],
        [one, weight],
    )
    operators = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
    model = helper.make_model(graph, opset_imports=operators, ir_version=10)
    helper.set_model_props(model, {INPUTS_KEY: inputs_sha256(FEATURE_NAMES[:WIDTH])})
    return bytes(model.SerializeToString())


@cache
def small_bundle() -> Path:
    """Return the folder of the bundle, in the form of this release; read only."""
    folder = Path(tempfile.mkdtemp(prefix="cardwatch-fuzz-"))
    graph = graph_bytes(trees_node())
    (folder / GRAPH_FILE).write_bytes(graph)
    (folder / f"{MEMBER}.onnx").write_bytes(graph)
    np.savez(folder / COVERS_FILE, **{MEMBER: COVERS})
    inputs = np.arange(4 * WIDTH, dtype=np.float32).reshape(4, WIDTH)
    probability, score = open_session(graph).run([PROBABILITY, MEMBER], {INPUT: inputs})
    golden = {"inputs": inputs, PROBABILITY: probability.ravel(), MEMBER: score.ravel()}
    np.savez(folder / GOLDEN_FILE, **golden)
    (folder / RATES_FILE).write_bytes(encode_rates(SHIPPED))
    names = (GRAPH_FILE, COVERS_FILE, GOLDEN_FILE, RATES_FILE, f"{MEMBER}.onnx")
    files = {name: file_sha256(folder / name) for name in names}
    write_manifest(folder, _manifest(files, golden[PROBABILITY]))
    return folder


def _manifest(files: dict[str, str], scores: Matrix) -> Manifest:
    """Return the manifest of the shipped bundle, cut down to what this one has."""
    whole = msgspec.json.decode((_SHIPPED / MANIFEST_FILE).read_bytes(), type=Manifest)
    replace = msgspec.structs.replace
    profile = replace(whole.features[0].profile, edges=[0.0, 1.0], counts=[1])
    features = [
        replace(whole.features[0], name=name, profile=profile) for name in FEATURE_NAMES[:WIDTH]
    ]
    member = replace(whole.members[0], name=MEMBER, weight=1.0, file=f"{MEMBER}.onnx", trees=2)
    thresholds = replace(whole.thresholds, expected={}, alert_share={}, precision={})
    return replace(
        whole,
        format_version=FORMAT_VERSION,
        feature_set=FEATURE_SET_VERSION,
        features=features,
        members=[member],
        calibration=None,
        metrics={},
        files=files,
        libraries={},
        thresholds=thresholds,
        golden_levels=golden_levels(thresholds, scores),
        reference_currency=SHIPPED.reference,
        rates_date=SHIPPED.date,
    )
