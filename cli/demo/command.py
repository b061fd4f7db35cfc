"""`cardwatch demo`: everything at once, from an empty folder to alerts on screen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from cli.console import Output
from cli.demo.stream import DemoStream
from cli.demo.summary import DemoSummary, summarise
from cli.options import GroupedCommand, in_group, output_options
from cli.stack.kernels import compiling
from cli.stack.submit import ROOT, start_job
from cli.stream.alert_line import heading, line
from cli.stream.follow import Unseen, follow
from events.alert import decode_alert
from events.topics import ALERTS
from harness.latency import LatencyProbe
from producer.sending.feed import Feed
from producer.sending.pacing import Pace
from producer.world.settings import WorldSettings
from scoring.loader import find_bundle
from stack.clients.readable import Unreadable, readable
from stack.installation import RUN_FOLDER
from stack.services.embedded import Stack
from stack.settings import StackSettings

CATCH_UP_S = 300.0
COMMIT_S = 15.0
SHOW_DAYS = 60
"""Days that the show can last; a day of the default world takes three seconds of it."""
_LEAST_MERCHANTS = 100

EXAMPLE = """\b
Examples:
  ./cardwatch demo                    ends by itself after 25 alerts
  ./cardwatch demo --alerts 500 --rate 1000
  ./cardwatch demo --keep             leaves the stack running, to look around"""

_run = in_group("Show")
_world = in_group("Generated world")


@dataclass(frozen=True)
class DemoSettings:
    """Settings of the demo; `rate` is in payments a second."""

    alerts: int
    rate: float
    history_days: int
    cards: int
    seed: int


@click.command("demo", cls=GroupedCommand, epilog=EXAMPLE)
@_run("--alerts", type=click.IntRange(min=1), default=25, help="Number of alerts to end after.")
@_run("--rate", type=click.FloatRange(min=1), default=300.0, help="Number of payments a second.")
@_run(
    "--keep",
    is_flag=True,
    help="Leave the stack and its data for a look around; `./cardwatch down` stops the stack.",
)
@_world(
    "--history-days",
    type=click.IntRange(8, 120),
    default=30,
    help="Number of days of payments before the show.",
)
@_world(
    "--cards",
    type=click.IntRange(100, 100_000),
    default=5_000,
    help="Number of cards in the world.",
)
@_world(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    help="Seed of the world: the same seed, the same payments.",
)
@output_options
def command(
    alerts: int, rate: float, history_days: int, cards: int, seed: int, keep: bool, out: Output
) -> None:
    """Show the whole product at work: payments, the running job, and fraud alerts on screen.

    Needs nothing: Kafka, Flink and the job start on this machine, and the payments are generated.
    A month of history goes first, so that cards and merchants have a usual behaviour. Prints one
    line for each alert and, after --alerts alerts or Ctrl-C, a summary. Then everything stops.
    """
    settings = DemoSettings(alerts, rate, history_days, cards, seed)
    stack = Stack(StackSettings(RUN_FOLDER / "demo"))
    stack.down(delete_data=True)
    try:
        summary = _play(stack, settings, out)
        if summary is not None:
            summary.show(out)
    except KeyboardInterrupt:
        out.say("Interrupted before the first payment of the show.")
    finally:
        _end(stack, keep, out)


def demo_world(settings: DemoSettings) -> WorldSettings:
    """Return a world as busy for its size as the one that `train` learns from by default."""
    usual = WorldSettings()
    days = settings.history_days + SHOW_DAYS
    busy = settings.cards / usual.users * days / usual.days
    return WorldSettings(
        users=settings.cards,
        merchants=max(_LEAST_MERCHANTS, settings.cards * usual.merchants // usual.users),
        payments=round(usual.payments * busy),
        days=days,
        seed=settings.seed,
    )


def _play(stack: Stack, settings: DemoSettings, out: Output) -> DemoSummary | None:
    """Set the stage, play, and account for what happened."""
    bundle = find_bundle(ROOT / "onnx_models", "ensemble")
    with out.steps() as step, compiling(stack, bundle):
        stack.up(step)
        stream = DemoStream(demo_world(settings), settings.history_days, stack.kafka)
        step(f"sending {settings.history_days} days of history")
        with LatencyProbe(stack.kafka, committed=True) as history:
            sent = stream.send_history()
            start_job(stack, bundle, step)
            step(f"the job takes in {sent:,} payments of history")
            history.wait_for(sent, CATCH_UP_S)
    out.say(f"{sent:,} payments of history are in. Flink web UI: {stack.flink.url}")
    return _show(stack, stream, settings, out)


def _show(
    stack: Stack, stream: DemoStream, settings: DemoSettings, out: Output
) -> DemoSummary | None:
    """Send payments at their pace and print alerts until there are enough, or Ctrl-C."""
    feed = Feed(Pace(per_s=settings.rate), flush_every_s=1.0)
    early = LatencyProbe(stack.kafka, committed=False)
    committed = LatencyProbe(stack.kafka, committed=True)
    alerts = _AlertPrinter(stack.kafka, settings.alerts, lambda: feed.stop("enough alerts"), out)
    with early, committed, alerts:
        sending = stream.send_present(feed)
        try:
            sending.join()
        except KeyboardInterrupt:
            out.say("Ctrl-C: ending cleanly.")
            feed.stop("interrupted")
            sending.join()
        out.say("No more payments; waiting for the last commit.")
        committed.wait_for(feed.progress.payments, COMMIT_S)
    if not committed.seen:
        return None
    return summarise(stack.kafka, stream.truth, feed.progress, early, committed)


class _AlertPrinter:
    """A thread that prints alerts early, and calls `enough` at the last one wanted."""

    def __init__(self, bootstrap: str, wanted: int, enough: Callable[[], None], out: Output):
        self._bootstrap = bootstrap
        self._wanted = wanted
        self._enough = enough
        self._out = out
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alert-printer")

    def __enter__(self) -> None:
        self._out.results.print(heading())
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        unseen, shown = Unseen(), 0
        # From the end: the alerts of the history are not part of the show.
        messages = follow(self._bootstrap, ALERTS.name, early=True, stopped=self._ended.is_set)
        for _, alert in readable(messages, decode_alert, Unreadable(self._out.warn)):
            if not unseen(alert.transaction_id) or shown == self._wanted:
                continue
            self._out.results.print(line(alert))
            shown += 1
            if shown == self._wanted:
                self._enough()


def _end(stack: Stack, keep: bool, out: Output) -> None:
    """Stop the stack, or say how to."""
    if keep:
        folder = Path(stack.settings.folder)
        out.say(
            f"The stack runs on: {stack.flink.url}, Kafka at {stack.kafka}. "
            f"End it with: ./cardwatch down --folder {folder} --delete"
        )
        return
    with out.steps() as step:
        stack.down(delete_data=True, progress=step)
    out.say("Everything that the demo started has ended.")
