"""First load, side by side with the replaced job's way, in one run.

    python -m benchmarks.sync_first_load --rows 2_000_000

A private MariaDB server is started and filled for it.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from testkit.database_servers import (
    PASSWORD,
    Kind,
    LiveDatabase,
    running_server,
    series,
)
from testkit.measurement import Measure, measure, median

_ESTIMATIONS = """
INSERT INTO fpp_estimations (user_id, room_id, estimation, spectator, estimated_at)
SELECT SUBSTR(SHA2(seq DIV 40, 224), 1, 21), seq MOD 5000 + 1,
       IF(seq MOD 9 = 0, NULL, ELT(seq MOD 7 + 1, 1, 2, 3, 5, 8, 13, 21)),
       seq MOD 9 = 0, FROM_UNIXTIME(1717400000 + seq * 5)
FROM (SELECT seq + {offset} AS seq FROM {series} AS part) AS numbers
"""
_AT_ONCE = 1_000_000
SERVER_MB = 1_024
"""Memory of the database server; as in production, the tables fit into it."""


def fill(database: LiveDatabase, first: int, last: int) -> None:
    """Insert estimations with these numbers, made inside the server."""
    for start in range(first, last + 1, _AT_ONCE):
        end = min(last, start + _AT_ONCE - 1)
        numbers = series(end - start + 1)
        database.execute(_ESTIMATIONS.format(offset=start - 1, series=numbers))


def environment(database: LiveDatabase, folder: Path) -> dict[str, str]:
    """Return the variables under which a job copies a database into a folder."""
    reach = database.settings
    return {
        "DATA_DIR": str(folder),
        "DB_HOST": reach.host,
        "DB_PORT": str(reach.port),
        "DB_USERNAME": reach.user,
        "DB_PASSWORD": PASSWORD,
        "DB_NAME": database.name,
    }


SYNC_JOB = "sync job"
WAYS: Mapping[str, Sequence[str]] = {
    "replaced job, as it runs here": ("-m", "benchmarks.replaced_job"),
    "replaced job, C extension": ("-m", "benchmarks.replaced_job", "--extension"),
    SYNC_JOB: ("sync_job.py",),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--repeats", type=int, default=3, help="the median counts")
    parser.add_argument("--only-new", action="store_true")
    parser.add_argument("--server", type=Kind, choices=[*Kind], default=Kind.MARIADB)
    flags = parser.parse_args()
    ways = {SYNC_JOB: WAYS[SYNC_JOB]} if flags.only_new else WAYS
    with running_server(flags.server, memory_mb=SERVER_MB) as server:
        database = server.create_database()
        fill(database, 1, flags.rows)
        report(race(database, ways, flags.repeats), flags.rows)


def race(
    database: LiveDatabase, ways: Mapping[str, Sequence[str]], repeats: int
) -> dict[str, list[Measure]]:
    """Let the ways load the database in turns; return the repeats of each."""
    taken: dict[str, list[Measure]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, arguments in ways.items():
            with TemporaryDirectory() as folder:
                one = measure(environment(database, Path(folder)), *arguments)
            taken[name].append(one)
    return taken


def report(taken: Mapping[str, Sequence[Measure]], rows: int) -> None:
    """Print a line per way, the medians, each against the sync job."""
    ours = median(taken[SYNC_JOB])
    print(f"{rows:,} estimations, {os.cpu_count()} cores, Python {sys.version[:6]}")
    print("| way | seconds | rows/s | CPU s | peak MB | x time | repeats | x MB |")
    print("| --- | --: | --: | --: | --: | --: | --: | --: |")
    for name, repeats in taken.items():
        one = median(repeats)
        pairs = zip(repeats, taken[SYNC_JOB], strict=True)
        ratios = sorted(theirs.seconds / mine.seconds for theirs, mine in pairs)
        print(
            f"| {name} | {one.seconds:.1f} | {rows / one.seconds:,.0f} "
            f"| {one.cpu_seconds:.1f} | {one.peak_mb:,.0f} "
            f"| {one.seconds / ours.seconds:.1f} "
            f"| {ratios[0]:.1f} to {ratios[-1]:.1f} "
            f"| {one.peak_mb / ours.peak_mb:.1f} |"
        )


if __name__ == "__main__":
    main()
