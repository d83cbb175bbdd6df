"""Situation 5: a fixed schema; a value that does not fit stops the run."""

from collections.abc import Sequence

import polars as pl
import pytest

from metrics.tables import BY_NAME, ESTIMATIONS, EVENTS, PAGE_VIEWS, USERS, VOTES
from testkit.database_servers import Kind, LiveDatabase
from testkit.harness import Store
from tests.sync.rows import AT, estimation, insert_votes, user, vote

UNSAFE = "SET SESSION sql_mode = ''"


def test_a_column_that_begins_with_nulls_only_keeps_its_type(
    database: LiveDatabase, store: Store
) -> None:
    database.insert(ESTIMATIONS, [estimation(1, None), estimation(2, None)])
    database.insert(PAGE_VIEWS, [(1, "someone", "HOME", None, None, AT)])
    store.sync()
    for table in (ESTIMATIONS, PAGE_VIEWS):
        (block,) = store.manifest().tables[table.name]
        assert pl.read_parquet_schema(store.root / block.file) == table.stored_schema
    database.insert(ESTIMATIONS, [estimation(3, 8)])
    store.sync()
    store.assert_equals_source()


def test_a_label_that_the_enum_gained_is_kept(
    database: LiveDatabase, store: Store
) -> None:
    store.sync()
    database.execute(
        "ALTER TABLE fpp_events MODIFY event enum('LEFT_ROOM','WAVED') NOT NULL"
    )
    database.insert(EVENTS, [(1, "someone", "WAVED", AT)])
    assert store.sync() == 0
    assert store.rows(EVENTS)["event"].to_list() == ["WAVED"]


def test_wider_and_unsigned_integers_are_copied_as_long_as_they_fit(
    database: LiveDatabase, store: Store
) -> None:
    database.execute("ALTER TABLE fpp_votes MODIFY duration int unsigned NOT NULL")
    insert_votes(database, range(1, 2))
    database.execute("UPDATE fpp_votes SET duration = 2147483647")
    assert store.sync() == 0
    store.assert_equals_source()


def test_null_and_empty_text_stay_different(
    database: LiveDatabase, store: Store
) -> None:
    database.insert(PAGE_VIEWS, [(1, "someone", "HOME", None, "", AT)])
    store.sync()
    database.execute("UPDATE fpp_page_views SET source = NULL, viewed_at = viewed_at")
    store.sync()
    assert store.rows(PAGE_VIEWS)["source"].to_list() == [None]


MISFITS = {
    "tinyint 2 in a boolean": (
        "UPDATE fpp_votes SET was_auto_flip = 2",
        "fpp_votes.was_auto_flip of the row with key 7 is 2",
    ),
    "zero date": (
        "UPDATE fpp_votes SET voted_at = 0",
        "fpp_votes.voted_at of the row with key 7 is a zero date",
    ),
    "too large an integer": (
        "UPDATE fpp_votes SET duration = 2147483648",
        "fpp_votes.duration of the row with key 7 is 2147483648",
    ),
    "too large a decimal": (
        "UPDATE fpp_votes SET avg_estimation = 123.45",
        "fpp_votes.avg_estimation of the row with key 7 is 123.45",
    ),
}


@pytest.mark.parametrize(("edit", "said"), MISFITS.values(), ids=MISFITS.keys())
def test_a_value_that_does_not_fit_stops_the_run_and_is_named(
    database: LiveDatabase,
    store: Store,
    reported: Sequence[str],
    edit: str,
    said: str,
) -> None:
    store.sync()
    database.execute("ALTER TABLE fpp_votes MODIFY duration bigint NOT NULL")
    database.execute("ALTER TABLE fpp_votes MODIFY avg_estimation decimal(8,2)")
    database.execute(
        "ALTER TABLE fpp_votes MODIFY avg_estimation decimal(8,2) NOT NULL"
    )
    database.insert(VOTES, [vote(7)])
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(UNSAFE)
        cursor.execute(edit)
    assert store.sync() == 1
    assert said in reported[-1]
    assert store.rows(VOTES).is_empty()


def test_a_zero_date_of_a_user_is_found_and_the_user_not_named(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    database.execute("INSERT INTO fpp_users (id) VALUES ('V1StGXR8_Z5jdHi6B-myT')")
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(UNSAFE)
        cursor.execute("UPDATE fpp_users SET created_at = 0")
    assert store.sync() == 1
    assert "fpp_users.created_at of the row with key V1StGX… is a zero" in reported[-1]
    assert "V1StGXR8" not in reported[-1]


CHARSETS = ["latin1", "cp1251", "utf16", "utf8mb3", "ucs2", "latin2", "ascii"]
TEXTS = {"latin1": "Köln é", "cp1251": "Київ", "latin2": "Kraków", "ascii": "plain"}


@pytest.mark.parametrize("charset", CHARSETS)
def test_texts_of_every_charset_are_copied(
    database: LiveDatabase, store: Store, charset: str
) -> None:
    text = TEXTS.get(charset, "東京 Ω")
    database.execute(
        f"ALTER TABLE fpp_page_views MODIFY source varchar(255) CHARACTER SET {charset}"
    )
    database.execute(
        f"ALTER TABLE fpp_users MODIFY city varchar(100) CHARACTER SET {charset}"
    )
    sources = [text, "", None, "a", f"{text} {text}"]
    database.insert(
        PAGE_VIEWS, [(n, "u", "HOME", None, s, AT) for n, s in enumerate(sources, 1)]
    )
    database.insert(USERS, [user("u", city=text), user("v", city=None)])
    assert store.sync() == 0
    store.assert_equals_source()
    files = store.manifest().files
    assert store.sync() == 0
    assert [f.file for f in store.manifest().files] == [f.file for f in files]
    assert store.verify() == 0


# Half of a surrogate pair: a character of neither charset.
NO_UTF8 = [
    (Kind.MARIADB, "ucs2", "D83D"),
    (Kind.MYSQL, "ucs2", "D83D"),
    (Kind.MYSQL, "ucs2", "0061D83D0062"),
    (Kind.MARIADB, "utf8mb4", "EDA0BD"),  # MySQL refuses this text
    (Kind.MARIADB, "utf8mb3", "EDA0BD"),
    (Kind.MARIADB, "utf32", "0000D83D"),
]


@pytest.mark.parametrize(("server", "charset", "text"), NO_UTF8, indirect=["server"])
def test_a_text_that_is_not_utf8_stops_the_run_and_its_row_is_named(
    database: LiveDatabase,
    store: Store,
    reported: Sequence[str],
    charset: str,
    text: str,
) -> None:
    database.execute(
        f"ALTER TABLE fpp_page_views MODIFY source varchar(255) CHARACTER SET {charset}"
    )
    database.insert(PAGE_VIEWS, [(n, "u", "HOME", None, "x", AT) for n in range(1, 21)])
    store.sync()
    before = store.manifest()
    database.execute(
        f"UPDATE fpp_page_views SET source = _{charset} x'{text}' WHERE id = 7"  # noqa: S608  # ours
    )
    assert store.sync() == 1
    fact = "fpp_page_views.source of the row with key 7 has bytes that are not UTF-8"
    assert fact in reported[-1]
    assert store.manifest() == before


@pytest.mark.parametrize(
    ("server", "charset", "text"), NO_UTF8[:3], indirect=["server"]
)
def test_a_user_whose_city_is_not_utf8_is_found_and_not_named(
    database: LiveDatabase,
    store: Store,
    reported: Sequence[str],
    charset: str,
    text: str,
) -> None:
    database.execute(
        f"ALTER TABLE fpp_users MODIFY city varchar(100) CHARACTER SET {charset}"
    )
    database.insert(USERS, [user("V1StGXR8_Z5jdHi6B-myT")])
    database.execute(f"UPDATE fpp_users SET city = _{charset} x'{text}'")  # noqa: S608  # ours
    assert store.sync() == 1
    assert "fpp_users.city of the row with key V1StGX… has bytes" in reported[-1]
    assert "V1StGXR8" not in reported[-1]


def test_bytes_without_a_character_are_copied_as_every_client_reads_them(
    database: LiveDatabase, store: Store
) -> None:
    database.execute(
        "ALTER TABLE fpp_page_views MODIFY source varchar(255) CHARACTER SET gbk"
    )
    database.insert(PAGE_VIEWS, [(1, "u", "HOME", None, "x", AT)])
    database.execute("UPDATE fpp_page_views SET source = _gbk x'FEFE'")
    assert store.sync() == 0
    assert store.rows(PAGE_VIEWS)["source"].to_list() == ["?"]
    store.assert_equals_source()
    assert store.verify() == 0


@pytest.mark.parametrize("charset", ["utf8mb4", "latin1"])
def test_texts_of_a_view_with_their_own_collation_are_copied(
    database: LiveDatabase, store: Store, charset: str
) -> None:
    for table, text in (("fpp_page_views", "source"), ("fpp_users", "city")):
        change = f"MODIFY {text} varchar(99) CHARACTER SET {charset}"
        database.execute(f"ALTER TABLE {table} {change}, RENAME TO {table}_kept")
        names = ", ".join(
            f"{name} COLLATE {charset}_bin AS {name}" if name == text else name
            for name in BY_NAME[table].schema
        )
        query = f"SELECT {names} FROM {table}_kept"  # noqa: S608  # our own names
        database.execute(f"CREATE VIEW {table} AS {query}")
    database.insert(USERS, [user("u", city="Köln"), user("v", city=None)])
    database.insert(PAGE_VIEWS, [(1, "u", "HOME", None, "é", AT)])
    assert store.sync() == 0
    store.assert_equals_source()
    assert store.verify() == 0


def test_two_collations_in_one_table_are_copied(
    database: LiveDatabase, store: Store
) -> None:
    database.execute(
        "ALTER TABLE fpp_users MODIFY city varchar(100) COLLATE utf8mb4_bin, "
        "MODIFY region varchar(100) COLLATE utf8mb4_unicode_ci"
    )
    database.insert(USERS, [user("u", city="Köln"), user("U2", city="köln")])
    assert store.sync() == 0
    store.assert_equals_source()
    assert store.verify() == 0
