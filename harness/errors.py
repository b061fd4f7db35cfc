"""The one error of a measurement that cannot be made."""


class BenchmarkError(RuntimeError):
    """What was to be measured did not happen: says what was expected, what came, what to do."""
