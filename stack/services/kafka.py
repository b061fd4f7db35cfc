"""The broker: one KRaft node on the loopback address."""

from __future__ import annotations

import subprocess
from pathlib import Path

from stack.errors import StackError
from stack.installation import Installation
from stack.services import java
from stack.settings import BROKER, HOST, Layout, Ports, StackSettings

# Any constant will do: the cluster has one node, and its folder is not shared.
_CLUSTER_ID = "Y2FyZHdhdGNoLWxvY2FsLQ"

SWEEP_S = 30
"""Transactions that have outlasted their time-out are aborted so often, first so long after a
start."""

_PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    # A mistyped topic is an error, not a new topic with the wrong partitions.
    "auto.create.topics.enable": "false",
    # One node cannot replicate.
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # Each partition of these internal topics costs files and start-up time; 50 are the default.
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    # A consumer that joins need not wait for others; 3 s is the default.
    "group.initial.rebalance.delay.ms": "0",
    # The sinks' transactions outlast the longest restart of the job; see flink-conf/README.md.
    "transaction.max.timeout.ms": str(60 * 60 * 1000),
    # A lone broker that was killed takes up to 12 s to register anew, and is led to believe
    # meanwhile that its partitions have no leader. A sweep in that time notes an abort and writes
    # it nowhere: the transaction stays open for ever, and holds back every reader of committed
    # records (docs/faults.md). The sweep begins so long after the start; 10 s are the default.
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": str(SWEEP_S * 1000),
    # The broker is restarted after a crash: recover its segments on both cores.
    "num.recovery.threads.per.data.dir": "2",
    # One client machine: the defaults of 3 and 8 threads only add switches.
    "num.network.threads": "2",
    "num.io.threads": "4",
    # Small enough that retention frees disk on a laptop; 1 GiB is the default.
    "log.segment.bytes": str(128 * 1024 * 1024),
    # Above the largest topic's own limit (dead letters of 4 MiB).
    "message.max.bytes": str(5 * 1024 * 1024),
}


def bootstrap(settings: StackSettings, ports: Ports) -> str:
    """Return the address that clients are given."""
    return f"{settings.host(BROKER)}:{ports.kafka}"


def write_config(install: Installation, settings: StackSettings, ports: Ports) -> None:
    """Write the broker's properties and its Java argument file."""
    layout = Layout(settings.folder)
    address = bootstrap(settings, ports)
    properties = {
        **_PROPERTIES,
        "listeners": f"PLAINTEXT://{address},CONTROLLER://{HOST}:{ports.controller}",
        "advertised.listeners": f"PLAINTEXT://{address}",
        "controller.quorum.voters": f"1@{HOST}:{ports.controller}",
        "log.dirs": str(layout.kafka_data),
    }
    lines = [f"{key}={java.property_value(value)}\n" for key, value in properties.items()]
    _properties_file(layout).write_text("".join(lines))
    options = (
        *java.heap(settings.broker_heap_mb),
        "-XX:+UseG1GC",
        # The broker's own start script asks for this pause too.
        "-XX:MaxGCPauseMillis=20",
        "-Djava.awt.headless=true",
        *java.logging(layout.conf / "log4j.properties", layout.logs / f"{BROKER}.log"),
    )
    main = ("kafka.Kafka", str(_properties_file(layout)))
    java.write_arguments(layout.conf / f"{BROKER}.args", options, [_jars(install)], main)


def format_storage(install: Installation, settings: StackSettings) -> None:
    """Prepare the broker's data folder; one that is prepared already is left as it is."""
    layout = Layout(settings.folder)
    if (layout.kafka_data / "meta.properties").exists():
        return
    command = [
        *(str(install.java), "-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
        *java.logging(layout.conf / "log4j.properties", layout.logs / "format.log"),
        *("-cp", str(_jars(install)), "kafka.tools.StorageTool", "format", "--ignore-formatted"),
        *("--cluster-id", _CLUSTER_ID, "--config", str(_properties_file(layout))),
    ]
    told = subprocess.run(command, capture_output=True, text=True)
    if told.returncode:
        raise StackError(
            f"Kafka could not prepare {layout.kafka_data}: {_last_line(told.stderr + told.stdout)}"
        )


def _jars(install: Installation) -> Path:
    return install.jars / "kafka" / "*"


def _properties_file(layout: Layout) -> Path:
    return layout.conf / "broker.properties"


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it gave no reason"
