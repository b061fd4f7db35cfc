"""The help of every command as text files, for calls before the packages are installed.

`python -m cli.help_texts` writes the files from the command line itself, and a test holds the files
to it. ./cardwatch prints them where nothing is installed yet.
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from cli.kept_help import FOLDER, file_name
from cli.main import cardwatch

_COLUMNS = 80
_MARGIN = 2
"""Columns of the terminal that click leaves free."""


def texts() -> dict[str, str]:
    """Return the help of the command line and of each command, by the name of its file."""
    return {file_name(words): text for words, text in _texts(cardwatch, None, "./cardwatch", [])}


def _texts(
    command: click.Command, parent: click.Context | None, name: str, words: list[str]
) -> Iterator[tuple[list[str], str]]:
    """Yield the words that lead to a command and its help, then those of the commands below."""
    settings = {**command.context_settings, "terminal_width": _COLUMNS - _MARGIN}
    context = click.Context(command, parent=parent, info_name=name, **settings)
    yield words, command.get_help(context) + "\n"
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None:
                yield from _texts(found, context, below, [*words, below])


def main() -> None:
    """Write the files anew, and remove those of commands that are gone."""
    FOLDER.mkdir(exist_ok=True)
    written = texts()
    for gone in {path.name for path in FOLDER.glob("*.txt")} - set(written):
        (FOLDER / gone).unlink()
    for name, text in written.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
