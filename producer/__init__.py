"""Payments on their way to Kafka: files, simulations and the sender.

What belongs here: whatever turns a file or a simulation into payments and labels on the topics.
What does not: the form of an event (events/), the broker (stack/), the options of a command (cli/).
"""
