"""Commands that write to and read from Kafka: produce, alerts, and options for files."""
