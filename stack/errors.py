"""Errors of the stack."""


class StackError(Exception):
    """The stack cannot do what was asked; the message is one sentence with the next step."""
