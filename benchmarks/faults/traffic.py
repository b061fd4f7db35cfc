"""The payments of a run, on their way, and the producer's log of them."""

from __future__ import annotations
