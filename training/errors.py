"""The one error that training raises for input it cannot use."""


class TrainingError(ValueError):
    """Training data, options or an export that must not become a bundle; says what to do."""
