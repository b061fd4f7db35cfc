"""Every figure that the project quotes, measured by `./cardwatch bench`.

Belongs here: one module for each kind of figure, and in `peers/` other ways to do the job's work,
on the same feature and score code. Does not belong here: instruments (harness/), proofs (verify/),
anything that the running product needs.
"""
