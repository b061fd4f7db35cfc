"""Scoring: a bundle's graph by compiled steps, and by ONNX Runtime where there are none."""
