from dataclasses import replace
from datetime import date, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from metrics import filters
from metrics.filters import KINDS, Filter, apply, values
from metrics.frames import Frames, Period
from metrics.numbering import numbered
from metrics.query import Query
from metrics.registry import DEFINITIONS, LABELS, METRIC_TABLES, definition, plan
from metrics.tables import BY_NAME, TABLES
from store import engine
from store.reader import open_store
from testkit.fixed_clock import GOLDEN_NOW, ROOT

AT = datetime(2026, 11, 2, 9)


NAMES = ("anna", "ben", "cleo", "gone")


def frame(table: str, rows: list[dict[str, object]]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=BY_NAME[table].schema)


@pytest.fixture
def frames() -> Frames:
    users = {"anna": ("DE", "desktop"), "ben": ("DE", "mobile"), "cleo": (None, None)}
    empty = {table.name: frame(table.name, []) for table in TABLES}
    return numbered(
        empty
        | {
            "fpp_users": frame(
                "fpp_users",
                [
                    {"id": who, "country": country, "device": device, "created_at": AT}
                    for who, (country, device) in users.items()
                ],
            ),
            "fpp_page_views": frame(
                "fpp_page_views",
                [
                    {"id": 1, "user_id": "anna", "route": "HOME", "viewed_at": AT}
                    | {"source": "https://www.google.com/"},
                    {"id": 2, "user_id": "ben", "route": "ROOM", "viewed_at": AT}
                    | {"room_id": 7},
                    {"id": 3, "user_id": "cleo", "route": "HOME", "viewed_at": AT},
                    {"id": 4, "user_id": "gone", "route": "HOME", "viewed_at": AT},
                ],
            ),
            "fpp_votes": frame("fpp_votes", [{"id": 1, "room_id": 7, "voted_at": AT}]),
        }
    )


def viewers(frames: Frames) -> list[str]:
    return [NAMES[n] for n in sorted(frames.page_views.collect()["user"].to_list())]


@pytest.mark.parametrize(
    ("texts", "kept"),
    [
        ([], ["anna", "ben", "cleo", "gone"]),
        (["country:DE"], ["anna", "ben"]),
        (["country:DE", "device:mobile"], ["ben"]),
        (["country:(not set)"], ["cleo"]),
        (["country:FR"], []),
        (["source:Google Search"], ["anna"]),
        (["route:HOME"], ["anna", "cleo", "gone"]),
        (["route:HOME", "country:DE"], ["anna"]),
        (["room:7"], ["ben"]),
        (["room:x"], []),
    ],
    ids=" and ".join,
)
def test_filters_keep(frames: Frames, texts: list[str], kept: list[str]) -> None:
    wanted = [f for f in map(Filter.parse, texts) if f is not None]
    assert len(wanted) == len(texts)
    assert viewers(filters.apply(frames, wanted)) == kept


def test_a_filter_on_users_leaves_votes_as_they_are(frames: Frames) -> None:
    kept = filters.apply(frames, [Filter("country", "FR")])
    assert kept.votes.collect().height == 1
    assert not Filter("country", "FR").applies(["fpp_votes", "fpp_rooms"])
    assert Filter("country", "FR").applies(["fpp_votes", "fpp_estimations"])


@pytest.mark.parametrize(
    "text", ["", "country", "country:", "source: \u200b", "planet:Mars", ":DE"]
)
def test_what_is_no_filter_is_none(text: str) -> None:
    assert Filter.parse(text) is None


@pytest.mark.parametrize("text", ["country:DE", "city:(not set)", "route:a:b"])
def test_a_filter_reads_back_as_it_is_written(text: str) -> None:
    assert str(Filter.parse(text)) == text


def test_a_room_keeps_the_users_who_were_there(frames: Frames) -> None:
    kept = filters.apply(frames, [Filter("room", "7")])
    assert [NAMES[n] for n in kept.users.collect()["user"]] == ["ben"]
    assert kept.votes.collect().height == 1


@pytest.mark.parametrize("text", ["9" * 30, "-1", "٣", ""])
def test_a_text_that_is_no_room_id_keeps_nothing(frames: Frames, text: str) -> None:
    assert filters.apply(frames, [Filter("room", text)]).votes.collect().is_empty()


# In memory: the copy of a folder's state goes when another folder is opened.
SAMPLE = open_store(ROOT / "tests" / "golden").frames.map(
    lambda _, rows: rows.collect().lazy()
)
ASKED = Query(
    SAMPLE,
    Period.of_days(date(2026, 8, 3), date(2026, 11, 15)),
    Period.of_days(date(2026, 4, 20), date(2026, 8, 2)),
    "week",
    GOLDEN_NOW,
)


def commonest(kind: str) -> str:
    return str(values(SAMPLE, kind, 1).collect()["value"].item())


def counts(name: str, rows: Frames) -> dict[object, int]:
    """Return the counts of a table by what their row is about and their column."""
    table = engine.collect(plan(name, replace(ASKED, frames=rows)))
    about = [c for c in table.columns if c in LABELS - {"rank", "cut"}]
    # Of what changed, labels that did not are no rows: only their changes are known.
    others = {"now", "before", "total_before"} if "change" in table.columns else set()
    numbers = {
        column
        for column, of in table.schema.items()
        if of.is_integer()
        and column in DEFINITIONS.keys() - {*about} - others
        and definition(column, name).unit == "count"
    }
    return {
        (*(row[key] for key in about), column): row[column] or 0
        for row in table.iter_rows(named=True)
        for column in numbers
    }


@pytest.mark.parametrize("kind", ["country", "source", "event"])
def test_a_count_that_is_shown_is_that_of_the_kept_users_or_of_all(kind: str) -> None:
    """Users with a value and users without it are all users: their counts add up.

    Unless the count has nothing to do with users, and the page says so. A count that
    is neither would be read as that of the kept users.
    """
    value = commonest(kind)
    kept = apply(SAMPLE, [Filter(kind, value)])
    others = apply(SAMPLE, [Filter(kind, value, excludes=True)])
    wrong = {}
    for name, table in METRIC_TABLES.items():
        if table.needs_all_users or not Filter(kind, value).leaves(table.reads):
            continue
        whole, inside, outside = (counts(name, f) for f in (SAMPLE, kept, others))
        for key, count in whole.items():
            parts = inside.get(key, 0), outside.get(key, 0)
            if sum(parts) != count and parts != (count, count):
                wrong[name, key] = (count, *parts)
    assert wrong == {}


@pytest.mark.parametrize("name", METRIC_TABLES)
def test_a_figure_reads_no_table_that_its_definition_lacks(name: str) -> None:
    """Figures are hidden under a filter by the tables that their definition names."""
    users = KINDS["country"].touches
    without_votes = SAMPLE.map(
        lambda table, rows: rows if table.name in users else rows.head(0)
    )
    with_all, emptied = (
        engine.collect(plan(name, replace(ASKED, frames=rows)))
        for rows in (SAMPLE, without_votes)
    )
    own = [
        column
        for column in with_all.columns
        if column in DEFINITIONS.keys() - LABELS
        and users.issuperset(definition(column, name).tables)
    ]
    if with_all.height == emptied.height:
        assert_frame_equal(with_all.select(own), emptied.select(own))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("country:de", "country:DE"),
        ("COUNTRY!:De", "country!:DE"),
        ("room:007", "room:7"),
        ("room:2147483647", "room:2147483647"),
        ("city:de", "city:de"),
        ("country:(not set)", "country:(not set)"),
        ("country:de ", "country:DE"),
        ("country:de\u200b\ufe0f", "country:DE"),
        ("\u200bCountry\u2060:de", "country:DE"),
        ("room: 007 ", "room:7"),
        ("source:(not set) ", "source:(not set)"),
        ("city: Ely ", "city: Ely "),
    ],
)
def test_a_filter_is_read_as_it_is_typed_and_written_one_way(
    typed: str, meant: str
) -> None:
    assert str(Filter.parse(typed)) == meant


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("1", 1), ("2147483647", 2147483647), ("2147483648", 0)),
        *(("9" * 5000, 0), ("-1", 0), ("1.0", 0), ("٣", 0), ("", 0)),
    ],
)
def test_the_id_of_a_room_fits_its_column(text: str, number: int) -> None:
    assert filters.room_id(text) == number


@pytest.mark.parametrize(
    ("texts", "written"),
    [
        ([], ""),
        (["country:DE"], "country:DE"),
        (["country:DE", "country:AT"], "country:DE or country:AT"),
        (["country!:DE", "country!:AT"], "country!:DE and country!:AT"),
        (["country:DE", "device:mobile"], "country:DE and device:mobile"),
        (
            ["country:DE", "device!:mobile", "country:AT", "device!:tablet"],
            "(country:DE or country:AT) and device!:mobile and device!:tablet",
        ),
    ],
)
def test_filters_are_written_as_they_are_combined(
    texts: list[str], written: str
) -> None:
    assert filters.combined([*filter(None, map(Filter.parse, texts))]) == written
