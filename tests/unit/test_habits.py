"""The daily commands, the workflow and the hooks: parsed, and held to what they call."""

from __future__ import annotations

import re

import yaml

from stack.installation import ROOT

TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_every_target_that_is_documented_exists() -> None:
    pages = [ROOT / "CONTRIBUTING.md", ROOT / "docs" / "adr" / "0036-locks.md"]
    named = {name for page in pages for name in re.findall(r"`make ([a-z-]+)`", page.read_text())}
    assert {"setup", "test", "unit", "coverage", "locks", "help-texts"} <= named <= TARGETS


def test_the_workflow_calls_what_the_continuous_integration_runs() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    steps = workflow["jobs"]["test"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == [".ci/run"]
    assert all(re.search(r"@v\d+$", step["uses"]) for step in steps if "uses" in step)
    assert workflow["permissions"] == {"contents": "read"}


def test_the_hooks_use_the_locked_tools() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    entries = [hook["entry"].split() for hook in config["repos"][0]["hooks"]]
    made = {entry[1] for entry in entries if entry[0] == "make"}
    assert made <= TARGETS
    assert all(entry[0] in ("make", ".cardwatch/venv/bin/python") for entry in entries)


def test_glossary_terms_are_in_order_and_defined() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text()
    terms = re.findall(r"^\*\*(.+?)\*\*: .{20,}", text, re.MULTILINE)
    assert terms == sorted(terms) and len(set(terms)) == len(terms) > 20
    assert text.count("**") == 2 * len(terms)
