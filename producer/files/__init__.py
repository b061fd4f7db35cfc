"""Files that others wrote, as payments: forms, dialects, rows that are accounted for, layouts.

What belongs here: from the bytes of a file to batches of payments.
What does not: what one value means (producer/values/), and where payments go (producer/).
"""
