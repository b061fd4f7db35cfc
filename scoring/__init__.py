"""The engine: from a payment and its features to scores, a decision and its reasons.

Belongs here: the path of a payment (path.py) and its pure steps (steps.py), the messages between
the stages (messages.py), a bundle's format (bundle/), the scorers (model/), the reasons (reasons/),
the decision (decision/), what loads a bundle (loader.py), what answers a request (answer.py), and
the same for plain payments by compiled code (plain/).
Does not: Flink, Kafka, training, anything above features and events.
"""
