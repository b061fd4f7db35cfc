"""Several models as one: fit, choose columns and weights, combine, calibrate, make smaller.

The single models are in models/; files and graphs on disk are in packaging/.
"""
