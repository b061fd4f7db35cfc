"""Of what `flink run` prints when it fails, the one line that says why."""

from __future__ import annotations

import pytest

from stack.submission.submit import why
from tests.unit.stack.flink_api import STACK_TRACE

ABORT = (
    "org.apache.flink.client.program.ProgramAbortException: java.lang.RuntimeException: Python "
    "process exits with code: 1\n\tat org.apache.flink.client.python.PythonDriver.main(P.java)\n"
    "Caused by: java.lang.RuntimeException: Python process exits with code: 1\n\t... 15 more\n"
)
WRONG_CALL = (
    "usage: flink run -py jobs/fraud_detection.py [-h]\n"
    "flink run -py jobs/fraud_detection.py: error: argument --bundle: 'x' is not a folder\n"
)
PYTHON = (
    'Traceback (most recent call last):\n  File "jobs/fraud_detection.py", line 9, in <module>\n'
    "    main()\nRuntimeError: expected one SinkTransformation in the graph, got 2\n"
)
JAVA_IN_PYTHON = (
    'Traceback (most recent call last):\n  File "jobs/fraud_detection.py", line 9, in <module>\n'
    "    main()\npy4j.protocol.Py4JJavaError: An error occurred while calling o9.execute.\n"
    ": org.apache.flink.util.FlinkException: Failed to execute job\n\tat a.B.c(B.java:1)\n"
    "Caused by: org.apache.flink.runtime.rest.util.RestClientException: [Not enough slots.]\n"
)


@pytest.mark.parametrize(
    ("printed", "sentence"),
    [
        (WRONG_CALL + ABORT, "argument --bundle: 'x' is not a folder"),
        (PYTHON + ABORT, "RuntimeError: expected one SinkTransformation in the graph, got 2"),
        (JAVA_IN_PYTHON + ABORT, "RestClientException: [Not enough slots.]"),
        (
            STACK_TRACE,
            "CheckpointException: Checkpoint triggering task card stage (1/1) is not running.",
        ),
        ("", "no reason was given"),
    ],
)
def test_the_innermost_cause_is_told(printed: str, sentence: str) -> None:
    """Neither Flink's own wrapping nor where in Python it happened."""
    assert why(printed) == sentence
