"""Submit a Python job with Flink's own client, `flink run`.

The client is started directly, with the class path that the distribution's bin/flink would find:
that script starts two more JVMs to read the configuration, and fails in a folder with a space in
its name. With FLINK_CONF_DIR and FLINK_LIB_DIR set as `./cardwatch status` tells, bin/flink does
the same.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from stack.clients.flink import root_cause
from stack.errors import StackError
from stack.services.embedded import Stack

_TIMEOUT_S = 120.0


def submit(
    stack: Stack,
    job: Path,
    arguments: Sequence[str] = (),
    *,
    savepoint: str | None = None,
    claim: bool = False,
    parallelism: int | None = None,
    options: Sequence[tuple[str, str]] = (),
) -> str:
    """Submit `job` detached, as `flink run -d -py JOB ARGUMENTS` does, and return its id.

    Args:
        stack: The stack whose cluster runs it.
        job: The Python file with the job's main, or a jar whose manifest names its main class.
        arguments: Its own arguments.
        savepoint: A savepoint or checkpoint to start from.
        claim: Whether the job takes it over: it need not be copied first, and Flink deletes it
            when it is no longer needed.
        parallelism: The parallelism, where not the cluster's default.
        options: Flink options for this job.

    Raises:
        StackError: The client failed; the message has the end of what it printed.
    """
    arguments_file = stack.layout.conf / "client.args"
    command = [str(stack.install.java), f"@{arguments_file}", "run", "-d"]
    if savepoint:
        command += ["-s", savepoint, *(["-claimMode", "CLAIM"] if claim else [])]
    if parallelism:
        command += ["-p", str(parallelism)]
    command += [word for key, value in options for word in ("-D", f"{key}={value}")]
    command += [str(job), *arguments] if job.suffix == ".jar" else ["-py", str(job), *arguments]
    try:
        told = subprocess.run(
            command,
            cwd=stack.install.root,
            env=stack.client_environment,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        raise StackError(
            f"`flink run` did not end within {_TIMEOUT_S:.0f} s and was stopped: "
            "./cardwatch status says whether the job runs."
        ) from None
    printed = told.stdout + told.stderr
    match = re.search(r"JobID ([0-9a-f]{32})", printed)
    if told.returncode or match is None:
        log = stack.layout.logs / "submit.log"
        log.write_text(printed)
        raise StackError(
            f"`flink run` did not submit {job.name}: {why(printed)} (the whole text is in {log})"
        )
    return match[1]


_WRONG_CALL = re.compile(r"^flink run [^:]*: error: (.*)$", re.MULTILINE)
_PYTHON_ERROR = re.compile(r"^(?:\w+\.)*(\w+(?:Error|Exception)\b(?:: .*)?)$", re.MULTILINE)
_JAVA_ERROR = re.compile(r"^(?:Caused by: |: )?(?:\w+\.)+\w*(?:Exception|Error)\b.*$", re.MULTILINE)
_ABORTED = "org.apache.flink.client.program.ProgramAbortException"


def why(printed: str) -> str:
    """Return the one line of what `flink run` printed that says why it failed.

    That is what the job's own arguments are refused with, or else the innermost exception of the
    job's Python, or else of Flink's Java.
    """
    if wrong := _WRONG_CALL.search(printed):
        return wrong[1]
    # Behind the job's own words Flink says only that its Python has ended.
    own = printed.partition(_ABORTED)[0]
    _, traceback, rest = own.rpartition("Traceback (most recent call last):")
    if traceback and (errors := _PYTHON_ERROR.findall(rest)) and "Py4JJavaError" not in errors[0]:
        return str(errors[0])
    return root_cause("\n".join(_JAVA_ERROR.findall(rest)).lstrip(": ") or printed)
