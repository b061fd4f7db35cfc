"""One run of `produce`: its progress, its summary and its exit status."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
import msgspec
import pyarrow as pa

from cli.console import Output, fail
from cli.stream.produce_options import SendOptions
from events.timestamps import format_ms
from producer.errors import SendError
from producer.sending.feed import GENERATED, Progress, Source, Summary
from producer.sending.outfile import OutFileError, partial_of
from producer.sending.run import INTERRUPTED, OnTick, to_file, to_kafka
from stack.clients.topics import require_broker
from stack.errors import StackError

EXIT_INTERRUPTED = 130
PLAIN_LINE_EVERY_S = 5.0


def run(
    batches: Iterator[pa.RecordBatch],
    options: SendOptions,
    out: Output,
    source: Source = GENERATED,
) -> Summary:
    """Send or write the batches, showing how far it is."""
    settings = options.run_settings()
    try:
        with _progress(out) as on_tick:
            if options.to_file is not None:
                return to_file(batches, options.to_file, settings, on_tick, source)
            kafka = options.kafka_settings()
            require_broker(kafka.bootstrap)
            return to_kafka(batches, settings, kafka, on_tick, source)
    except (SendError, OutFileError, StackError) as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def _progress(out: Output) -> Iterator[OnTick]:
    """Show how far a run is: a spinner on a terminal, else a line now and then."""
    every_s = 0.0 if out.remarks.is_terminal else PLAIN_LINE_EVERY_S
    next_s = every_s
    with out.steps() as step:

        def show(progress: Progress) -> None:
            nonlocal next_s
            if progress.seconds >= next_s and progress.last_ms is not None:
                next_s = progress.seconds + every_s
                step(_progress_line(progress, progress.last_ms))

        yield show


def _progress_line(progress: Progress, last_ms: int) -> str:
    rate = progress.payments / progress.seconds if progress.seconds else 0.0
    return (
        f"{progress.payments:,} payments, {progress.labels:,} labels, {rate:,.0f} payments/s, "
        f"at {format_ms(last_ms)}"
    )


def finish(summary: Summary, options: SendOptions, out: Output, accepted: bool) -> None:
    """Print the summary and end with the status that it calls for."""
    if options.json_path:
        out.json(options.json_path, msgspec.to_builtins(summary))
    if not out.quiet and options.json_path != "-":
        _show_summary(summary, options, out)
    if summary.broken_off and summary.stopped:
        fail(f"{summary.stopped}. {_go_on(summary)}")
    elif summary.stopped and summary.rows_read and summary.payments and not options.to_file:
        out.say(f"Go on, with a file in order of time, with --from {summary.last_event_time}.")
    if summary.stopped and options.to_file:
        out.say(f"What was written is in {partial_of(options.to_file).name}.")
    if summary.stopped == INTERRUPTED:
        sys.exit(EXIT_INTERRUPTED)
    if summary.stopped or summary.failed or not accepted:
        sys.exit(1)


def _show_summary(summary: Summary, options: SendOptions, out: Output) -> None:
    verb = "written" if options.to_file else "sent"
    read = summary.rows_read
    rows: list[tuple[str, str]] = [] if read is None else [("rows read", f"{read:,}")]
    rows += [
        (f"payments {verb}", f"{summary.payments:,}"),
        ("labels sent", f"{summary.labels:,}"),
        ("labels not due yet", f"{summary.labels_not_due:,}"),
        ("bytes", f"{summary.bytes:,}"),
        ("seconds", f"{summary.seconds:,.1f}"),
        ("payments a second", f"{summary.payments_per_s:,.0f}"),
        ("first event time", summary.first_event_time or "-"),
        ("last event time", summary.last_event_time or "-"),
    ]
    rows += [(f"refused: {code}", f"{count:,}") for code, count in summary.rejected.items()]
    if read is not None:
        rows += _left_out(summary, options)
    rows += [(f"failed: {name}", f"{count:,}") for name, count in summary.failed.items()]
    if summary.stopped:
        rows.append(("stopped", "the file breaks off" if summary.broken_off else summary.stopped))
    shown = rows if not options.to_file else [row for row in rows if "label" not in row[0]]
    out.table(("", ""), shown)


def _left_out(summary: Summary, options: SendOptions) -> list[tuple[str, str]]:
    """Return the rows that are neither sent nor refused, with the options that leave them out."""
    given = {"--from": options.from_time, "--until": options.until_time, "--limit": options.limit}
    reasons = [name for name, value in given.items() if value is not None]
    reasons += ["stopped"] if summary.stopped else []
    counts = {
        "left out: --skip-rows": summary.rows_skipped,
        "left out: --leave-out-refunds": summary.refunds_left_out,
        f"left out: {', '.join(reasons)}": summary.left_out,
    }
    return [(name, f"{count:,}") for name, count in counts.items() if count]


def _go_on(summary: Summary) -> str:
    """Say how a run goes on behind the row where its file broke off."""
    sent = f"The last of {summary.payments:,} payments is of {summary.last_event_time}."
    if not summary.payments:
        sent = "No payment came before."
    return (
        f"{sent} When the file is mended, go on with --skip-rows {summary.rows_read}"
        + (
            f", or, in order of time, with --from {summary.last_event_time}"
            if summary.payments
            else ""
        )
        + "."
    )
