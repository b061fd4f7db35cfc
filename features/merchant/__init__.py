"""The merchant: its features, its packed state, and the transitions of a payment and a label."""
