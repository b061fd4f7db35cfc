"""What travels: the events, and nothing that moves them.

Belongs here: the types of every topic, their parsing, validation and encoding, the topic
declarations, and the columnar form of payments for files.
Does not belong here: Flink, Kafka, features, anything that reads a clock or opens a socket.
Time is given by the caller; every refusal is an `events.errors.EventError`.
"""
