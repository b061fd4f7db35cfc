"""The card: its features, its packed state, and the transition that a payment makes."""
