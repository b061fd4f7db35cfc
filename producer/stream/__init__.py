"""Payments and labels as one stream: chosen, merged by time, repeated, put out of order."""
