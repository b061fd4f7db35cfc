"""Functions that Flink calls: scoring in batches, the pandas UDFs, their worker, and metrics.

Belongs here: modules that PyFlink loads by name in a process of its own (``*_udf.py``), and the
metrics that they share with the stages.
Does not: what computes (features/, scoring/), state, Kafka.
"""
