"""Clients of a running stack: Flink's REST API, and topics that are made, read and measured.

They know addresses, and neither processes nor folders.
"""
