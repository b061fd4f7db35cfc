"""One module for each target: `run` judges an input, `seeds` gives some to start from."""
