"""`python -m benchmarks.data FOLDER --scale 100` writes six plain Parquet files."""

import argparse
import time
from datetime import datetime
from pathlib import Path

from benchmarks.data.history import simulate
from core import clock
from metrics.tables import BY_NAME

_ROW_GROUP = 1 << 18


def write(folder: Path, scale: int, until: datetime) -> int:
    """Write the six files; return how many rows they hold."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = 0
    for name, frame in simulate(scale, until).items():
        path = folder / BY_NAME[name].file_name
        frame.write_parquet(path, row_group_size=_ROW_GROUP)
        rows += frame.height
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=int, default=1, help="times today's size")
    flags = parser.parse_args()
    started = time.perf_counter()
    rows = write(flags.folder, flags.scale, clock.now())
    print(f"{rows:,} rows in {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
