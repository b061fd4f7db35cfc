"""A Flink REST API that answers from a table, for sentences that no healthy cluster gives."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from stack.clients.flink import FlinkClient

STACK_TRACE = (
    "java.util.concurrent.CompletionException: org.apache.flink.util.FlinkException: late\n"
    "\tat java.base/java.util.concurrent.CompletableFuture.encodeThrowable(Unknown Source)\n"
    "Caused by: org.apache.flink.runtime.checkpoint.CheckpointException: Checkpoint triggering "
    "task card stage (1/1) is not running.\n\tat a.B.c(B.java:1)\n\t... 3 more\n"
)


@contextmanager
def flink_api(answers: Mapping[str, Any]) -> Iterator[FlinkClient]:
    """Answer a method and path such as `GET /jobs/1` with JSON, or with what a function returns.

    Anything else is a 404.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found = answers.get(f"{self.command} {self.path}")
            found = found() if callable(found) else found
            self.send_response(404 if found is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(found or {"errors": ["Not found."]}).encode())

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815  # the names that http.server calls

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield FlinkClient(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


def one_job(state: str, *, running: bool, name: str = "cardwatch fraud detection (latency)") -> Any:
    """Return the answers of a cluster with one job, of id 1, that has failed before."""
    overview = {"jid": "1", "name": name, "state": state, "start-time": 1}
    status = "RUNNING" if running else "SCHEDULED"
    entries = [{"timestamp": 5, "stacktrace": STACK_TRACE}]
    return {
        "GET /jobs/overview": {"jobs": [overview]},
        "GET /jobs/1": {"state": state, "vertices": [{"status": status}]},
        "GET /jobs/1/exceptions": {"exceptionHistory": {"entries": entries}},
    }
