"""The fault suite: a real job, a real broker, something that goes wrong, and a judge.

Here belong the faults, each a declaration (`fault.Fault`) in a module of its kind and named in
`catalogue.py`; the run of one with a seed; and the oracle that judges what a subscriber saw. What
a run measures of speed belongs to `benchmarks`.
"""
