"""The settings file: what it takes, and how it refuses the rest."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from training.ensemble.settings_file import read_settings, settings_table, settings_text
from training.errors import TrainingError
from training.evaluation.chosen import read_chosen
from training.fit_settings import FitSettings


def given(**settings: object) -> bytes:
    return json.dumps({"settings": settings}).encode()


def test_what_is_written_is_read_again_and_threads_stay_out() -> None:
    settings = replace(FitSettings(), forest_trees=7, models=("lightgbm",), jobs=3)
    read, found = read_settings(settings_text(settings), "own.json")
    assert read == replace(settings, jobs=FitSettings().jobs) and found is None


def test_an_absent_key_keeps_its_default() -> None:
    assert read_settings(given(prune=1e-5), "own.json")[0] == FitSettings(prune=1e-5)


def test_every_key_is_explained_with_its_values() -> None:
    keys = json.loads(settings_text(FitSettings()))["settings"]
    table = settings_table()
    assert [one.key for one in table] == list(keys)
    for one in table:
        assert one.description.endswith(".") and len(one.description.split()) >= 3, one.key
        assert one.values and msg_default(one.default) == keys[one.key], one.key


def msg_default(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"forest_tree": 3}, "got 'forest_tree'; write `forest_trees`."),
        ({"jobs": 3}, "expected keys out of models, seed, forest_trees, "),
        ({"forest_trees": "many"}, "`forest_trees`: expected an integer from 1, got 'many'; "),
        ({"forest_trees": 0}, "`forest_trees`: expected an integer from 1, got 0; "),
        ({"forest_trees": 1.5}, "expected an integer from 1, got 1.5"),
        ({"forest_columns": 2}, "expected a number above 0 to 1, or null, got 2"),
        ({"learning_rate": True}, "`learning_rate`: expected a number above 0 to 1, got True"),
        ({"balance": "more"}, "expected one of none, weights, smote, undersample, got 'more'"),
        ({"weights": [0.5, "x"]}, "`weights`: expected a list, each item a number, or null"),
        ({"weights": [0.5]}, "`weights`: expected 2 numbers from 0 with the sum 1"),
        ({"weights": []}, "`weights`: expected 2 numbers from 0 with the sum 1"),
        ({"models": ["oracle"]}, "`models`: expected different names out of isolation_forest, "),
        ({"models": "xgboost"}, "`models`: expected a list, each item a text, got 'xgboost'"),
    ],
)
def test_a_refusal_names_key_range_and_next_step(
    settings: dict[str, object], sentence: str
) -> None:
    with pytest.raises(TrainingError) as refused:
        read_settings(given(**settings), "own.json")
    assert str(refused.value).startswith("own.json: ") and sentence in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "got Input data was truncated"),
        (b"{}", "got no `settings`; "),
        (b'{"forest_trees": 3}', "got no `settings`; "),
        (b'{"settings": {}, "trees": 3}', "got also 'trees'; put each key below `settings`."),
        (b'{"settings": [1]}', "Expected `object`, got `array`"),
    ],
)
def test_a_file_of_another_form_is_refused(text: bytes, sentence: str) -> None:
    with pytest.raises(TrainingError) as refused:
        read_settings(text, "own.json")
    assert sentence in str(refused.value)


def test_a_file_without_findings_serves_evaluate_too(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_bytes(given(forest_depth=5))
    chosen = read_chosen(path)
    assert chosen.settings == FitSettings(forest_depth=5) and chosen.found is None


def test_the_page_on_models_explains_every_key() -> None:
    page = (Path(__file__).parents[4] / "docs" / "models.md").read_text(encoding="utf-8")
    for one in settings_table():
        assert f"| `{one.key}` | {one.values} | {one.description} |" in page, one.key
