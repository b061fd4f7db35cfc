"""Parity: the features and scores of the stream against those of a replay, bit for bit."""
