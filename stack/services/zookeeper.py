"""ZooKeeper: what the JobManager must not forget, in a process of its own.

One server, the one that Flink's distribution carries; docs/adr/0017 has the reasons. It remembers
the job and its last checkpoint while the stack runs, and is emptied at each start of the stack:
from there on `submit` resumes the job, whose checkpoints are on disk.
"""

from __future__ import annotations

import shutil

from stack.services import java
from stack.settings import ZOOKEEPER, Layout, Ports, StackSettings

_MAIN = "org.apache.flink.shaded.zookeeper3.org.apache.zookeeper.server.ZooKeeperServerMain"

_SETTINGS = {
    # The shortest session is two ticks; Flink asks for one of 5 s.
    "tickTime": "1000",
    # Each process of the cluster and each client holds a connection or two.
    "maxClientCnxns": "0",
    # Every checkpoint is a few entries; old files go.
    "autopurge.snapRetainCount": "3",
    "autopurge.purgeInterval": "1",
}
_OPTIONS = (
    *java.heap(48),
    # A few requests for each checkpoint: the quick compiler and collector do.
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    # No web server of its own.
    "-Dzookeeper.admin.enableServer=false",
    # It has to outlive its own crash, not the machine's: no wait for the disk in a checkpoint.
    "-Dzookeeper.forceSync=no",
    # KiB that a log file grows by, and entries after which a new one begins; the defaults are for
    # disks of its own.
    "-Dzookeeper.preAllocSize=1024",
    "-Dzookeeper.snapCount=10000",
    "-Dzookeeper.jmx.log4j.disable=true",
)


def address(settings: StackSettings, ports: Ports) -> str:
    """Return the address at which Flink finds ZooKeeper."""
    return f"{settings.host(ZOOKEEPER)}:{ports.zookeeper}"


def write_config(settings: StackSettings, ports: Ports) -> None:
    """Write its configuration and its Java argument file; the cluster's jars are linked already."""
    layout = Layout(settings.folder)
    own = {
        **_SETTINGS,
        "dataDir": str(layout.zookeeper_data),
        "clientPort": str(ports.zookeeper),
        "clientPortAddress": settings.host(ZOOKEEPER),
    }
    file = layout.conf / "zookeeper.properties"
    file.write_text("".join(f"{key}={java.property_value(value)}\n" for key, value in own.items()))
    logging = java.logging(layout.conf / "log4j.properties", layout.logs / f"{ZOOKEEPER}.log")
    jars = [jar for name in ("log4j-*", "flink-dist-*") for jar in sorted(layout.lib.glob(name))]
    arguments = layout.conf / f"{ZOOKEEPER}.args"
    java.write_arguments(arguments, (*_OPTIONS, *logging), jars, (_MAIN, str(file)))


def forget(layout: Layout) -> None:
    """Remove what the last run of the stack remembered of its job."""
    for folder in (layout.zookeeper_data, layout.recovery):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
