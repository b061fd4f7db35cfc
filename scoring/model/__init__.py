"""Scoring: a bundle's graph by ONNX Runtime, and one row of it by compiled steps."""
