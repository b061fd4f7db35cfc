"""Parts that the compiled kernels of every entity share: decorators, sums, copying of rows."""
