"""The graphs that skl2onnx and onnxmltools make of fitted models, read back and compared.

Both packages are optional: they are imported only where somebody asks for their graph. Our own
exporter is in packaging/; docs/adr/0038 says why it is the default.
"""
