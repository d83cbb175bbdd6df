"""Metrics, opening and the sync job's decisions at a size that no database here holds.

    python -m benchmarks.large_store FOLDER --scale 1000 --only "a room" "page Votes"

The store is written where it is missing, block by block: `simulation.scaled` draws
histories of `--part` times today's size, which run over the same years and share
neither users nor rooms. Their rows are put in order of time and written as the sync job
writes them: the same blocks, numbers of users, checksums and manifest. Memory holds one
of these histories, or the ids of all users, whatever the scale.
"""

import argparse
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from benchmarks.metrics import isolated
from core import clock
from metrics.tables import (
    BY_NAME,
    ROOMS,
    TABLES,
    USER,
    USER_NUMBER,
    USERS,
    Blocks,
    Table,
)
from simulation.scaled import simulate
from simulation.writer import SEED
from store.manifest import CURRENT, Block, Manifest
from store.reader import open_store
from sync.checksum import Form, checksum
from sync.partitions import Extent, partition_at, walk
from sync.plan import (
    DEFAULT,
    Action,
    TableState,
    differ,
    longest_wait,
    plan,
    recheck_order,
)
from sync.store_writer import Disk, StoreWriter
from sync.table_sync import position_of
from sync.user_ids import FILE_ROWS
from testkit.queries import names

_ACTS = [table for table in TABLES if table.blocks is Blocks.KEY_RANGE]
# Rows of all histories that are put in order at once.
_SLICE = 4_000_000
_ROW_GROUP = 131_072
_INTERVAL = 600
_OPENED = 9


@dataclass
class LargeStore:
    """A store that is being written."""

    folder: Path
    scale: int
    part: int
    until: datetime

    def __post_init__(self) -> None:
        self._parts = self.folder / "parts"
        self._writer = StoreWriter(Disk(self.folder))

    def write(self) -> Manifest:
        """Draw, put in order, and publish."""
        ids = self._draw()
        tables = {USERS.name: tuple(self._users(ids)), ROOMS.name: self._rooms()}
        tables |= {t.name: tuple(self._acts(t, ids)) for t in _ACTS}
        files = tuple(
            self._writer.write_user_ids(first, ids["id"].slice(first, FILE_ROWS))
            for first in range(0, ids.height, FILE_ROWS)
        )
        manifest = Manifest(1, 1, self.until, tables, files)
        self._writer.publish(manifest)
        shutil.rmtree(self._parts)
        return manifest

    def _draw(self) -> pl.DataFrame:
        """Draw every history; return all users in the order of their numbers.

        Columns: drawn (their place among all that were drawn) and id. Numbers are in
        the order in which a first run of the sync job sees users: by quarter and id.
        Users who have been deleted come last.
        """
        found: list[pl.DataFrame] = []
        users = 0
        for number in range(self.scale // self.part):
            tables = simulate(self.part, self.until, SEED + number)
            ids = pl.concat(tables[t.name]["user_id"].unique() for t in TABLES_OF_USERS)
            known = pl.DataFrame({"id": ids.unique().sort()})
            known = known.with_row_index("drawn", users)
            users += known.height
            created = tables[USERS.name].select("id", quarter=_QUARTER)
            found.append(known.join(created, on="id", how="left"))
            self._keep(number, tables, known)
            print(f"{users:,} users drawn", flush=True)
        ordered = pl.concat(found).sort("quarter", "id", nulls_last=True)
        return ordered.select("drawn", "id")

    def _keep(
        self, number: int, tables: dict[str, pl.DataFrame], known: pl.DataFrame
    ) -> None:
        """Write a history's tables, users and rooms counted on, without user ids."""
        self._parts.mkdir(parents=True, exist_ok=True)
        rooms = number * _ROOMS * self.part
        for name in [*tables]:
            table, frame = BY_NAME[name], tables.pop(name)
            if table.user_id:
                frame = frame.join(
                    known, left_on=table.user_id, right_on="id", maintain_order="left"
                ).drop(table.user_id)
            if table in _ACTS:
                frame = frame.drop(table.key)
            room = "id" if table is ROOMS else "room_id"
            if room in frame.columns:
                frame = frame.with_columns(pl.col(room) + rooms)
            frame.write_parquet(
                self._parts / f"{name}-{number}.parquet",
                compression="uncompressed",
                row_group_size=_ROW_GROUP,
            )

    def _drawn(self, table: Table) -> pl.LazyFrame:
        return pl.scan_parquet(self._parts / f"{table.name}-*.parquet")

    def _rooms(self) -> tuple[Block]:
        number = pl.col("id").cast(pl.Int64) * 370_261 % 8_000_009 + 100_000
        rows = self._drawn(ROOMS).with_columns(
            number=number.cast(pl.Int32), name=pl.format("team-{}", "id")
        )
        return (self._block(ROOMS, 0, rows.sort("id").collect()),)

    def _users(self, ids: pl.DataFrame) -> Iterator[Block]:
        numbered = ids.with_row_index(USER)
        quarters = self._drawn(USERS).select(_QUARTER).unique().collect().to_series()
        for quarter in quarters.sort():
            rows = self._drawn(USERS).filter(quarter == _QUARTER).collect()
            rows = rows.join(numbered, on="drawn").sort("id").select(_COLUMNS[USERS])
            place = rows["created_at"].dt.epoch("s").item(0)
            yield self._block(USERS, place, rows)

    def _acts(self, table: Table, ids: pl.DataFrame) -> Iterator[Block]:
        """Yield the blocks of a table whose keys are in order of time."""
        number = pl.Series(pl.Series(range(0)), dtype=USER_NUMBER)
        if table.user_id:
            numbers = ids.select("drawn").with_row_index(USER).sort("drawn")
            number = numbers[USER].cast(USER_NUMBER)
        first, size = 1, DEFAULT.block_rows
        rest = pl.DataFrame(schema=table.stored_schema)
        for rows in self._slices(table):
            if table.user_id:
                user = number.gather(rows["drawn"])
                rows = rows.with_columns(
                    user.alias(USER), ids["id"].gather(user).alias(table.user_id)
                )
            rows = rows.with_row_index(table.key, first)
            first += rows.height
            rest = pl.concat([rest, rows.select(_COLUMNS[table])])
            # The first block begins with key 1: it has one row less than the others.
            while (fits := size - (first - rest.height) % size) <= rest.height:
                yield self._block(table, first - rest.height, rest.head(fits))
                rest = rest.slice(fits)
        print(f"{table.name}: {first - 1:,} rows", flush=True)
        if rest.height:
            yield self._block(table, first - rest.height, rest)

    def _slices(self, table: Table) -> Iterator[pl.DataFrame]:
        """Yield all rows of a table in order of time, some millions at once."""
        time, one = table.time, self._parts / f"{table.name}-0.parquet"
        # Histories are alike: the times of one divide all of them.
        times = pl.read_parquet(one, columns=[time])[time]
        step = max(1, _SLICE * self.part // self.scale)
        edges = [*times.gather_every(step, step).unique(), None]
        after = None
        for edge in edges:
            inside = [pl.col(time) > after] if after else []
            inside += [pl.col(time) <= edge] if edge else []
            yield self._drawn(table).filter(*inside).collect().sort(time)
            after = edge

    def _block(self, table: Table, place: int, rows: pl.DataFrame) -> Block:
        partition = partition_at(table, place, DEFAULT.block_rows)
        form = Form.PAGES if table.blocks is Blocks.KEY_RANGE else Form.ROWS
        rows = rows.select(_COLUMNS[table])
        return self._writer.write(table, partition, rows, checksum(table, rows, form))


_QUARTER = pl.col("created_at").dt.truncate("1q").alias("quarter")
_ROOMS = 1_500
"""Rooms that are drawn per scale (`simulation.scaled.teams.Sizes`)."""
TABLES_OF_USERS = [t for t in _ACTS if t.user_id]
_COLUMNS = {
    table: [pl.col(name).cast(dtype) for name, dtype in table.stored_schema.items()]
    for table in TABLES
}


def opening(folder: Path) -> float:
    """Return the seconds in which the store is opened, as at every request."""
    return min(_seconds(lambda: open_store(folder)) for _ in range(_OPENED))


def decisions(folder: Path) -> dict[str, float]:
    """Return the seconds that a run of the sync job takes for the size of the store.

    With new rows in the newest blocks only, and without any statement of a database.
    """
    writer = StoreWriter(Disk(folder))
    taken: dict[str, list[float]] = {}
    for _ in range(_OPENED):
        started = time.perf_counter()
        manifest = writer.current()
        if manifest is None:
            raise SystemExit(f"{folder} has no store")
        read = time.perf_counter()
        decide(manifest, writer)
        decided = time.perf_counter()
        manifest.to_json()
        written = time.perf_counter()
        steps = {"read": read - started, "decide": decided - read}
        for name, seconds in (steps | {"write": written - decided}).items():
            taken.setdefault(name, []).append(seconds)
    return {name: min(times) for name, times in taken.items()}


def decide(manifest: Manifest, writer: StoreWriter) -> None:
    """Decide about every block as `sync.table_sync` and `sync.run` do."""
    older: list[Block] = []
    for table in TABLES:
        blocks = manifest.tables[table.name]
        state = TableState({block.key: block for block in blocks})
        extent = Extent(position_of(table, blocks[0]), position_of(table, blocks[-1]))
        size = DEFAULT.block_rows
        partitions = [*walk(table, extent, state.blocks.keys(), lambda _: None, size)]
        known = [state.trusted(partition.key) for partition in partitions]
        there = {block.key for block in known if block and writer.is_there(block)}
        actions = plan(state, partitions, there, (), DEFAULT.hot_blocks)
        older += [b for b in blocks if actions[b.key] is Action.KEEP]
    recheck_order(older, manifest.snapshot_at)
    rows = manifest_rows(manifest)
    longest_wait(older, DEFAULT.block_rows, rows, manifest.snapshot_at, _INTERVAL)
    differ(manifest.tables, manifest.tables)


def manifest_rows(manifest: Manifest) -> int:
    """Return the rows of all tables."""
    return sum(block.rows for blocks in manifest.tables.values() for block in blocks)


def measured(folder: Path, only: Sequence[str], runs: int) -> Iterator[str]:
    """Yield the lines of the report, in Markdown."""
    manifest = StoreWriter(Disk(folder)).current()
    blocks = [b for some in manifest.tables.values() for b in some] if manifest else []
    size = sum(block.bytes for block in blocks) / 1e9
    rows = sum(block.rows for block in blocks)
    yield f"{rows:,} rows, {len(blocks):,} blocks, {size:.1f} GB\n"
    yield f"- opening the store: {1000 * opening(folder):.1f} ms"
    for step, seconds in decisions(folder).items():
        yield f"- a run of the sync job, {step}: {1000 * seconds:.1f} ms"
    yield "\n| query | median s | processor s | peak MB |\n| --- | --: | --: | --: |"
    for name in only:
        one = isolated(folder, name, runs)
        figures = f"{one.median:.2f} | {one.cpu_seconds:.2f} | {one.peak_mb:,.0f}"
        yield f"| {name} | {figures} |"


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=int, default=1_000)
    parser.add_argument("--part", type=int, default=50, help="scale of a history")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=names(), help="queries")
    flags = parser.parse_args()
    if not (flags.folder / CURRENT).exists():
        started = time.perf_counter()
        store = LargeStore(flags.folder, flags.scale, flags.part, clock.now())
        rows = manifest_rows(store.write())
        print(f"{rows:,} rows after {time.perf_counter() - started:.0f} s", flush=True)
    for line in measured(flags.folder, flags.only, flags.runs):
        print(line, flush=True)


if __name__ == "__main__":
    main()
