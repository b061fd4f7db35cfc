"""Fields of a payment's JSON as numbers, and what is noted of the value of each."""

from typing import Final

import numpy as np
import numpy.typing as npt

from events.transaction import TransactionJson

NAMES: Final = tuple(name for name in TransactionJson.__struct_fields__ if name != "attributes")
"""Names of the fields that a plain payment may have."""

FIELDS: Final = len(NAMES)
REQUIRED: Final = FIELDS + 1 - len(TransactionJson.__struct_defaults__)
"""Number of the fields that every payment has; they are the first ones."""

TRANSACTION_ID: Final = NAMES.index("transaction_id")
CARD_ID: Final = NAMES.index("card_id")
TIMESTAMP: Final = NAMES.index("timestamp")
AMOUNT: Final = NAMES.index("amount")
CURRENCY: Final = NAMES.index("currency")
MERCHANT_ID: Final = NAMES.index("merchant_id")
CATEGORY: Final = NAMES.index("merchant_category")
COUNTRY: Final = NAMES.index("country")
CITY: Final = NAMES.index("city")
LAT: Final = NAMES.index("lat")
LON: Final = NAMES.index("lon")
DEVICE_ID: Final = NAMES.index("device_id")
TIME_ZONE: Final = NAMES.index("time_zone")
HOME_COUNTRY: Final = NAMES.index("home_country")

FORM: Final = 0
VALUE: Final = 1  # place of a text in the memory, or the digits of a number as an integer
SIZE: Final = 2  # bytes of a text, or the decimals of a number
COLUMNS: Final = 3
"""What is noted of each field: int64[FIELDS, COLUMNS]."""

ABSENT: Final = 0
NULL: Final = 1
TEXT: Final = 2
NUMBER: Final = 3
"""Forms of a value."""


def quoted_names() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return the names in quotes, uint8[bytes], and where each begins and the last ends."""
    quoted = [f'"{name}"'.encode() for name in NAMES]
    return np.frombuffer(b"".join(quoted), np.uint8), np.cumsum([0, *map(len, quoted)])
