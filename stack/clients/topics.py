"""Create the topics that events/topics.py declares."""

from __future__ import annotations

from collections.abc import Iterable

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from events.topics import TOPICS, Topic
from stack import ports
from stack.errors import StackError

_TIMEOUT_S = 15.0
_ANSWER_S = 5.0


def is_listening(bootstrap: str) -> bool:
    """Say whether something accepts connections at one of the addresses host:port,host:port.

    Raises:
        StackError: One is not an address.
    """
    return any(ports.accepts(*_address(one)) for one in bootstrap.split(","))


def require_broker(bootstrap: str) -> None:
    """Raise StackError, at once and in one sentence, where nothing listens at `bootstrap`."""
    if not is_listening(bootstrap):
        raise StackError(
            f"No Kafka broker answers at {bootstrap}: start one with ./cardwatch up, or name "
            "another with --bootstrap where the command has it."
        )


def require_topics(bootstrap: str, *topics: Topic) -> None:
    """Raise StackError in one sentence where no broker answers, or a topic is missing."""
    require_broker(bootstrap)
    try:
        known = _admin(bootstrap).list_topics(timeout=_ANSWER_S).topics
    except KafkaException as error:
        raise StackError(f"Kafka at {bootstrap}: {error.args[0].str()}.") from error
    missing = [topic.name for topic in topics if topic.name not in known]
    if missing:
        raise StackError(
            f"Kafka at {bootstrap} has no topic {' and no topic '.join(missing)}: "
            "./cardwatch up creates the topics; what was in one that is gone is lost."
        )


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.strip().rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise StackError(f"{text!r} is not the address of a broker: give it as host:port.")
    return host.strip("[]"), int(port)


def is_serving(bootstrap: str) -> bool:
    """Say whether a broker answers at `bootstrap`."""
    if not is_listening(bootstrap):
        return False
    try:
        return bool(_admin(bootstrap).list_topics(timeout=2.0).brokers)
    except KafkaException:
        return False


def create_topics(bootstrap: str, topics: Iterable[Topic] = TOPICS) -> list[str]:
    """Create the topics that are not there; one that exists keeps its settings.

    Returns:
        The names of those created.

    Raises:
        StackError: The broker refuses one.
    """
    admin = _admin(bootstrap)
    existing = admin.list_topics(timeout=_TIMEOUT_S).topics
    wanted = [_new(topic) for topic in topics if topic.name not in existing]
    if not wanted:
        return []
    created = []
    for name, future in admin.create_topics(wanted, operation_timeout=_TIMEOUT_S).items():
        try:
            future.result()
            created.append(name)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise StackError(f"The broker refused topic {name}: {error}.") from error
    return created


def _new(topic: Topic) -> NewTopic:
    return NewTopic(
        topic.name,
        num_partitions=topic.partitions,
        replication_factor=1,
        config={
            "retention.ms": str(topic.retention_ms),
            "cleanup.policy": topic.cleanup_policy,
            "max.message.bytes": str(topic.max_message_bytes),
        },
    )


def _admin(bootstrap: str) -> AdminClient:
    # Its log lines about a broker that is not up yet would go to the user's screen.
    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
