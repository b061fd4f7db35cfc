"""Attacks on cards: one module for each scenario, `catalogue.py` lists them.

A scenario is a function that draws the fraudulent payments of one episode. Its docstring says
what happens in the real world, which trace it leaves, and which features should see it.
"""
