"""Events that travel between programs, without anything that moves events.

Belongs here: the types of every topic, their parsing, validation and encoding, the topic
declarations, and the columnar form of payments for files.
Does not belong here: Flink, Kafka, features, anything that reads a clock or opens a socket.
Time is given by the caller; every refusal is an `events.errors.EventError`.
"""
