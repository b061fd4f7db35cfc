"""The rates that are shipped: the European Central Bank's of one day, with EUR as reference."""

from pathlib import Path
from typing import Final

from features.money.rates import Rates
from features.money.reading import read_rates

SHIPPED: Final[Rates] = read_rates(Path(__file__).with_name("ecb-2026-10-06.json"))
"""Used wherever no rates are named."""
