"""`python -m demo FOLDER` writes a simulated history up to this minute."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from demo.writer import write


def main() -> None:
    """Write the files that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the six files go")
    write(parser.parse_args().folder, datetime.now(UTC).replace(tzinfo=None))


if __name__ == "__main__":
    main()
