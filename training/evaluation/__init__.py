"""Evaluation protocols: which payments a model may learn from, and how its scores are judged.

`protocol` and `time_split` make folds, `candidates` the models that are compared, `run` brings
them together into the `results`, with `bootstrap` intervals and the `published` figures beside
them. `search` finds settings on validation folds and `chosen` keeps them. What features are, and
how models are fitted, is said elsewhere in training.
"""
