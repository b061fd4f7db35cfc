"""State at size: what many cards, and long histories of one, cost.

Here belong `./cardwatch bench state` and what it measures: throughput over the number of known
cards, checkpoints, restores, bytes, and the sizing that follows from them.
"""
