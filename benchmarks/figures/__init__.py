"""The record of every measured run, and the tables that README and docs make of it.

Belongs here: docs/figures.json (`record.py`), each generated table as data (`tables.py`), and the
marks in pages that tables replace (`pages.py`). `python -m benchmarks.figures` writes the pages.
Does not belong here: a measurement, or a figure that was typed by hand.
"""
