"""The payments of a run, sent by a process of its own: for a producer whose surroundings fail.

    python -m verify.faults.traffic_apart BOOTSTRAP PER_S

The program takes the records from standard input and tells the producer's log on standard output
once the broker has confirmed them all, both in msgpack.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence

import msgspec

from harness.errors import BenchmarkError
from producer.stream.records import Record
from stack.installation import ROOT
from stack.services.embedded import Stack
from verify.faults.producer_log import Sent
from verify.faults.traffic import Flow

PRODUCER = "producer"
"""Its name among the prefixes of the stack's settings, by which a fault asks for it."""


class FlowApart(Flow):
    """A flow whose records go from a process behind the words of a prefix."""

    def __init__(
        self, bootstrap: str, sent: Sequence[Record], per_s: float, prefix: Sequence[str]
    ) -> None:
        super().__init__(bootstrap, (), per_s)
        program = (sys.executable, "-m", "verify.faults.traffic_apart", bootstrap, str(per_s))
        self._command = (*prefix, *program)
        self._records = msgspec.msgpack.encode([tuple(record) for record in sent])
        self._told = b""
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._talk, name="traffic apart", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        super().start()

    def stop(self) -> None:
        """Give the rest up, when a run ends early."""
        if self._process is not None:
            self._process.kill()
            self._thread.join()

    def finish(self) -> None:
        """Wait until everything is sent and confirmed; BenchmarkError where it cannot be."""
        self._thread.join()
        if not self._told:
            raise BenchmarkError(
                "Expected the log of the producer's process, got nothing: see its words above."
            )
        self.log.extend(msgspec.msgpack.decode(self._told, type=list[Sent]))

    def _talk(self) -> None:
        assert self._process is not None
        self._told, _ = self._process.communicate(self._records)


def new_flow(stack: Stack, sent: Sequence[Record], per_s: float) -> Flow:
    """Return the flow of a run: of this process, or of one of its own where the stack says how."""
    prefix = stack.settings.prefixes.get(PRODUCER)
    if prefix is None:
        return Flow(stack.kafka, sent, per_s)
    return FlowApart(stack.kafka, sent, per_s, prefix)


def main() -> None:
    """Send what standard input holds."""
    _, bootstrap, per_s = sys.argv
    told = msgspec.msgpack.decode(
        sys.stdin.buffer.read(), type=list[tuple[bool, bytes, bytes, int]]
    )
    flow = Flow(bootstrap, [Record(*each) for each in told], float(per_s))
    flow.start()
    flow.finish()
    sys.stdout.buffer.write(msgspec.msgpack.encode(flow.log))


if __name__ == "__main__":
    main()
