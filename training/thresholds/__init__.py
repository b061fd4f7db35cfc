"""The thresholds of MEDIUM and HIGH: solved on validation, with what to expect of them."""
