"""What a payment tells by itself, without any state: its declarations and their words."""
