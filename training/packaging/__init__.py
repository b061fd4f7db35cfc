"""From fitted models to a bundle on disk: graphs, the gate, the manifest, MLflow.

`pipeline.py` goes the whole way from a history; pages for people are in report/.
"""
