"""Tests of producer/: no JVM and no broker.

Belongs here: the simulation, layouts, checks, tokens, order and pace of what is sent.
Does not belong here: anything that needs a topic to exist (tests/integration/test_produce.py).
"""
