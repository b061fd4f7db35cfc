"""Read out of a checkpoint or savepoint from which offsets the job goes on.

Flink's own classes read the snapshot, in a small JVM that lives for half a second: the format is
theirs, and changes with their release. Py4J, which PyFlink depends on, starts that JVM.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway
from py4j.protocol import Py4JError

from events.errors import one_line
from stack.clients.flink import root_cause
from stack.errors import StackError
from stack.installation import Installation

Place = tuple[str, int]
"""A topic and the number of one of its partitions."""

_SPLITS: Final = "SourceReaderState"
"""The name under which every source of Flink keeps its splits."""

_METADATA: Final = "_metadata"
_OPTIONS: Final = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
_LONGEST_REASON: Final = 200


def next_offsets(install: Installation, snapshot: Path) -> Mapping[Place, int]:
    """Return the offset at which the job goes on in each partition; negative where it read nothing.

    Raises:
        StackError: The snapshot cannot be read.
    """
    try:
        with _java(install) as jvm:
            return _read(jvm, snapshot.absolute())
    except (Py4JError, OSError) as error:
        raise StackError(f"No JVM could be started to read {snapshot}: {error}") from error


def _read(jvm: Any, snapshot: Path) -> Mapping[Place, int]:
    try:
        return dict(_offsets(jvm, snapshot))
    except Py4JError as error:
        # The JVM is asked for the text of its exception, so it has to be there still.
        told = str(error)
        reason = one_line(root_cause(told.partition("\n: ")[2] or told), _LONGEST_REASON)
    raise StackError(f"{snapshot} cannot be read as a checkpoint of Flink: {reason}")


@contextmanager
def _java(install: Installation) -> Iterator[Any]:
    """Start a JVM that knows Flink and its Kafka connector, and end it afterwards."""
    jars = [
        *(install.flink / "lib").glob("flink-dist-*.jar"),
        *(install.flink / "lib").glob("log4j-*.jar"),
        *(install.jars / "flink").glob("*.jar"),
    ]
    port, token, process = launch_gateway(
        classpath=":".join(map(str, jars)),
        java_path=str(install.java),
        javaopts=_OPTIONS,
        die_on_exit=True,
        enable_auth=True,
        return_proc=True,
    )
    gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port, auth_token=token))
    try:
        yield gateway.jvm
    finally:
        gateway.shutdown()
        process.stdin.close()  # which ends the JVM: it watches for that


def _offsets(jvm: Any, snapshot: Path) -> Iterator[tuple[Place, int]]:
    flink = jvm.org.apache.flink
    path = snapshot if snapshot.is_file() else snapshot / _METADATA
    file = jvm.java.io.DataInputStream(jvm.java.io.FileInputStream(str(path)))
    loader = jvm.java.lang.ClassLoader.getSystemClassLoader()
    metadata = flink.runtime.checkpoint.Checkpoints.loadCheckpointMetadata(
        file, loader, path.parent.as_uri()
    )
    for operator in metadata.getOperatorStates():
        for subtask in operator.getStates().toArray():
            for handle in subtask.getManagedOperatorState().toArray():
                for split in _splits(flink, handle):
                    place = split.getTopic(), split.getPartition()
                    yield place, split.getStartingOffset()


def _splits(flink: Any, handle: Any) -> Iterator[Any]:
    """Yield the Kafka splits of one subtask's operator state, none where it is not a source's."""
    kept = handle.getStateNameToPartitionOffsets().get(_SPLITS)
    if kept is None:
        return
    serializer = flink.connector.kafka.source.split.KafkaPartitionSplitSerializer()
    read = flink.core.io.SimpleVersionedSerialization.readVersionAndDeSerialize
    as_bytes = flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer.INSTANCE
    stream = handle.openInputStream()
    try:
        for offset in kept.getOffsets():
            stream.seek(offset)
            data = flink.core.memory.DataInputViewStreamWrapper(stream)
            yield read(serializer, as_bytes.deserialize(data))
    finally:
        stream.close()
