"""First load, side by side with the replaced job's way, in one run.

    python -m benchmarks.sync_first_load --rows 2_000_000

A private MariaDB server is started and filled for it.
"""

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measured import Measure, measure
from tests.mariadb import PASSWORD, LiveDatabase, running_server

_ESTIMATIONS = """
INSERT INTO fpp_estimations (user_id, room_id, estimation, spectator, estimated_at)
SELECT SUBSTR(CONCAT(MD5(seq DIV 40), 'abcdef'), 1, 21), seq MOD 5000 + 1,
       IF(seq MOD 9 = 0, NULL, ELT(seq MOD 7 + 1, 1, 2, 3, 5, 8, 13, 21)),
       seq MOD 9 = 0, FROM_UNIXTIME(1717400000 + seq * 5)
FROM seq_{first}_to_{last}
"""
_AT_ONCE = 1_000_000


def fill(database: LiveDatabase, first: int, last: int) -> None:
    """Insert estimations with these numbers, made inside the server."""
    for start in range(first, last + 1, _AT_ONCE):
        end = min(last, start + _AT_ONCE - 1)
        database.execute(_ESTIMATIONS.format(first=start, last=end))


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


WAYS = {
    "replaced job, as it runs here": ("-m", "benchmarks.replaced_job"),
    "replaced job, C extension": ("-m", "benchmarks.replaced_job", "--extension"),
    "sync job": ("sync_job.py",),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--only-new", action="store_true")
    flags = parser.parse_args()
    with running_server() as server, TemporaryDirectory() as folder:
        database = server.create_database()
        fill(database, 1, flags.rows)
        ways = list(WAYS.items())[-1:] if flags.only_new else list(WAYS.items())
        taken = {}
        for name, arguments in ways:
            target = Path(folder) / name.replace(" ", "-")
            taken[name] = measure(environment(database, target), *arguments)
    report(taken, flags.rows)


def report(taken: dict[str, Measure], rows: int) -> None:
    """Print a line per way, each against the sync job."""
    ours = taken["sync job"]
    print(f"{rows:,} estimations, {os.cpu_count()} cores, Python {sys.version[:6]}")
    print(f"{'':32}{'seconds':>9}{'rows/s':>12}{'peak MB':>10}{'x time':>8}{'x MB':>7}")
    for name, one in taken.items():
        print(
            f"{name:32}{one.seconds:9.1f}{rows / one.seconds:12,.0f}{one.peak_mb:10,.0f}"
            f"{one.seconds / ours.seconds:8.1f}{one.peak_mb / ours.peak_mb:7.1f}"
        )


if __name__ == "__main__":
    main()
