"""Values of a file, a column at a time: ids, amounts, times, labels, card tokens, refusals.

What belongs here: what a value may be, how it may be spelt, and why one is refused.
What does not: rows, files and their forms (producer/files/).
"""
