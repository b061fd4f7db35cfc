"""Tests at three speeds: unit, then flink and integration, then faults.

Belongs here: tests and what only they need. Does not belong here: fakes of our own parts that a
real one could replace, and anything that the product imports.
"""
