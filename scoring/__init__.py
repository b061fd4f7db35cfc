"""The engine: from a payment and its features to scores, a decision and its reasons.

Belongs here: the messages between the stages (messages.py), a bundle's format
(bundle/), the scorers (model/), the reasons (reasons/), the decision (decision/), and what loads
a bundle (loader.py).
Does not: Flink, Kafka, training, anything above features and events.
"""
