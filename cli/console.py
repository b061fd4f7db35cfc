"""Output for people: progress and remarks on standard error, results on standard output."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

_FULL_WIDTH = 200


@contextmanager
def as_sentence(*kinds: type[Exception]) -> Iterator[None]:
    """End the command with the sentence of an error of these kinds, without a traceback."""
    try:
        yield
    except kinds as error:
        raise click.ClickException(str(error)) from None


def _console(stream_is_terminal: bool, *, stderr: bool) -> Console:
    """Return a console that folds lines only where a person sees them."""
    width = None if stream_is_terminal else _FULL_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=not stream_is_terminal)


@dataclass(frozen=True)
class Output:
    """Destination and volume of a command's output.

    Attributes:
        quiet: Only results and errors.
        verbose: Details too.
    """

    quiet: bool = False
    verbose: bool = False

    @property
    def results(self) -> Console:
        """Standard output: what was asked for."""
        return _console(sys.stdout.isatty(), stderr=False)

    @property
    def remarks(self) -> Console:
        """Standard error: what happens meanwhile."""
        return _console(sys.stderr.isatty(), stderr=True)

    def say(self, text: str) -> None:
        """Tell what happens; rich markup is understood. Nothing with --quiet."""
        if not self.quiet:
            self.remarks.print(text)

    def warn(self, sentence: str) -> None:
        """Tell what is wrong and does not end the command, also with --quiet; no markup."""
        remarks = self.remarks
        remarks.print("[bold yellow]warning:[/]", end=" ")
        remarks.print(sentence, markup=False)

    def detail(self, text: str) -> None:
        """Tell what only --verbose asks for."""
        if self.verbose:
            self.remarks.print(text, style="dim")

    @contextmanager
    def steps(self) -> Iterator[Callable[[str], None]]:
        """Show the current step of long work: a spinner, or a plain line for each.

        With --verbose each step has a line, with the seconds since the first.

        Yields:
            The function to call with each step.
        """
        remarks = self.remarks
        if self.quiet:
            yield lambda _: None
        elif self.verbose:
            begun_s = time.monotonic()
            yield lambda text: self.say(f"{time.monotonic() - begun_s:6.1f} s  {text}")
        elif not remarks.is_terminal:
            yield self.say
        else:
            with remarks.status("starting") as spinner:
                yield spinner.update

    def table(
        self, columns: Sequence[str], rows: Sequence[Sequence[object]], title: str | None = None
    ) -> None:
        """Print a table to standard output."""
        table = Table(
            *columns,
            title=title,
            title_justify="left",
            box=None,
            pad_edge=False,
            show_header=any(columns),
        )
        for row in rows:
            table.add_row(*[str(cell) for cell in row])
        self.results.print(table)

    def result(self, json_path: str | None, told: object, show: Callable[[], None]) -> None:
        """Write a result to --json where that is given, and show it where standard output is free.

        Args:
            json_path: File for the JSON, - for standard output, or None.
            told: The result as one object.
            show: Function that prints the result for people.
        """
        if json_path:
            self.json(json_path, told)
        if json_path != "-":
            show()

    def json(self, path: str, value: object) -> None:
        """Write `value` as JSON to the file `path`, - for standard output."""
        text = json.dumps(value, indent=2, default=str) + "\n"
        if path == "-":
            sys.stdout.write(text)
            sys.stdout.flush()
            return
        try:
            Path(path).write_text(text, encoding="utf-8")
        except OSError as error:
            raise click.ClickException(
                f"{path} cannot be written ({error.strerror}): give another PATH, or - for "
                "standard output."
            ) from error


def fail(sentence: str) -> None:
    """Print why the command fails."""
    errors = _console(sys.stderr.isatty(), stderr=True)
    errors.print("[bold red]error:[/]", end=" ")
    errors.print(sentence, markup=False)
