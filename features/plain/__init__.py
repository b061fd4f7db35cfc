"""Plain payments: those whose JSON compiled code reads, a batch at once and without objects.

Belongs here: the reader, its tables, and what it makes of a batch. Does not: judgements of its own.
What is not plain is left to `events.transaction`, and so is every refusal; tests hold the two ways
to the same bits.
"""
