"""Pages on data that no one expects: no page fails, and no row disappears unsaid."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from metrics.tables import ROOMS, TABLES, TIMESTAMP, VOTES, Table
from tests.pages.conftest import GOLDEN, RunPage, captions
from tests.pages.test_pages import PAGES

# Every page on each store.
pytestmark = pytest.mark.slow

Change = Callable[[pl.DataFrame, Table], pl.DataFrame]


def texts(frame: pl.DataFrame, table: Table) -> list[str]:
    """Return the columns of free text: not the ids that link tables."""
    ids = {table.key, "user_id"}
    return [
        name for name, of in frame.schema.items() if of == pl.String and name not in ids
    ]


def every_text(value: str | None) -> Change:
    def change(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
        return frame.with_columns(
            pl.lit(value, pl.String).alias(name) for name in texts(frame, table)
        )

    return change


def a_label_per_row(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    numbers = pl.int_range(pl.len()).cast(pl.String)
    return frame.with_columns(
        pl.format("label {}", numbers).alias(name) for name in texts(frame, table)
    )


def a_row_at(moment: datetime) -> Change:
    def change(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
        stray = frame.head(1).with_columns(pl.lit(moment).alias(table.time))
        if frame.schema[table.key].is_integer():
            stray = stray.with_columns(pl.lit(2_000_000).alias(table.key))
        else:
            stray = stray.with_columns(pl.lit("stray").alias(table.key))
        return pl.concat([frame, stray], how="vertical_relaxed").cast(frame.schema)

    return change


def every_time(moment: datetime) -> Change:
    def change(frame: pl.DataFrame, _: Table) -> pl.DataFrame:
        return frame.with_columns(
            pl.lit(moment, dtype).alias(name)
            for name, dtype in frame.schema.items()
            if dtype == TIMESTAMP
        )

    return change


ODD: Mapping[str, Change] = {
    "one row": lambda frame, _: frame.head(1),
    "a row of 1970": a_row_at(datetime(1970, 1, 1)),
    "a row of 2099": a_row_at(datetime(2099, 12, 31, 23, 59)),
    "a row of the first day": a_row_at(datetime(1, 1, 1)),
    "a row of the last day": a_row_at(datetime(9999, 12, 31, 23, 59)),
    "the first day": every_time(datetime(1, 1, 1)),
    "the last day": every_time(datetime(9999, 12, 31, 23, 59)),
    "1999": every_time(datetime(1999, 12, 31, 23, 59)),
    "no text": every_text(None),
    "empty text": every_text(""),
    "blank text": every_text(" \t\n "),
    "long text": every_text("Donaudampfschifffahrt " * 200),
    "a label per row": a_label_per_row,
    "empty votes": lambda frame, _: (
        frame.with_columns(amount_of_estimations=pl.lit(0, pl.Int32))
        if "amount_of_estimations" in frame.columns
        else frame
    ),
}


@pytest.fixture
def odd_store(tmp_path: Path) -> Callable[[Change], Path]:
    def write(change: Change) -> Path:
        for table in TABLES:
            frame = pl.read_parquet(GOLDEN / table.file_name)
            change(frame, table).write_parquet(tmp_path / table.file_name)
        return tmp_path

    return write


VIEWS = [
    ("all_time", "day", "UTC"),
    ("all_time", "week", "America/New_York"),
    ("last_7_days", "hour", "Pacific/Auckland"),
]
AT_THE_ENDS = {"the first day", "the last day"}
# Each page in one view of each store, so that each view meets each page and each store;
# where a zone can leave the calendar, in all of them.
CASES = [
    (odd, first)
    for place, odd in enumerate(ODD)
    for first in (range(len(VIEWS)) if odd in AT_THE_ENDS else [place % len(VIEWS)])
]


@pytest.mark.parametrize(("odd", "first"), CASES)
def test_no_page_fails_on_odd_data(
    run_page: RunPage, odd_store: Callable[[Change], Path], odd: str, first: int
) -> None:
    store = odd_store(ODD[odd])
    of_page = {"room.py": {"room": "1"}, "insights.py": {"about": "rooms"}}
    for place, file in enumerate(PAGES):
        period, every, zone = VIEWS[0]
        # Odd texts are the same in any view; odd times and counts are not.
        if "text" not in odd and "label" not in odd:
            period, every, zone = VIEWS[(first + place) % len(VIEWS)]
        query = {"period": period, "every": every, "tz": zone, **of_page.get(file, {})}
        app = run_page(file, store, **query)
        assert [error.message for error in app.exception] == [], file
        assert not app.error, file


def test_a_name_turns_no_sentence_and_breaks_none(
    run_page: RunPage, odd_store: Callable[[Change], Path]
) -> None:
    store = odd_store(every_text("\N{RIGHT-TO-LEFT OVERRIDE}a\n\nb"))
    said = [
        # Dates are kept together.
        text.value.replace("\N{NO-BREAK SPACE}", " ")
        for file in ("overview.py", "traffic.py")
        for text in run_page(file, store, period="last_91_days", split="device").text
    ]
    assert any("a b" in text for text in said), said
    for text in said:
        assert text == " ".join(text.split())
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in text


def test_a_filter_finds_its_own_value_and_no_other_one(
    run_page: RunPage, odd_store: Callable[[Change], Path]
) -> None:
    # Of signs alone no letter is left to find a name by; a small letter is stored.
    values = pl.Series(["{{x}}", "{{x}}", "@x", "#"])

    def change(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
        found = pl.lit(values).gather(pl.int_range(pl.len()) % values.len())
        return frame.with_columns(found.alias(name) for name in texts(frame, table))

    app = run_page("location.py", odd_store(change), filter=["country:@X", "city:%"])
    chips = [str(one.key) for one in app.button if str(one.key).startswith("chip_")]
    assert chips == ["chip_country:@X", "chip_city:%"]
    [warning] = app.warning
    assert "The data has no city" in warning.value


@pytest.mark.parametrize(("gone", "said"), [(1, "1 deleted room"), (2, "2 deleted")])
def test_the_list_of_rooms_says_how_many_deleted_ones_it_leaves_out(
    run_page: RunPage, odd_store: Callable[[Change], Path], gone: int, said: str
) -> None:
    voted = pl.read_parquet(GOLDEN / VOTES.file_name)["room_id"].unique().sort()

    def change(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
        is_gone = pl.col("id").is_in(voted[-gone:].to_list())
        return frame.filter(~is_gone) if table is ROOMS else frame

    app = run_page("room.py", odd_store(change), period="all_time")
    assert f", without {said}" in captions(app)[1]
