"""Every option that a message, a help text or a page names is an option of a real command."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from cli.main import COMMANDS, cardwatch
from cli.model.fit_options import IN_THE_FILE

ROOT = Path(__file__).parents[3]
PRODUCT = (
    *("cli", "stack", "events", "features", "scoring", "jobs", "udfs", "training", "producer"),
    *("harness", "verify", "benchmarks", "deploy", "onnx_models", "docs", "flink-conf"),
)
TEXTS = (".md", ".html", ".yml", ".yaml", ".toml", ".sh")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
CALL = re.compile(r"\./cardwatch((?: [a-z][a-z0-9_-]*)*)((?:\\\n|[^\n`\"])*)")
STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
END_OF_CALL = re.compile(r"\s{4,}|,? (?:or|and|to|for) |[;,] ")

OTHER_PROGRAMS = {
    "--build": "docker compose: builds the image first",
    "--no-deps": "docker compose: runs one service alone",
    "--rm": "docker compose: removes the container of a run",
    "--volumes": "docker compose: removes the volumes too",
    "--check": "ruff format: writes nothing",
    "--strict": "mypy: every check",
    "--disable-pip-version-check": "pip: asks the index for no newer pip",
    "--no-input": "pip: asks nothing",
    "--require-hashes": "pip: installs only what the lock names",
    "--python": "pip: for another interpreter",
    "--target": "pip: a folder beside the environment",
    "--generate-hashes": "uv: writes hashes into a lock",
    "--default-index": "uv: the index of pip's settings",
    "--index": "uv: a further index of pip's settings",
    "--find-links": "uv: a folder of packages of pip's settings",
    "--no-index": "uv: no index, of pip's settings",
    "--allow-insecure-host": "uv: a trusted host of pip's settings",
    "--cert": "uv: the certificates of pip's settings",
    "--index-strategy": "uv: how several indexes are searched",
    "--no-config": "uv: reads no settings of its own",
    "--no-header": "uv: a lock without a date",
    "--python-version": "uv: solves for a version of Python",
    "--without-pip": "venv: an environment that pip of another one fills",
    "--force": "pyenv: builds an interpreter anew",
    "--enable-shared": "Python's configure: libpython as a library",
    "--config": "Flink's and Kafka's scripts: a file of settings",
    "--cluster-id": "kafka-storage.sh: the id of a new cluster",
    "--ignore-formatted": "kafka-storage.sh: keeps a formatted folder",
    "--topic": "kafka-transactions.sh: where a transaction hangs",
    "--partition": "kafka-transactions.sh: where a transaction hangs",
    "--start-offset": "kafka-transactions.sh: where a transaction hangs",
    "--dist": "pytest-xdist: how tests are shared out",
    "--no-loadscope-reorder": "pytest-xdist: the order of the shared groups",
    "--backend-store-uri": "mlflow ui: the store to show",
    "--lazy": "umount: once nobody uses it",
    "--porcelain": "git status: for programs",
    "--name-only": "git diff: the names of the files",
    "--untracked-files": "git status: whether new files count",
}
"""Options of other programs that ours calls or names, each with the program and what it is for."""

REMOVED = {f"--{key.replace('_', '-')}" for key in IN_THE_FILE}
"""Options of `train` that became keys of the settings file; the changelog names them."""

ENGINES_IN_PLACE = {"--direct", "--no-direct", "--profile", "--profiles", "--batch-ms"}
"""Options of the job from before the engines."""

QUOTED = {
    "docs/edges.md": {"--label-delay-days"},
    "docs/adr/0018-direct-return-path.md": ENGINES_IN_PLACE,
    "docs/adr/0040-tuning-that-was-dropped.md": ENGINES_IN_PLACE,
    "CHANGELOG.md": {"--label-delay-days", *REMOVED, *ENGINES_IN_PLACE},
}
"""Options that are none, in pages that quote a message or tell what changed."""


@cache
def commands() -> dict[tuple[str, ...], frozenset[str]]:
    """Return the options of every command of the command line by its words."""
    found: dict[tuple[str, ...], frozenset[str]] = {}

    def walk(command: click.Command, words: tuple[str, ...]) -> None:
        params = (each for each in command.params if isinstance(each, click.Option))
        options = [each for each in params if not each.hidden]
        names = {name for each in options for name in (*each.opts, *each.secondary_opts)}
        found[words] = frozenset(names | {"--help"})
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                below = command.get_command(context, name)
                assert below is not None
                walk(below, (*words, name))

    walk(cardwatch, ())
    return found


@cache
def own_parsers() -> frozenset[str]:
    """Return the options that our own argparse parsers add, such as those of the job."""
    names = set()
    for path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if "argparse" not in path.read_text(encoding="utf-8"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                names.add(str(node.args[0].value))
    return frozenset(name for name in names if name.startswith("--"))


def sources() -> list[Path]:
    """Return the Python sources of the product."""
    return [path for folder in PRODUCT for path in sorted((ROOT / folder).rglob("*.py"))]


def pages() -> list[Path]:
    """Return pages, templates and settings: whatever a person reads."""
    below = [path for folder in PRODUCT for path in sorted((ROOT / folder).rglob("*"))]
    return [*sorted(ROOT.glob("*.md")), *(path for path in below if path.suffix in TEXTS)]


def strings(path: Path) -> Iterator[str]:
    """Yield the string literals of a source; what an f-string fills in is an X."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside |= {id(each) for each in ast.walk(node)} - {id(node)}
            parts = [str(p.value) if isinstance(p, ast.Constant) else "X" for p in node.values]
            yield "".join(parts)
        elif isinstance(node, ast.Constant) and id(node) not in inside:
            yield str(node.value)


@cache
def texts() -> dict[Path, list[str]]:
    """Return every text that may name an option, by file."""
    found = {path: list(strings(path)) for path in sources()}
    found |= {path: [STYLE.sub("", path.read_text(encoding="utf-8"))] for path in pages()}
    return found


def unknown(options: frozenset[str], text: str) -> set[str]:
    """Return the options in a text that are none of some."""
    return {option for option in OPTION.findall(text) if option not in options}


def calls(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the command of each `./cardwatch ...` in a text, and what follows it.

    >>> list(calls("run ./cardwatch bench soak --rate 9, then"))
    [(('bench', 'soak'), ' --rate 9')]
    """
    for named, rest in CALL.findall(text):
        words: tuple[str, ...] = ()
        left = named.split()
        while left and (*words, left[0]) in commands():
            words = (*words, left.pop(0))
        after = " ".join(["", *left]) + rest.replace("\\\n", " ")
        yield words, END_OF_CALL.split(after)[0]


def options_of(words: tuple[str, ...]) -> frozenset[str]:
    """Return the options of a command and of the commands below it."""
    below = [names for path, names in commands().items() if path[: len(words)] == words]
    return frozenset().union(*below)


def test_every_option_that_is_named_exists() -> None:
    every = options_of(()) | own_parsers() | OTHER_PROGRAMS.keys()
    wrong: dict[str, set[str]] = defaultdict(set)
    for path, said in texts().items():
        name = str(path.relative_to(ROOT))
        for text in said:
            for option in unknown(every, text) - QUOTED.get(name, set()):
                wrong[option].add(name)
    assert dict(wrong) == {}


def test_every_call_that_is_shown_has_options_of_its_command() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: ./cardwatch {' '.join(words)}{rest}"
        for path, said in texts().items()
        for text in said
        for words, rest in calls(text)
        if unknown(options_of(words), rest)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_names_its_own_options(name: str) -> None:
    """Texts that show a call are left to the test above, and so are arguments alone."""
    own, every = options_of((name,)), options_of(()) | own_parsers()
    wrong = [
        (path.name, option, text[:80])
        for path, said in texts().items()
        if path.parent.name == "cli" and (path.stem == name or path.stem.startswith(f"{name}_"))
        for text in said
        if "./cardwatch" not in text and not text.strip().startswith("--")
        for option in unknown(own, text) & every
    ]
    assert wrong == []


def test_an_option_of_another_program_is_named_somewhere_and_is_none_of_ours() -> None:
    named = {
        option for said in texts().values() for text in said for option in OPTION.findall(text)
    }
    assert OTHER_PROGRAMS.keys() <= named
    assert not OTHER_PROGRAMS.keys() & options_of(())


def test_an_option_that_is_not_there_is_found() -> None:
    """The case that this module is for: the option was --label-delay."""
    every = options_of(()) | own_parsers() | OTHER_PROGRAMS.keys()
    assert unknown(every, "a longer history, or a shorter --label-delay-days.") == {
        "--label-delay-days"
    }
    (call,) = calls("`./cardwatch evaluate sparkov --alert-share 0.1`")
    assert unknown(options_of(call[0]), call[1]) == {"--alert-share"}
