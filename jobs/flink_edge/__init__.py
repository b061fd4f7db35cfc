"""The shell around an operator: keyed state, row types, and uids."""
