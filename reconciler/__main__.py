"""The program: `reconciler`, or `python -m reconciler`."""

import gc
from typing import Final

# What is made while modules are loaded stays: to look for circles of garbage there, and through all
# of it once more at the end, took a tenth of the time of `--help`.
_SELDOM: Final = 10_000


def main() -> None:
    """Runs a command and exits, in a process of its own."""
    gc.set_threshold(_SELDOM)
    from reconciler import cli

    try:
        cli.main()
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
