"""The Flink cluster: a JobManager, its ZooKeeper, and TaskManagers of one slot each.

The JVMs are started directly, not by the distribution's scripts: those start two helper JVMs for
each process to divide its memory, which would double the start-up time, and a process started by
the supervisor itself is stopped and restarted by its own pid.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from stack.installation import Installation
from stack.services import java, zookeeper
from stack.settings import HOST, JOBMANAGER, Layout, Ports, StackSettings, taskmanager_name

# What Flink keeps of a TaskManager's heap for itself, MiB (its default).
_FRAMEWORK_HEAP_MB = 128
_TASKMANAGERS_PER_PARALLELISM = 2

_SESSION = "high-availability.zookeeper.client.session-timeout"

_JOBMANAGER_MAIN = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
_CLIENT_MAIN = "org.apache.flink.client.cli.CliFrontend"
_TASKMANAGER_MAIN = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"


def flatten(config: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Turn nested options into dotted keys, the form in which Flink documents them.

    >>> flatten({"rest": {"port": 8081}, "web.submit.enable": False})
    {'rest.port': '8081', 'web.submit.enable': 'false'}
    """
    flat: dict[str, str] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[prefix + key] = str(value).lower() if isinstance(value, bool) else str(value)
    return flat


def profile(install: Installation, name: str) -> dict[str, str]:
    """Return the options of a way of running by their full key: common.yaml, then NAME.yaml."""
    folder = install.root / "flink-conf"
    texts = [(folder / f"{part}.yaml").read_text() for part in ("common", name)]
    return {key: value for text in texts for key, value in flatten(yaml.safe_load(text)).items()}


def environment(install: Installation, settings: StackSettings) -> dict[str, str]:
    """Return the environment of every process of the stack and of its clients.

    One thread for each numeric library: a TaskManager has one slot, so its neighbours have the
    other cores, and scores are bit for bit the same only with one thread.
    """
    layout = Layout(settings.folder)
    python_path = f"{install.root}:{install.site_packages}"
    install.numba_cache.mkdir(parents=True, exist_ok=True)
    return {
        **{key: os.environ[key] for key in ("HOME", "LANG", "TZ", "TMPDIR") if key in os.environ},
        "PATH": f"{install.python.parent}:{install.java.parent}:/usr/local/bin:/usr/bin:/bin",
        "JAVA_HOME": str(install.java_home),
        "PYTHONPATH": python_path,
        "NUMBA_CACHE_DIR": str(install.numba_cache),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "FLINK_CONF_DIR": str(layout.conf),
        "FLINK_LIB_DIR": str(layout.lib),
        "FLINK_OPT_DIR": str(install.flink / "opt"),
        "FLINK_PLUGINS_DIR": str(install.flink / "plugins"),
        "FLINK_LOG_DIR": str(layout.logs),
        "FLINK_IDENT_STRING": "cardwatch",
    }


def write_config(install: Installation, settings: StackSettings, ports: Ports) -> None:
    """Write config.yaml, the logging properties, the links to the jars and the argument files."""
    layout = Layout(settings.folder)
    for name in ("log4j.properties", "log4j-cli.properties", "log4j-console.properties"):
        shutil.copyfile(install.root / "flink-conf" / "log4j.properties", layout.conf / name)
    options = {
        **flatten({"env": install.shipped_config()["env"]}),
        **profile(install, "embedded"),
        **_run_time(install, settings, ports),
        **settings.flink,
    }
    text = yaml.safe_dump(options, default_style='"', width=10_000)
    (layout.conf / "config.yaml").write_text(text)
    link_jars(install, layout)
    _write(settings, "client", _jvm_options(options, "client"), [_CLIENT_MAIN])
    zookeeper.write_config(settings, ports)
    _write_jobmanager(settings, options)
    for number in range(settings.taskmanagers):
        _write_taskmanager(settings, options, taskmanager_name(number + 1))


def _run_time(install: Installation, settings: StackSettings, ports: Ports) -> dict[str, str]:
    layout = Layout(settings.folder)
    task_heap_mb = settings.taskmanager_heap_mb - _FRAMEWORK_HEAP_MB
    return {
        "rest.port": str(ports.flink_ui),
        "jobmanager.rpc.address": settings.host(JOBMANAGER),
        "jobmanager.bind-host": settings.host(JOBMANAGER),
        # With high availability the port that is told is this one.
        "high-availability.jobmanager.port": str(ports.jobmanager_rpc),
        "high-availability.zookeeper.quorum": zookeeper.address(settings, ports),
        "high-availability.storageDir": layout.recovery.as_uri(),
        "blob.server.port": str(ports.blob_server),
        "parallelism.default": str(parallelism(settings)),
        "taskmanager.memory.task.heap.size": f"{task_heap_mb}m",
        "execution.checkpointing.dir": layout.checkpoints.as_uri(),
        "execution.checkpointing.savepoint-dir": layout.savepoints.as_uri(),
        "python.executable": str(install.python),
        "python.client.executable": str(install.python),
        "python.pythonpath": f"{install.root}:{install.site_packages}",
        "io.tmp.dirs": str(layout.temporary),
    }


def parallelism(settings: StackSettings) -> int:
    """Return the parallelism that the cluster has room for: two stages, a slot for each."""
    return max(1, settings.taskmanagers // _TASKMANAGERS_PER_PARALLELISM)


def link_jars(install: Installation, layout: Layout) -> None:
    """Gather the distribution's jars, the connector and the Java edge in one folder.

    `flink run` adds PyFlink's own jar only where the job does not set pipeline.jars, so the
    others have to be on the cluster's class path; the distribution itself stays untouched.
    PyFlink's jar is there too, for the interpreter: see parent-first-patterns in flink-conf.
    """
    shutil.rmtree(layout.lib, ignore_errors=True)
    layout.lib.mkdir()
    jars = [
        *(install.flink / "lib").glob("*.jar"),
        *(install.flink / "opt").glob("flink-python-*.jar"),
        *(install.jars / "flink").glob("*.jar"),
    ]
    for jar in jars:
        (layout.lib / jar.name).symlink_to(jar)


def _write_jobmanager(settings: StackSettings, options: Mapping[str, str]) -> None:
    jvm = (
        *java.heap(settings.jobmanager_heap_mb),
        # It coordinates and computes nothing: the quick compiler and collector leave the cores
        # to the others.
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
    )
    main = (_JOBMANAGER_MAIN, "--configDir", str(Layout(settings.folder).conf))
    _write(settings, JOBMANAGER, (*jvm, *_jvm_options(options, "jobmanager")), main)


def _write_taskmanager(settings: StackSettings, options: Mapping[str, str], name: str) -> None:
    layout = Layout(settings.folder)
    scratch = layout.temporary / name
    scratch.mkdir(parents=True, exist_ok=True)
    jvm = (
        *java.heap(settings.taskmanager_heap_mb),
        f"-Djava.io.tmpdir={scratch}",
        *_jvm_options(options, "taskmanager"),
    )
    own = {
        "taskmanager.resource-id": name,
        "taskmanager.host": settings.host(name),
        "taskmanager.bind-host": settings.host(name),
        "io.tmp.dirs": str(scratch),
        # It elects nobody, it only asks who leads; so its session may last as long as its
        # heartbeat. A full collection of a large heap outlasts the JobManager's.
        _SESSION: options["heartbeat.timeout"],
    }
    dynamic = [word for key, value in own.items() for word in ("-D", f"{key}={value}")]
    main = (_TASKMANAGER_MAIN, "--configDir", str(layout.conf), *dynamic)
    _write(settings, name, jvm, main)


def _jvm_options(options: Mapping[str, str], role: str) -> list[str]:
    shipped = options.get("env.java.opts.all", "")
    return f"{shipped} {options.get(f'env.java.opts.{role}', '')}".split()


def _write(
    settings: StackSettings,
    name: str,
    jvm: Sequence[str],
    main: Sequence[str],
) -> None:
    layout = Layout(settings.folder)
    logging = java.logging(layout.conf / "log4j.properties", layout.logs / f"{name}.log")
    java.write_arguments(layout.conf / f"{name}.args", (*jvm, *logging), _classpath(layout), main)


def _classpath(layout: Layout) -> list[Path]:
    """Return the cluster's jars, flink-dist last as the distribution's scripts order them."""
    return sorted(layout.lib.glob("*.jar"), key=lambda jar: ("flink-dist" in jar.name, jar.name))


def ui(ports: Ports) -> str:
    """Return the address of the web UI, which is that of the REST API too."""
    return f"http://{HOST}:{ports.flink_ui}"
