"""The command line: one module for each command, which wires the other packages together.

Here belong options, what a person reads on the screen, and exit codes. What a command does
belongs in the package that it calls, so that tests and other programs can call it too.
"""
