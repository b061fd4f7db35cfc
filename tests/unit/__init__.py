"""Unit tests: no JVM, no broker, no network, under a minute in all.

One folder for each package of the product. Time and randomness are given, never read.
"""
