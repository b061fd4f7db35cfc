"""The one error of a measurement that cannot be made."""


class BenchmarkError(RuntimeError):
    """A failed measurement: says what was expected, what came, what to do."""
