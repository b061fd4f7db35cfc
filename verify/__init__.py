"""The proofs that a user can run: parity, audit, and the faults.

Belongs here: what compares the stream with something else and ends with a verdict.
Does not: figures (benchmarks/), instruments (harness/).
"""
