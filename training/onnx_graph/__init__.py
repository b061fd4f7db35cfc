"""Parts of ONNX graphs: nodes and constants, trees, curves.

It knows no model; models/ and ensemble/ write themselves with it.
"""
