"""Situation 11: readers that read all the time while the store changes."""

import time
from dataclasses import replace

import polars as pl

from metrics.tables import EVENTS, TABLES, VOTES
from store.manifest import CURRENT, MANIFESTS, Manifest
from store.reader import Snapshot, run_query
from testkit.database_servers import LiveDatabase
from testkit.harness import Store
from tests.sync.conftest import on_one_kind
from tests.sync.readers import heights, readers
from tests.sync.rows import AT, vote


def insert_pairs(database: LiveDatabase, keys: range) -> None:
    """Insert a vote and an event for each key, in one transaction."""
    with database.connect() as connection, connection.cursor() as cursor:
        connection.start_transaction()
        for table, row in ((VOTES, vote), (EVENTS, event)):
            marks = ", ".join(["%s"] * len(table.columns))
            statement = f"INSERT INTO {table.name} VALUES ({marks})"  # noqa: S608  # our own names
            cursor.executemany(statement, [row(key) for key in keys])
        connection.commit()


def event(key: int) -> tuple[int, str, str, str]:
    return (key, "someone", "LEFT_ROOM", AT)


@on_one_kind
def test_a_reader_never_meets_an_error_or_two_generations(
    database: LiveDatabase, store: Store
) -> None:
    for table in TABLES:
        store.root.mkdir(exist_ok=True)
        empty = pl.DataFrame(schema=table.schema)
        empty.write_parquet(store.root / table.file_name)
    (store.root / "DEMO").touch()
    store.policy = replace(store.policy, keep_generations=3, keep_seconds=1)
    with readers(store.root, store.policy.keep_seconds) as reading:
        for first in range(1, 2_000, 10):
            insert_pairs(database, range(first, first + 10))
            assert store.sync() == 0
            # On a busy machine a reader may miss most of them.
            if first > 190 and all(len(reader.seen) > 3 for reader in reading):
                break
    for reader in reading:
        assert reader.errors == []
        assert reader.mixed == 0
        assert len(reader.seen) > 3


@on_one_kind
def test_the_harness_catches_files_that_are_replaced_one_by_one(
    database: LiveDatabase, store: Store
) -> None:
    """The replaced job's way: one file per table, renamed onto a fixed name."""
    store.root.mkdir()
    with readers(store.root) as reading:
        for rows in range(1, 4):
            insert_pairs(database, range(rows, rows + 1))
            for table in TABLES:
                new = store.root / "new.parquet"
                database.rows(table).write_parquet(new)
                new.replace(store.root / table.file_name)
                # Of many rows the next table takes a while; a moment is waited for.
                time.sleep(0.25)
    assert sum(reader.mixed + len(reader.errors) for reader in reading) > 0


@on_one_kind
def test_a_query_that_outlives_its_files_starts_over_once(
    database: LiveDatabase, store: Store
) -> None:
    insert_pairs(database, range(1, 5))
    store.sync()
    generations: list[int | None] = []

    def question(snapshot: Snapshot) -> tuple[int, int]:
        generations.append(snapshot.generation)
        if len(generations) == 1:
            insert_pairs(database, range(5, 7))
            store.policy = replace(store.policy, keep_generations=1, keep_seconds=0)
            store.sync()
        return heights(snapshot)

    assert run_query(store.root, question) == (6, 6)
    assert generations == [1, 2]


@on_one_kind
def test_every_published_manifest_names_only_files_that_are_whole(
    database: LiveDatabase, store: Store
) -> None:
    for first in range(1, 40, 10):
        insert_pairs(database, range(first, first + 10))
        store.sync()
    names = {path.name for path in (store.root / MANIFESTS).iterdir()}
    assert (store.root / CURRENT).read_text().strip() in names
    for name in names:
        manifest = Manifest.from_json((store.root / MANIFESTS / name).read_text())
        for blocks in manifest.tables.values():
            for block in blocks:
                assert (store.root / block.file).stat().st_size == block.bytes
