"""`python -m simulation FOLDER` writes a simulated history up to this minute.

With `--scale 10` it has no stories, and ten times as many rows as today's data.
"""

import argparse
import errno
import sys
from collections.abc import Sequence
from pathlib import Path

from core import clock
from simulation.writer import holds_real_data, is_current, write


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of the six files")
    parser.add_argument(
        "--if-needed",
        action="store_true",
        help="leave real data and a history that ends today as they are",
    )
    parser.add_argument("--scale", type=int, help="times today's size, no stories")
    options = parser.parse_args(arguments)
    now = clock.now()
    if options.if_needed and is_current(options.folder, now):
        return 0
    if holds_real_data(options.folder):
        return 0 if options.if_needed else _refuse(options.folder)
    try:
        if options.scale is None:
            write(options.folder, now)
        else:
            # Needs NumPy, which the demo does without.
            from simulation import scaled

            write(options.folder, now, scaled.simulate(options.scale, now))
    except OSError as error:
        is_full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        remedy = "Make room there" if is_full else "Make that folder writable"
        sys.stderr.write(
            f"Demo data cannot be written to {options.folder.absolute()} "
            f"({error.strerror or error}). {remedy}, or set DATA_DIR "
            "to a folder that has data.\n"
        )
        return 1
    return 0


def _refuse(folder: Path) -> int:
    sys.stderr.write(
        f"{folder} has data that is not simulated, so nothing was written: "
        "name another folder\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
