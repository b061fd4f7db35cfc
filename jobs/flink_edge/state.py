"""The keyed state of an entity: a value of packed bytes and pages of it, forgotten when idle."""

from datetime import timedelta

from pyflink.common import Time
from pyflink.common.typeinfo import TypeInformation, Types
from pyflink.datastream.state import MapStateDescriptor, StateTtlConfig, ValueStateDescriptor

_HEAP_KEYS_AT_ONCE = 1
_ROCKSDB_ENTRIES_AT_ONCE = 1000
_ROCKSDB_REWRITE = timedelta(days=30)
_PAGES = "-pages"
_PAGES_MARGIN = timedelta(days=400)


class StateBytes(TypeInformation):  # type: ignore[misc]  # pyflink ships no types
    """Keyed state as the bytes they are.

    PyFlink turns a state of a primitive byte array into a tuple of numbers, one by one, and fails
    on an absent one; a type that it does not know it passes through untouched, and gives it the
    byte array serialiser in Java.
    """


def entity_state(name: str, ttl: timedelta) -> ValueStateDescriptor:
    """Describe the state of an entity: packed bytes, forgotten when idle for `ttl`.

    The clean-up is spelled out, because PyFlink's own default makes a Java duration through a
    gateway, and so starts a second JVM beside every TaskManager. On the heap each access looks at
    one other entry and so, in time, at all of them; Flink's default of five takes 2 us more.
    """
    descriptor = ValueStateDescriptor(name, StateBytes())
    descriptor.enable_time_to_live(_expiry(ttl))
    return descriptor


def entity_pages(name: str, ttl: timedelta) -> MapStateDescriptor:
    """Describe the pages beside the state of this name: packed bytes by number.

    Numbers are longs, since PyFlink's thread mode makes longs of all whole numbers.
    """
    descriptor = MapStateDescriptor(name + _PAGES, Types.LONG(), StateBytes())
    descriptor.enable_time_to_live(_expiry(pages_ttl(ttl)))
    return descriptor


def pages_ttl(ttl: timedelta) -> timedelta:
    """Return after how long a page is forgotten that belongs to a state with this expiry.

    A page counts from when it was written, and the value that names it from its entity's last
    payment. A page holds less than 70 days of event time. The margin beyond these is for a job that
    was stopped, or that gets its payments slower than they were made.
    """
    return ttl + _PAGES_MARGIN


def _expiry(ttl: timedelta) -> StateTtlConfig:
    return (
        StateTtlConfig.new_builder(Time.milliseconds(int(ttl.total_seconds() * 1000)))
        .disable_cleanup_in_background()
        .cleanup_incrementally(_HEAP_KEYS_AT_ONCE, False)
        .cleanup_in_rocksdb_compact_filter(_ROCKSDB_ENTRIES_AT_ONCE, _ROCKSDB_REWRITE)
        .build()
    )
