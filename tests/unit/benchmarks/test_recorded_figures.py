"""Figures of README and docs are those of the records, and a record says where they come from."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import cli.recording
from benchmarks.figures.job_tables import JOB_TABLES
from benchmarks.figures.pages import PageError, generated, marks, pages, read_records, write
from benchmarks.figures.readme_table import HIGHLIGHTS, README_ROWS
from benchmarks.figures.record import (
    RECORD,
    Entry,
    Measuring,
    RecordingError,
    add_run,
    read_runs,
)
from benchmarks.figures.state_tables import SIZING, TEN_MILLION
from benchmarks.figures.tables import TABLES
from benchmarks.state.sizing import Measured
from cli.bench.options import result_options
from cli.console import Output
from cli.main import cardwatch
from cli.options import GroupedCommand, option
from cli.recording import Recorder
from harness.machine import Machine
from stack.installation import ROOT
from tests.checkout import checkout, commit, git

PAGE = "# Peers\n\n<!-- figures: peers -->\nold\n<!-- end of figures -->\n\nThe end.\n"
FILES = {"README.md": "# Cardwatch\n", "docs/peers.md": PAGE, "job.py": "RATE = 1\n"}
PEER = {
    **dict.fromkeys(("cpu_us_per_payment", "memory_mib", "start_s", "recovery_s")),
    "tx_per_s": 1234.0,
    "provisional_ms": {"p50": 3.8, "p99": 14, "p999": 31},
    "committed_ms": {},
    "verdict": None,
}
PEERS = {"peers": {"job": PEER}, "commit": "elsewhere", "samples": [1, 2, 3]}


def entry(command: str = "./cardwatch parity") -> Entry:
    machine = Machine(processor="Abacus", cores=2, memory_gib=23.4, system="Linux 6")
    return Entry(
        command=command, commit="0123456789", date="2026-01-02", machine=machine, result={"a": 1}
    )


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one page, which --record takes for its own."""
    monkeypatch.setattr(cli.recording, "ROOT", tmp_path)
    return checkout(tmp_path, FILES)


@click.command("peers", cls=GroupedCommand)
@option("--payments", type=int, default=1, group="Measurement", help="Number of payments.")
@option("--folder", type=str, group="Stack of the run", help="Folder of the run's stack.")
@option("--edit", is_flag=True, group="Measurement", help="Edit of the code meanwhile.")
@result_options
def measuring(
    payments: int, folder: str, edit: bool, json_path: str | None, record: Recorder, out: Output
) -> None:
    """Give the figures of a run, as a measuring command does."""
    if edit:
        (record.root / "job.py").write_text(f"RATE = {payments}\n")
    out.result(json_path, PEERS, lambda: out.say(f"measured in {folder}"))
    record("bench peers", PEERS, out, without=["samples"])


def call(*arguments: str) -> Result:
    return CliRunner().invoke(measuring, list(arguments))


def test_pages_show_what_is_recorded() -> None:
    """A figure in a table was measured by the command that stands below it."""
    differing = [
        str(page.relative_to(ROOT))
        for page, text in generated(ROOT).items()
        if page.read_text(encoding="utf-8") != text
    ]
    assert differing == [], "run `make figures` and read the sentences around the changed tables"


def test_each_table_stands_on_one_page() -> None:
    shown = [name for page in pages(ROOT) for name in marks(page.read_text(encoding="utf-8"))]
    assert sorted(shown) == sorted(TABLES)


def test_the_readme_has_ten_figures_at_most_each_with_a_sentence() -> None:
    assert len(HIGHLIGHTS) <= README_ROWS
    for one in HIGHLIGHTS:
        assert re.fullmatch(r"[A-Z][^.!?]+(?:\.\d[^.!?]*)*\.", one.sentence), one.sentence


def test_each_figure_of_the_readme_comes_from_the_record() -> None:
    """No table of the section stands outside of the marks, so no number was typed."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Measured\n")[2]
    outside, inside = "", ""
    rest = section.partition("\n## ")[0]
    while "<!-- figures: " in rest:
        before, _, rest = rest.partition("<!-- figures: ")
        made, _, rest = rest.partition("<!-- end of figures -->")
        outside, inside = outside + before, inside + made
    assert len(re.findall(r"^\| ", inside, re.MULTILINE)) == len(HIGHLIGHTS) + 2
    assert not re.search(r"^\|", outside + rest, re.MULTILINE)
    assert not re.search(r"\d", re.sub(r"\]\([^)]*\)", "", outside + rest))


def test_every_table_has_a_record_or_names_the_command_that_makes_one() -> None:
    recorded = read_records(ROOT)
    for name, table in TABLES.items():
        text = "\n".join(table.lines(recorded))
        assert "--record`." in text or "measured 2" in text or name == "faults", name


def test_the_recorded_sizing_starts_from_the_recorded_run() -> None:
    runs = read_runs(ROOT / RECORD)
    measured = asdict(Measured.of(runs[TEN_MILLION].result))
    assert runs[SIZING].result["measured"] == measured, (
        "run ./cardwatch bench state --sizing --record"
    )


def test_entries_name_commit_day_machine_and_no_path_of_a_machine() -> None:
    assert not re.findall(r"(?<![\w./])/(?:\w|\.)+/", (ROOT / RECORD).read_text())
    for name, one in read_runs(ROOT / RECORD).items():
        assert re.fullmatch(r"[0-9a-f]{10}", one.commit), name
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", one.date), name
        assert one.command.startswith("./cardwatch ") and "--record" not in one.command, name
        assert one.machine.cores and one.machine.memory_gib and one.machine.processor, name


def test_recording_writes_entry_and_pages(tree: Path) -> None:
    result = call("--payments", "5", "--folder", "/somewhere", "--json", "-", "-q", "--record")
    assert result.exit_code == 0, result.output
    one = read_runs(tree / RECORD)["bench peers"]
    assert one.command == "./cardwatch peers --payments 5"
    assert one.commit == git(tree, "rev-parse", "HEAD")[:10]
    assert one.date == datetime.now(UTC).date().isoformat()
    assert one.result == {"peers": {"job": PEER}}
    page = (tree / "docs/peers.md").read_text()
    assert "| `job` | 1,234 | - | 3.8, 14, 31 | - |" in page
    assert f"- `./cardwatch peers --payments 5`, measured {one.date}, commit {one.commit}, " in page
    assert "old" not in page and page.endswith("\n\nThe end.\n")


def test_without_the_option_nothing_is_recorded(tree: Path) -> None:
    (tree / "job.py").write_text("RATE = 2\n")
    assert call().exit_code == 0
    assert not (tree / RECORD).exists()


def test_recording_goes_on_behind_a_recorded_run(tree: Path) -> None:
    """The record and the pages change with each run, and figures do not depend on them."""
    assert call("--record").exit_code == 0
    assert git(tree, "status", "--porcelain")
    assert call("--record").exit_code == 0


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (["bench", "--record", "peers"], "--record belongs behind the sub-command"),
        (["bench", "--quick", "--record"], "--quick gives a rough idea, and no figure to record"),
    ],
)
def test_a_call_that_gives_no_figure_is_wrong(tree: Path, call: list[str], why: str) -> None:
    result = CliRunner().invoke(cardwatch, call)
    assert result.exit_code == 2
    assert why in " ".join(result.output.split())
    assert not (tree / RECORD).exists()


def test_a_tree_with_changes_is_refused_before_anything_runs(tree: Path) -> None:
    (tree / "job.py").write_text("RATE = 2\n")
    result = call("--record")
    assert result.exit_code == 1
    assert "the tree has changes in job.py: commit or undo the changes" in result.output
    assert "measured" not in result.output
    assert not (tree / RECORD).exists()


def test_a_change_of_the_code_meanwhile_is_refused(tree: Path) -> None:
    """Also where it was committed: the run is of no commit then."""
    result = call("--edit", "--payments", "7", "--record")
    assert result.exit_code == 1
    assert "changed while it was measured, in job.py" in result.output
    assert not (tree / RECORD).exists()
    commit(tree)
    begun = Measuring(tree, "./cardwatch bench")
    (tree / "job.py").write_text("RATE = 8\n")
    commit(tree)
    with pytest.raises(RecordingError, match=r"in job\.py"):
        begun.entry({})


def test_a_folder_without_git_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"no git checkout with one\. Record from a clone"):
        Measuring(tmp_path, "./cardwatch bench")


def test_merging_keeps_other_runs(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    add_run(path, "soak", entry("./cardwatch bench soak"))
    add_run(path, "parity", entry("./cardwatch parity --seed 1"))
    add_run(path, "parity", entry("./cardwatch parity --seed 2"))
    known = read_runs(path)
    assert list(known) == ["parity", "soak"]
    assert known["soak"] == entry("./cardwatch bench soak")
    assert known["parity"].command == "./cardwatch parity --seed 2"
    assert [each.name for each in tmp_path.iterdir()] == ["figures.json"]


def test_runs_that_are_recorded_at_once_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    names = [f"run {number}" for number in range(20)]
    threads = [threading.Thread(target=add_run, args=(path, name, entry())) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(read_runs(path)) == set(names)


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ("<!-- figures: nothing -->\n<!-- end of figures -->\n", "got 'nothing'; correct the mark"),
        ("<!-- figures: peers -->\n", "expected <!-- end of figures --> behind"),
        (
            "<!-- figures: peers -->\n<!-- figures: soak -->\n<!-- end of figures -->\n",
            "expected <!-- end of figures --> behind the mark <!-- figures: peers -->",
        ),
        ("<!-- end of figures -->\n", "expected a mark <!-- figures: NAME --> before"),
    ],
)
def test_a_wrong_mark_is_named_with_its_page(tmp_path: Path, page: str, why: str) -> None:
    checkout(tmp_path, {"README.md": "# Cardwatch\n", "docs/odd.md": page})
    with pytest.raises(PageError) as raised:
        write(tmp_path)
    assert str(raised.value).startswith("docs/odd.md: ")
    assert why in str(raised.value)
    assert (tmp_path / "docs/odd.md").read_text() == page


def test_a_run_that_is_not_recorded_is_said_with_its_command(tmp_path: Path) -> None:
    checkout(tmp_path, FILES)
    assert write(tmp_path) == [tmp_path / "docs/peers.md"]
    text = (tmp_path / "docs/peers.md").read_text()
    assert "- Not recorded yet: `./cardwatch bench peers --payments 60000" in text
    assert write(tmp_path) == []


def test_a_real_command_records_in_a_copy_of_the_tree(tmp_path: Path) -> None:
    """The sizing on paper is the cheapest run; all others are recorded in the same way."""
    left_out = shutil.ignore_patterns(".git", ".cardwatch", "__pycache__", ".*_cache")
    tree = tmp_path / "tree"
    shutil.copytree(ROOT, tree, ignore=left_out)
    checkout(tree, {})
    before = read_runs(tree / RECORD)
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "bench", "state", "--sizing", "--record"],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    after = read_runs(tree / RECORD)
    assert {name: one for name, one in after.items() if name != "bench state sizing"} == {
        name: one for name, one in before.items() if name != "bench state sizing"
    }
    made = after["bench state sizing"]
    assert made.command == "./cardwatch bench state --sizing"
    assert made.commit == git(tree, "rev-parse", "HEAD")[:10]
    assert (
        len(json.loads((tree / RECORD).read_text())["bench state sizing"]["result"]["needs"]) == 3
    )
    assert f"commit {made.commit}" in (tree / "docs/state.md").read_text()
    assert git(tree, "status", "--porcelain").split()[1::2] == [RECORD, "docs/state.md"]


def _bench(key: str) -> dict[str, object]:
    """Return the result of a bench run as it is recorded, of one engine or older profile."""
    latency = {"500": {"p50": 2.0, "p99": 11.0, "p999": 20.0}}
    return {
        "throughput_tx_per_s": {key: 46_000.0},
        "cpu_us_per_payment": {key: 30.0},
        "broker_cpu_us_per_payment": {key: 4.5},
        "payments_per_dollar": {key: 2e9},
        "core_hour_usd": 0.05,
        "ceiling_tx_per_s": 50_000.0,
        "provisional_latency_ms": latency,
        "committed_latency_ms": latency,
    }


def test_figures_of_an_engine_stand_beside_their_targets() -> None:
    rows = {name: (value, target) for name, value, target in job_rows(_bench("batch"))}
    assert rows["throughput, batch engine"] == (
        "46,000 payments/s",
        "reached 45,000; next 60,000",
    )
    assert rows["CPU of the job, batch engine"][1] == "missed 28"
    assert rows["provisional latency at 500/s: p50, p99, p99.9"] == (
        "2, 11, 20 ms",
        "p50 reached 2.5, p99 missed 10",
    )


def test_figures_of_the_older_job_are_told_apart() -> None:
    """Its profiles have no target, and the README marks its figures."""
    rows = {name: (value, target) for name, value, target in job_rows(_bench("latency"))}
    assert rows["throughput, latency profile"] == ("46,000 payments/s", "")
    shown = {key: HIGHLIGHTS[0].row(_bench(key))[1] for key in ("batch", "latency")}
    assert shown == {"batch": "46,000 payments/s", "latency": "46,000 payments/s (older job)"}
    assert HIGHLIGHTS[2].row(_bench("latency"))[1] == "2, 11 ms (older job)"


def job_rows(found: dict[str, object]) -> list[tuple[str, ...]]:
    """Return the rows of the job's table."""
    return list(JOB_TABLES["job"].rows({"bench": found}))
