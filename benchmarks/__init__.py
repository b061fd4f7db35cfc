"""Every figure that the project quotes, measured by `./cardwatch bench`.

Belongs here: one module for each kind of figure, the targets beside them, and in `peers/` other
ways to do the job's work, on the same feature and score code. Does not belong here: anything that
the running product needs, but for the latency probe that `./cardwatch demo` uses too.
"""
