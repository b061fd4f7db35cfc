"""What an operator calls: load a model bundle, score features, decide a risk level, explain it.

Belongs here: pure functions and small classes that work on numbers and typed events.
Does not belong here: state, Kafka, training, and anything of Flink but in ``*_udf.py`` modules.
"""
