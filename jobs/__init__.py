"""The Flink jobs, fraud detection and re-scoring: the graph, and a thin shell for each operator.

What belongs here: everything that imports pyflink (but for `udfs/*_udf.py`), and nothing that
computes. A shell loads state, calls features and scoring, stores, yields. Submit the job with
`./cardwatch submit`, or with the ordinary `flink run -py jobs/fraud_detection.py`.
"""
