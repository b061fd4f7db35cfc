"""Functions that Flink calls: the vectorised scoring UDF, its worker, and the job's metrics.

Belongs here: modules that PyFlink loads by name in a process of its own (``*_udf.py``), and the
metrics that they share with the stages.
Does not: what computes (features/, scoring/), state, Kafka.
"""
