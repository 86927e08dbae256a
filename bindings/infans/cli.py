"""The command `infans`."""

from __future__ import annotations

import sys


def main() -> None:
    """Hand the command line to the compiled program and exit with its code."""
    try:
        from . import _infans
    except ImportError as error:
        sys.exit(f"infans: the compiled module cannot be imported ({error}); reinstall the package")
    sys.exit(_infans.run_cli(sys.argv[1:]))


if __name__ == "__main__":
    main()
