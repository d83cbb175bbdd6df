from datetime import timedelta

import polars as pl

from metrics.tables import ESTIMATIONS, ROOMS, TABLES, USERS
from tests.mariadb import LiveDatabase
from tests.sync.harness import Store


def test_first_sync_copies_every_row_of_every_table(
    database: LiveDatabase, store: Store
) -> None:
    database.fill_from_golden()
    assert store.sync() == 0
    store.assert_equals_source()
    assert sum(store.rows(table).height for table in TABLES) > 10_000


def test_second_sync_follows_inserts_renames_edits_and_deletes(
    database: LiveDatabase, store: Store
) -> None:
    database.fill_from_golden()
    store.sync()
    database.execute("UPDATE fpp_rooms SET name = 'renamed' WHERE id = 1")
    database.execute("INSERT INTO fpp_users (id, city) VALUES ('new', 'Kraków')")
    database.execute("UPDATE fpp_votes SET duration = duration + 1 WHERE id = 7")
    database.execute("DELETE FROM fpp_estimations WHERE id BETWEEN 10 AND 19")
    assert store.sync() == 0
    store.assert_equals_source()
    run = store.manifest().runs[-1]
    assert (run.new, run.changed, run.gone) == (1, 2, 10)


def test_a_run_without_changes_moves_only_the_time(
    database: LiveDatabase, store: Store
) -> None:
    database.fill_from_golden()
    store.sync()
    first = store.manifest()
    store.sync()
    second = store.manifest()
    assert second.tables == first.tables
    assert second.generation == first.generation
    assert timedelta() < second.snapshot_at - first.snapshot_at < timedelta(minutes=1)


def test_a_late_commit_with_a_lower_id_is_copied(
    database: LiveDatabase, store: Store
) -> None:
    late, early = database.connect(), database.connect()
    late.start_transaction()
    insert = "INSERT INTO fpp_estimations (user_id, room_id, spectator) VALUES (%s,1,0)"
    late.cursor().execute(insert, ("late",))
    early.cursor().execute(insert, ("early",))
    store.sync()
    assert store.rows(ESTIMATIONS)["user_id"].to_list() == ["early"]
    late.commit()
    store.sync()
    assert store.rows(ESTIMATIONS)["user_id"].to_list() == ["late", "early"]
    late.close()
    early.close()


def test_empty_tables_are_there_with_their_types(store: Store) -> None:
    assert store.sync() == 0
    for table in TABLES:
        assert store.rows(table).schema == table.schema
        assert store.rows(table).is_empty()


def test_rows_are_sorted_by_key_and_written_with_exactly_the_schema(
    database: LiveDatabase, store: Store
) -> None:
    database.insert(USERS, [(k, *[None] * 6, "2026-01-01") for k in ("b", "C", "a")])
    store.sync()
    (block,) = store.manifest().tables[USERS.name]
    frame = pl.read_parquet(store.root / block.file)
    assert frame["id"].to_list() == ["C", "a", "b"]
    assert frame.schema == USERS.schema
    assert store.manifest().tables[ROOMS.name] == ()
