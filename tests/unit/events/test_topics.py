"""The declarations of the topics."""

import pytest

from events.topics import MIB, TOPICS, Topic
from events.wire import MAX_EVENT_BYTES


def test_names() -> None:
    """The six topics of the design, each once."""
    assert [topic.name for topic in TOPICS] == [
        "transactions",
        "labels",
        "decisions",
        "alerts",
        "dead-letters",
        "label-receipts",
    ]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_each_topic_is_usable(topic: Topic) -> None:
    """Rescaling to 1, 2 and 3 shares evenly; an oversized payment arrives; a reason stands."""
    assert all(topic.partitions % readers == 0 for readers in (1, 2, 3))
    assert topic.retention_ms > 37 * 24 * 3600 * 1000 or topic.name == "dead-letters"
    assert topic.max_message_bytes >= MIB > MAX_EVENT_BYTES
    assert topic.why.endswith(".")
