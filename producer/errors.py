"""Errors that end a run of the producer."""


class SendError(RuntimeError):
    """Kafka cannot be written to: the message says where, why, and what to do."""
