"""Texts that a person reads keep the rules of writing that can be counted."""

from __future__ import annotations

import argparse
import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from cli.main import COMMANDS, SECTIONS
from cli.options import GroupedCommand, GroupedGroup
from features.catalogue import FEATURES
from jobs.settings import make_parser

ROOT = Path(__file__).parents[2]
PRODUCT = (
    *("cli", "stack", "events", "features", "scoring", "jobs", "udfs", "training", "producer"),
    *("harness", "verify", "benchmarks", "deploy"),
)
LONGEST = 25
"""Words in a sentence."""
FRAGMENT = re.compile(r"(Its|Their|Of|See|As|It|They|Those|These|This|That|Them|Which)\b")
"""How a text begins that leans on what stands elsewhere."""
POINTER = re.compile(r"\b(them|those)\b(?! (that|which|who|of|with|in|on|at))", re.IGNORECASE)
QUESTION = re.compile(r"(What|Which|Where|Who|How|Its|Their|Of|It|They|Those|That|Them)\b")
"""How the first line of a docstring begins that neither says what is done nor names the thing."""
TELLING = {"fail", "say", "warn", "step", "progress", "exit", "UsageError", "Fault", "refuse"}
"""Functions and classes whose texts a user reads, beside what is raised."""
WHOLE_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`(\d-])")
VERBATIM = "\b"
"""Click's mark of a paragraph that keeps its lines: examples and tables, no sentences."""


@cache
def commands() -> dict[str, click.Command]:
    """Return every command with its words."""
    found: dict[str, click.Command] = {}

    def walk(command: click.Command, words: str) -> None:
        found[words] = command
        if isinstance(command, click.Group):
            for name, below in command.commands.items():
                walk(below, f"{words} {name}")

    for name, each in COMMANDS.items():
        walk(importlib.import_module(each.module).command, name)
    return found


def helps() -> Iterator[tuple[str, str]]:
    """Yield every option of a command and of the job, with its help text."""
    for words, command in commands().items():
        for param in command.params:
            if isinstance(param, click.Option) and not param.hidden:
                yield f"{words} {param.opts[-1]}", param.help or ""
    for action in make_parser()._actions:
        if not isinstance(action, argparse._HelpAction):
            yield f"job {action.option_strings[-1]}", action.help or ""


def sentences(text: str) -> list[str]:
    """Return the sentences of a text.

    >>> sentences("Writes it to docs/a.md, e.g. now. Then 0.5 s pass; all is well.")
    ['Writes it to docs/a.md, e.g. now.', 'Then 0.5 s pass', 'all is well.']
    """
    return re.split(r"(?<=[.!?])\s+(?=[A-Z`(\d-])|[;:]\s+", text.strip())


def prose(text: str) -> Iterator[str]:
    """Yield the paragraphs of a help that are no example and no table."""
    for paragraph in text.split("\n\n"):
        if VERBATIM not in paragraph:
            yield " ".join(paragraph.split())


def too_long(texts: Iterator[tuple[str, str]]) -> list[tuple[str, int, str]]:
    """Return where a sentence has too many words."""
    return [
        (where, len(one.split()), one)
        for where, text in texts
        for one in sentences(text)
        if len(one.split()) > LONGEST
    ]


def test_the_help_of_an_option_is_a_phrase_of_three_words_or_more() -> None:
    short = [(where, text) for where, text in helps() if len(text.split()) < 3]
    assert short == []


def test_the_help_of_an_option_stands_alone() -> None:
    wrong = [
        (where, text)
        for where, text in helps()
        if FRAGMENT.match(text) or POINTER.search(text) or not text.endswith(".")
    ]
    assert wrong == []


def test_sentences_of_a_help_are_short() -> None:
    assert too_long(iter(helps())) == []
    paragraphs = (
        (words, paragraph)
        for words, command in commands().items()
        for text in (command.help or "", command.epilog or "")
        for paragraph in prose(text)
    )
    assert too_long(paragraphs) == []


def literal(node: ast.expr) -> str:
    """Return the text that an expression writes, with an X for each value; empty for no text."""
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(part) or "X" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return literal(node.left) + literal(node.right)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def told() -> Iterator[tuple[str, str]]:
    """Yield the texts of errors and of calls that say something, each with its place."""
    for folder in PRODUCT:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                call = node.exc if isinstance(node, ast.Raise) else node
                if not isinstance(call, ast.Call):
                    continue
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                if isinstance(node, ast.Raise) or name in TELLING:
                    for argument in (*call.args, *(given.value for given in call.keywords)):
                        yield f"{path.relative_to(ROOT)}:{argument.lineno}", literal(argument)


def test_sentences_of_errors_and_remarks_are_short() -> None:
    """An error stops where its next step begins: a colon does not make two sentences of one."""
    long = {
        (where, one)
        for where, text in told()
        for one in WHOLE_SENTENCE.split(text.strip())
        if len(one.split()) > LONGEST
    }
    assert sorted(long) == []


@pytest.mark.parametrize("words", commands())
def test_a_command_says_what_it_does_and_groups_its_options(words: str) -> None:
    command = commands()[words]
    first = (command.help or "").split("\n")[0]
    assert len(first.split()) >= 4 and first.endswith("."), first
    assert isinstance(command, GroupedCommand | GroupedGroup)
    ungrouped = [
        param.opts[-1]
        for param in command.params
        if isinstance(param, click.Option)
        and not param.hidden
        and getattr(param, "group", "Options") == "Options"
        and param.opts[-1] not in ("--json", "--quiet", "--verbose")
    ]
    assert ungrouped == []


def test_each_command_has_one_heading() -> None:
    assert sorted(name for names in SECTIONS.values() for name in names) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_top_command_shows_an_example(name: str) -> None:
    assert "./cardwatch" in (commands()[name].epilog or "")


def test_the_description_of_a_feature_stands_alone() -> None:
    wrong = [
        (one.name, one.description)
        for one in FEATURES
        if len(one.description.split()) < 3
        or FRAGMENT.match(one.description)
        or POINTER.search(one.description)
        or re.search(r"\bit\b", one.description)
    ]
    assert wrong == []


def first_lines() -> Iterator[tuple[str, str]]:
    """Yield the first line of each public docstring of the product, with its place."""
    for folder in PRODUCT:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                    continue
                name = getattr(node, "name", "")
                text = ast.get_docstring(node)
                if text and not name.startswith("_"):
                    yield f"{path.relative_to(ROOT)}:{name}", text.split("\n")[0]


def test_a_docstring_begins_with_a_verb_or_names_the_thing() -> None:
    wrong = [(where, line) for where, line in first_lines() if QUESTION.match(line)]
    assert wrong == []


def test_the_first_line_of_a_docstring_has_three_words() -> None:
    short = [(where, line) for where, line in first_lines() if len(line.split()) < 3]
    assert short == []
