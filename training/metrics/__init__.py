"""How good scores are: figures, their intervals, and the tables that hold them.

It reads scores and targets, and knows neither models nor protocols.
"""
