"""deploy/flink/submit.py: the job is started once, and from where it was."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stack.installation import ROOT

ARGUMENTS = ["--bootstrap=kafka:19092", "--bundle=onnx_models/ensemble/1"]
Submit = Callable[[str | None], str]


@contextmanager
def jobmanager(state: str | None) -> Iterator[str]:
    """Answer as a JobManager with one job in `state`, or none; yields the address."""
    job = {"jid": "0", "name": "the job", "state": state, "start-time": 1}
    answer = json.dumps({"jobs": [job] if state else []}).encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def submit(tmp_path: Path, plain_environment: dict[str, str]) -> Submit:
    """Return a call of the script on a cluster of four, whose `flink` prints its arguments."""
    flink = tmp_path / "bin" / "flink"
    flink.parent.mkdir()
    flink.write_text('#!/bin/sh\necho "flink $*"\n')
    flink.chmod(0o755)

    def call(state: str | None) -> str:
        with jobmanager(state) as address:
            environment = plain_environment | {
                "PATH": f"{flink.parent}:{plain_environment['PATH']}",
                "CARDWATCH_FOLDER": str(tmp_path),
                "CARDWATCH_TASKMANAGERS": "4",
                "CARDWATCH_JOBMANAGER": address,
            }
            script = str(ROOT / "deploy" / "flink" / "submit.py")
            return subprocess.check_output(
                [sys.executable, script, *ARGUMENTS], env=environment, text=True
            )

    return call


@pytest.mark.parametrize("state", [None, "FAILED", "CANCELED", "FINISHED"])
def test_the_job_is_submitted_where_none_runs(submit: Submit, state: str | None) -> None:
    wanted = f"flink run -d -p 2 -py jobs/fraud_detection.py {' '.join(ARGUMENTS)}\n"
    assert submit(state) == wanted


@pytest.mark.parametrize("state", ["RUNNING", "RESTARTING", "CREATED"])
def test_a_job_that_has_not_ended_is_left_alone(submit: Submit, state: str) -> None:
    assert submit(state) == f"the job is {state} already.\n"


def test_it_goes_on_from_the_newest_snapshot(submit: Submit, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoints" / "0af1" / "chk-7"
    checkpoint.mkdir(parents=True)
    (checkpoint / "_metadata").touch()
    assert f"-s {checkpoint.as_uri()} -py" in submit(None)
