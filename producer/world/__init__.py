"""A simulated world to train and demonstrate on: people, merchants, seasons and attacks.

What belongs here: who lives where, what they buy, and how they are defrauded (attacks/).
What does not: how payments are sent (sending/), what a feature makes of them (features/).
docs/world.md describes the scenarios and the knobs.
"""
