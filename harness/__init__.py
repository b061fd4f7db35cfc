"""Instruments for proofs and measurements: a stack of one's own, the job on it, a load, clocks.

Belongs here: what `demo`, the proofs in verify/ and the measurements in benchmarks/ share.
Does not: a verdict, a figure that is quoted, anything that the running product needs.
"""
