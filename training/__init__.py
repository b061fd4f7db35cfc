"""From labelled history to a model bundle: replay, split, fit, thresholds, export, gate, write.

Each sub-folder imports only those before it: data, metrics, report, thresholds, onnx_graph, models,
converters, ensemble, packaging, evaluation. What all share stays here, below them: errors, array
types and settings.

Belongs here: everything that happens before a bundle exists. Features come from features/, by
the same functions as in the stream; scores come from scoring/, by the graph that the stream runs.
Does not belong here: reading files and generating payments (producer/), Flink and Kafka.
"""
