"""Amounts in one reference currency: units, rates, and the files that rates come in.

Belongs here: the unit of a reference currency (units.py), a table of rates and its conversion
(rates.py), reading of rates files (reading.py), the table that is shipped (shipped.py).
Does not: packed state, kernels, declarations of features.
"""
