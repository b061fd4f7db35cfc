"""Warm-up of everything that a payment runs through: `python -m scoring.warm [BUNDLE]`.

The kernels of the features and of a bundle are compiled here, or loaded from the cache. Run as a
process of its own, this compiles beside other work; who needs a kernel meanwhile waits for it.
"""

import sys

from features import warm_up
from scoring.loader import BundleError, load_bundle
from scoring.plain.warm import compile_decisions, compile_hand_overs


def main() -> None:
    """Compile the features and hand-overs, and what scores and explains with the named bundle."""
    warm_up()
    compile_hand_overs()
    for folder in sys.argv[1:]:
        try:
            compile_decisions(load_bundle(folder))
        except BundleError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
