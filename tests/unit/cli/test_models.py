"""`cardwatch models` on real bundles: what is whole, what is not, and how two differ."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.model.models import command
from scoring.bundle.manifest import CARD_FILE, DIGEST_FILE, GRAPH_FILE, MANIFEST_FILE
from scoring.bundle.manifest_file import seal
from tests.unit.training.samples import random_registry


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def change(folder: Path, **fields: object) -> None:
    path = folder / MANIFEST_FILE
    path.write_text(json.dumps(json.loads(path.read_bytes()) | fields))
    seal(folder)


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """A registry with ensemble/1 and ensemble/2, which has one input less and other thresholds."""
    first = random_registry() / "ensemble" / "1"
    shutil.copytree(first, tmp_path / "ensemble" / "1")
    second = Path(shutil.copytree(first, tmp_path / "ensemble" / "2"))
    manifest = json.loads((second / MANIFEST_FILE).read_bytes())
    figures = manifest["metrics"]["ensemble"]
    figures["auc_roc"] += 0.01
    change(
        second,
        version=2,
        features=manifest["features"][1:],
        thresholds=manifest["thresholds"] | {"high": 0.75, "expected": {}},
        metrics=manifest["metrics"],
    )
    return tmp_path


def test_list_shows_every_version_and_which_is_whole(registry: Path) -> None:
    result = run("list", "--models", registry)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[1].startswith("ensemble/1") and lines[1].rstrip().endswith("yes")
    assert lines[2].startswith("ensemble/2") and lines[2].rstrip().endswith("no")
    assert "Wrong inputs of the graph" in result.stderr


def test_list_counts_ten_after_nine_and_shows_other_formats(registry: Path) -> None:
    for version in (9, 10):
        folder = shutil.copytree(registry / "ensemble" / "1", registry / "ensemble" / str(version))
        change(Path(folder), version=version)
    change(registry / "ensemble" / "2", format_version=99)
    told = json.loads(run("list", "--models", registry, "--json", "-").stdout)["bundles"]
    assert [one["model"] for one in told] == [f"ensemble/{n}" for n in (1, 2, 9, 10)]
    assert [one["valid"] for one in told] == [True, False, True, True]
    assert "Unknown format" in told[1]["error"] and "metrics" not in told[1]
    assert told[0]["metrics"]["ensemble"]["auc_roc"] > 0.5 and told[0]["size_bytes"] > 10_000


def test_an_empty_registry_says_what_to_do(tmp_path: Path) -> None:
    assert "cardwatch train" in run("list", "--models", tmp_path / "none").stderr
    result = run("verify", "--all", "--models", tmp_path)
    assert result.exit_code == 1 and "cardwatch train" in result.stderr


def test_show_tells_the_manifest_and_where_the_card_is(registry: Path) -> None:
    result = run("show", "ensemble/1", "--models", registry)
    assert result.exit_code == 0, result.output
    card = registry / "ensemble" / "1" / CARD_FILE
    for fact in (str(card), "made up", "./cardwatch train", "average_precision", "onnxruntime"):
        assert fact in result.stdout
    told = json.loads(run("show", "ensemble/1", "--models", registry, "--json", "-").stdout)
    assert told["card"] == str(card) and told["golden_difference"] == 0


def test_a_bundle_without_card_is_shown_too() -> None:
    result = run("show", "ensemble/1")
    assert result.exit_code == 0, result.output
    assert "card" in result.stdout


def test_compare_puts_two_side_by_side(registry: Path) -> None:
    result = run("compare", "ensemble/1", "ensemble/2", "--models", registry)
    assert result.exit_code == 0, result.output
    assert "+0.0100" in result.stdout
    assert "inputs removed: amount\n" in result.stdout
    assert "inputs added: none" in result.stdout
    assert "different payments" not in result.stderr
    call = ("compare", "ensemble/2", "ensemble/1", "--models", registry, "--json", "-")
    told = json.loads(run(*call).stdout)
    assert told["models"] == ["ensemble/2", "ensemble/1"]
    assert told["features_added"] == ["amount"] and told["features_removed"] == []
    assert told["metrics"]["auc_roc"]["difference"] == pytest.approx(-0.01)
    assert told["same_test_payments"] is True


def test_compare_warns_of_other_test_payments(registry: Path) -> None:
    folder = registry / "ensemble" / "2"
    training = json.loads((folder / MANIFEST_FILE).read_bytes())["training"]
    change(folder, training=training | {"sha256": "1" * 64})
    result = run("compare", "ensemble/1", "ensemble/2", "--models", registry)
    assert result.exit_code == 0 and "judged on different payments" in result.stderr


def test_verify_passes_what_is_whole(registry: Path) -> None:
    result = run("verify", "ensemble/1", "--models", registry)
    assert result.exit_code == 0, result.output
    assert "ensemble/1: manifest and 7 files as their hashes say" in result.stdout


def test_verify_says_where_a_manifest_has_no_hash(registry: Path) -> None:
    folder = registry / "ensemble" / "1"
    change(folder, format_version=2)
    (folder / DIGEST_FILE).unlink()
    result = run("verify", "ensemble/1", "--models", registry)
    assert result.exit_code == 0, result.output
    assert "format 2 has no hash of the manifest" in result.stdout.replace("\n", " ")


def test_verify_names_a_manifest_with_one_altered_byte(registry: Path) -> None:
    path = registry / "ensemble" / "1" / MANIFEST_FILE
    path.write_bytes(path.read_bytes().replace(b'"medium": 0', b'"medium": 9'))
    told = refusal(registry, "ensemble/1")
    assert "Altered manifest" in told and DIGEST_FILE in told


def refusal(registry: Path, *arguments: str) -> str:
    result = run("verify", *arguments, "--models", registry)
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    return result.stderr


@pytest.mark.parametrize("name", [GRAPH_FILE, CARD_FILE])
def test_verify_names_a_missing_file(registry: Path, name: str) -> None:
    (registry / "ensemble" / "1" / name).unlink()
    told = refusal(registry, "ensemble/1")
    assert "Missing file" in told and name in told and "restore the folder" in told


@pytest.mark.parametrize("name", [GRAPH_FILE, CARD_FILE])
def test_verify_names_a_file_with_one_altered_byte(registry: Path, name: str) -> None:
    path = registry / "ensemble" / "1" / name
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    told = refusal(registry, "ensemble/1")
    assert "Altered file" in told and name in told


def test_verify_all_names_each_that_is_not_whole(registry: Path) -> None:
    told = refusal(registry, "--all")
    assert "Wrong inputs of the graph" in told and "ensemble/2" in told


def test_verify_finds_a_folder_under_another_name(registry: Path) -> None:
    (registry / "ensemble" / "1").rename(registry / "ensemble" / "7")
    told = refusal(registry, "ensemble/7")
    assert "wanted ensemble/7, got ensemble/1" in told


def test_a_bundle_that_is_not_there_is_one_sentence(registry: Path) -> None:
    for call in (["show", "other"], ["compare", "ensemble", "other"], ["verify", "ensemble/7"]):
        result = run(*call, "--models", registry)
        assert result.exit_code == 1 and "No bundle" in result.stderr


def test_verify_takes_one_bundle_or_all(registry: Path) -> None:
    assert run("verify").exit_code == 2
    assert run("verify", "ensemble", "--all").exit_code == 2
