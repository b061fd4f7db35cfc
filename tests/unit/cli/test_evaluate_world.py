"""`evaluate world` tells of each kind of attack what is caught, how soon, and by what."""

import json

from click.testing import CliRunner, Result

from cli.model import evaluate
from producer.world.settings import ATTACKS

SMALL = ("--payments=9000", "--fraud-share=0.05", "--jobs=1")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(evaluate.command, ["world", *SMALL, *map(str, arguments)])


def test_each_kind_of_attack_is_judged() -> None:
    result = run()
    assert result.exit_code == 0, result.output
    summary, *lines = result.stdout.splitlines()
    assert summary.startswith("AUC 0.") and "average precision 0." in summary
    rows = {line.split()[0]: line for line in lines if line and line.split()[0] in ATTACKS}
    assert len(rows) >= 4
    assert all("%" in row and "." in row for row in rows.values())
    assert lines[-1].startswith("all") and "900 users" in result.stdout
    assert "By cases (a card on a day)" in result.stderr


def test_json_has_the_figures_counted_both_ways() -> None:
    result = run("--attacks", "card_testing:2,bust_out", "--alert-share", "0.02", "--json", "-")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert "450 merchants" in told["source"] and "seed 7" in told["source"]
    payments, cases = told["by_payments"], told["by_cases"]
    names = [row["scenario"] for row in payments["rows"]]
    assert names[-1] == "all" and set(names) <= {"card_testing", "bust_out", "all"}
    assert payments["alerts"] >= round(0.02 * payments["payments"])
    assert cases["cases"] >= payments["cases"] and cases["threshold"] <= payments["threshold"]
    assert cases["rows"][-1]["recall"] >= payments["rows"][-1]["recall"]
    assert payments["rows"][0]["seen_by"][0]["auc"] > 0.6
    assert told["settings"]["jobs"] == 1


def test_what_cannot_be_is_said_in_one_sentence() -> None:
    assert "got 'alchemy'; correct the name" in run("--attacks", "alchemy").stderr
    result = run("--days", 5)
    assert result.exit_code == 1 and "shorter --label-delay" in result.stderr
    result = run("--fraud-share", 0)
    assert result.exit_code == 1 and "fraud" in result.stderr
