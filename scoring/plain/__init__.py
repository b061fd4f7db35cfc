"""Plain payments on their way through the engine: hand-overs and decisions by compiled code.

Belongs here: the layout of a hand-over (layout.py), hand-overs written and read (hand_over.py,
hand_over_kernels.py), the JSON of decisions (decisions.py, decision_kernel.py), the bytes that both
copy (text.py), and the answers to a batch (answers.py).
Does not: a judgement of its own. What the bytes say is defined by `scoring.steps` and
`scoring.decision.decide`, and tests hold the two to the same.
"""
