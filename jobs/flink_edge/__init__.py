"""The shell around an operator: keyed state, row types, uids, and the direct way back to Java."""
