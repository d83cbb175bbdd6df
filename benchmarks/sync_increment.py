"""A run after 500 new rows, on a short and on a long history.

    python -m benchmarks.sync_increment --short 100_000 --long 12_000_000

The cost has to be that of the new rows, not of the history: without the recheck of
older blocks, which takes what the policy gives it and is shown apart.
"""

import sync.connection  # noqa: F401  # isort: skip  # before anything that imports ssl

import argparse
import math
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.sync_first_load import SERVER_MB, fill
from sync.plan import DEFAULT
from testkit.database_servers import Kind, Server, running_server
from testkit.harness import Store

# Twelve million rows have to fit, as tables do in production.
_SERVER_MB = 2 * SERVER_MB
_NEW_ROWS = 500
_RUNS = 9


def copied(server: Server, folder: Path, history: int) -> Store:
    """Return a store with so many rows of history."""
    database = server.create_database()
    fill(database, 1, history)
    store = Store(folder / str(history), database, DEFAULT)
    if store.sync():
        raise RuntimeError("the first load failed")
    return store


def follow_edit(store: Store, key: int) -> None:
    """Edit an old row, and require that a run within the stated time has seen it."""
    edit = "UPDATE fpp_estimations SET room_id = room_id + 1 WHERE id = %s"
    store.source.execute(edit, (key,))
    interval = store.job().settings.sync_interval
    runs = math.ceil((store.manifest().longest_wait or 0) / interval)
    for number in range(1, runs + 1):
        if store.sync():
            raise RuntimeError("a run failed")
        if store.manifest().runs[-1].changed:
            print(f"an edit of row {key:,} was seen by run {number} after it")
            return
    raise RuntimeError("an edit was not seen within the stated time")


def increment(store: Store, held: int) -> tuple[float, float]:
    """Insert new rows, sync them, and return the seconds: follow, recheck."""
    fill(store.source, held + 1, held + _NEW_ROWS)
    started = time.perf_counter()
    code = store.sync()
    seconds = time.perf_counter() - started
    run = store.manifest().runs[-1]
    if code or run.new != _NEW_ROWS:
        raise RuntimeError("a run did not copy its rows")
    return seconds - run.recheck_seconds, run.recheck_seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", type=int, default=100_000)
    parser.add_argument("--long", type=int, default=12_000_000)
    parser.add_argument("--server", type=Kind, choices=[*Kind], default=Kind.MARIADB)
    flags = parser.parse_args()
    histories = (flags.short, flags.long)
    found: dict[int, list[tuple[float, float]]] = {rows: [] for rows in histories}
    with (
        running_server(flags.server, memory_mb=_SERVER_MB) as server,
        TemporaryDirectory() as folder,
    ):
        stores = {rows: copied(server, Path(folder), rows) for rows in histories}
        # In turns: other work on the machine meets both.
        for number in range(_RUNS):
            for rows, store in stores.items():
                found[rows].append(increment(store, rows + number * _NEW_ROWS))
        for rows, store in stores.items():
            report(f"{flags.server}: {rows:12,} rows of history", store, found[rows])
            follow_edit(store, rows // 2)
    pairs = zip(*found.values(), strict=True)
    ratios = [long / short for (short, _), (long, _) in pairs]
    medians = [
        statistics.median(follow for follow, _ in runs) for runs in found.values()
    ]
    print(
        f"ratio of the medians {medians[1] / medians[0]:.2f}, "
        f"median of the ratios {statistics.median(ratios):.2f}"
    )


def report(title: str, store: Store, found: Sequence[tuple[float, float]]) -> None:
    """Print what the runs on one history took."""
    seconds = [follow for follow, _ in found]
    recheck = statistics.median(recheck for _, recheck in found)
    longest = (store.manifest().longest_wait or 0) / 60
    print(
        f"{title}: {statistics.median(seconds):.3f} s per run ({min(seconds):.3f} to "
        f"{max(seconds):.3f}, {len(found)} runs), and {recheck:.3f} s of rechecking; "
        f"any edit is seen within {longest:,.0f} min"
    )


if __name__ == "__main__":
    main()
