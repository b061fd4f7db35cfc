"""Features of the payment alone, without any state: declarations and words."""
