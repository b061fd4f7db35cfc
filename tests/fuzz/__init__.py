"""Fuzzing: bytes nobody meant to send, to everything that reads bytes. See docs/fuzzing.md.

One module for each target in `targets`, named in `registry`; what was found worth keeping is in
`corpus`, a line of base64 for each input. `python -m tests.fuzz` runs them under Atheris;
tests/unit/test_fuzz.py replays the corpus without it. No product code belongs here.
"""
