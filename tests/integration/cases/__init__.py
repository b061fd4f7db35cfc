"""The cases of ../shared/cases: what other people's systems send, and the right answer to each.

`files.py` and `stream.py` hold one function for a case, `ground.py` what both need. A function is
named after its folder. The folders are not part of the project, so a checkout may lack them.
"""
