"""What trains, draws and records stays out of what scores a payment and of the command line."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("mlflow", "matplotlib", "optuna", "sqlalchemy", "sklearn", "xgboost")
SCORING = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for folder in ("scoring", "udfs")
    for path in (ROOT / folder).rglob("*.py")
    if path.stem != "__init__" and not path.stem.endswith("_udf")
)


@pytest.mark.parametrize(
    "modules",
    [
        SCORING,
        ["jobs.fraud_detection", "jobs.rescoring", "udfs.score_udf"],
        ["cli.main", "cli.model.models"],
    ],
)
def test_importing_them_loads_no_library_of_training(modules: list[str]) -> None:
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not set(HEAVY) & set(told.stdout.split())
