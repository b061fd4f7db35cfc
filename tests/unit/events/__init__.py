"""Tests of events/: no JVM, no broker, no clock.

Belongs here: what one event or one table is made of and refused for.
Does not belong here: anything that needs a topic to exist.
"""
