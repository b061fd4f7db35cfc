"""The decision on a payment: from its scores to a level."""
