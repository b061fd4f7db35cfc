"""A date and time put together from the columns of its parts."""

from collections.abc import Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from producer.values.checks import Checks
from producer.values.spelling import spell

_DAY: Final = ("timestamp.year", "timestamp.month", "timestamp.day")


def time_of_parts(parts: Mapping[str, pa.Array]) -> pa.Array:
    """Return string[n], dates and times; null where a part is missing.

    >>> columns = {"timestamp.date": ["2024-05-01"], "timestamp.time": ["10:00"]}
    >>> time_of_parts({name: pa.array(texts) for name, texts in columns.items()}).to_pylist()
    ['2024-05-01 10:00']
    """
    texts = {name: spell(part, name, Checks(len(part))) for name, part in parts.items()}
    if "timestamp.date" in texts:
        date = texts["timestamp.date"]
    else:
        year, month, day = (texts[name] for name in _DAY)
        two = [pc.utf8_lpad(part, 2, "0") for part in (month, day)]
        date = pc.binary_join_element_wise(year, *two, "-")
    if "timestamp.time" not in texts:
        return date
    return pc.binary_join_element_wise(date, texts["timestamp.time"], " ")
