"""A job for the stack: stop the one before, find where to go on, submit.

No payment may be left unread in between without being named.
"""
