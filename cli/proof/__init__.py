"""Commands that prove: parity, audit, faults."""
