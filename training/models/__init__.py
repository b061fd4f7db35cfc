"""The kinds of model: one module each, which fits it, predicts with its library and exports it.

What combines them is no model and lives beside this folder.
"""
