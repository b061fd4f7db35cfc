"""Other ways to do the job's work, each a process of its own, on the same code and the same topics.

Belongs here: what the job is compared with. Does not belong here: features, scores, encodings.
"""
