"""Quality of scores: figures, their intervals, and the tables that hold both.

It reads scores and targets, and knows neither models nor protocols.
"""
