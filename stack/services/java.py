"""Write the argument files that the Java processes are started with.

A file keeps the command short enough to read in a process list, and takes any path.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

# Every JVM: no memory-mapped counters in the temporary folder of the machine, and end rather than
# limp on without memory, so that the supervisor starts a fresh one.
_COMMON = ("-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError")


def heap(most_mb: int) -> tuple[str, ...]:
    """Return the options for a heap that starts small and grows to `most_mb` MiB."""
    return (f"-Xms{min(128, most_mb)}m", f"-Xmx{most_mb}m")


def logging(properties: Path, file: Path) -> tuple[str, ...]:
    """Return the options that send Log4j's output to `file`."""
    return (f"-Dlog4j2.configurationFile={properties.as_uri()}", f"-Dlog.file={file}")


def write_arguments(
    path: Path, options: Iterable[str], classpath: Sequence[Path], main: Sequence[str]
) -> None:
    """Write a Java argument file: options, class path, main class and its arguments."""
    joined = ":".join(str(entry) for entry in classpath)
    lines = [*_COMMON, *options, "-cp", joined, *main]
    path.write_text("".join(_quoted(line) + "\n" for line in lines))


def property_value(value: str) -> str:
    """Return a value as it stands in a properties file."""
    return value.replace("\\", "\\\\")


def _quoted(argument: str) -> str:
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
