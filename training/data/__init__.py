"""Data that models are fitted on: payments replayed to features, divided by time, balanced.

It knows no model, no graph and no bundle.
"""
