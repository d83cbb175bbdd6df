"""Where the data begin and end: comparisons, late data, days before a table."""

import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from metrics.tables import TABLES, TIMESTAMP, USERS
from store.reader import DEMO_MARKER
from tests.busy_day import busy
from tests.pages.building import taken_away
from tests.pages.chart_specs import read_aloud
from tests.pages.conftest import (
    GOLDEN,
    NOW,
    RunPage,
    captions,
    html_of,
    plain,
    tile_lines,
    tiles,
)
from ui import export
from ui.page_context import PageContext, Results


@pytest.mark.parametrize(
    ("first", "last", "every", "said"),
    [
        # In two weeks, those before in three.
        (
            "2026-11-03",
            "2026-11-12",
            "week",
            "┄ 24 Oct – 2 Nov 2026, its first week is not drawn",
        ),
        # Whole weeks are beside each other, not one beside three days.
        (
            "2026-11-02",
            "2026-11-11",
            "week",
            "┄ 23 Oct – 1 Nov 2026, its first week is not drawn, its line ends early",
        ),
        # In three weeks, those before in two.
        (
            "2026-10-24",
            "2026-11-02",
            "week",
            "┄ 14 Oct – 23 Oct 2026, its line ends early",
        ),
        ("2026-11-02", "2026-11-15", "week", "┄ 19 Oct – 1 Nov 2026"),
        # One week is a bar, and so is the one of the days before a Monday.
        ("2026-11-02", "2026-11-04", "week", "compared with 30 Oct – 1 Nov 2026"),
        # One month is a bar, beside which both of those before are.
        ("2026-11-05", "2026-11-12", "month", "compared with 28 Oct – 4 Nov 2026"),
        # Two weekends, of which the days before have one: both have twelve days.
        ("2026-10-31", "2026-11-11", "day", "┄ 19 Oct – 30 Oct 2026"),
    ],
)
def test_a_comparison_of_more_or_fewer_weeks_says_so(
    run_page: RunPage, first: str, last: str, every: str, said: str
) -> None:
    days = {"from": first, "to": last}
    app = run_page("votes.py", every=every, weekends="false", **days)
    dated = (c.value for c in app.caption if "\u2002" in c.value)
    [text] = [text for text in dated if re.search("┄|compared", text)]
    parts = text.split(" \u2002 ")[1:]
    assert parts[0].replace("\u00a0", " ").replace("\u2060", "") == said
    # Only dotted lines are explained: not a bar, and no whole weeks and days.
    whole = last in {"2026-11-15", "2026-11-04"} or every != "week"
    assert parts[1:] == ([] if whole else ["⋯\u00a0incomplete week"])


@pytest.mark.parametrize(
    ("minutes", "said", "color", "period"),
    [
        (-4, "on time", "green", "today"),
        (20, "on time", "green", "today"),
        (21, "21 minutes late", "orange", "today"),
        (48, "48 minutes late", "orange", "yesterday"),
        (90, "1 hour late", "red", "today"),
    ],
)
def test_the_badge_says_whether_the_data_is_late_and_the_bar_where_it_matters(
    run_page: RunPage,
    plain_store: Callable[..., Path],
    minutes: int,
    said: str,
    color: str,
    period: str,
) -> None:
    folder = plain_store()
    written = (NOW - timedelta(minutes=minutes)).replace(tzinfo=UTC).timestamp()
    for file in folder.glob("*.parquet"):
        os.utime(file, (written, written))
    app = run_page("traffic.py", folder, period=period)
    (badge,) = [text.value for text in app.markdown if "Data until" in text.value]
    assert f", {said}" in badge
    assert f":{color}-badge[" in badge
    # Whole days that are over have all of their data.
    ends_early = color != "green" and period == "today"
    assert any(", data until " in text for text in captions(app)) == ends_early


def test_late_data_need_attention_and_a_demo_is_never_late(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    folder = plain_store()
    written = (NOW - timedelta(days=2)).replace(tzinfo=UTC).timestamp()
    for file in folder.glob("*.parquet"):
        os.utime(file, (written, written))

    def findings() -> list[str]:
        app = run_page("overview.py", folder)
        return [plain(link.proto.label) for link in app.get("page_link")]

    assert "Data is 2 days late" in findings()
    (folder / DEMO_MARKER).touch()
    assert not [text for text in findings() if "late" in text]


@pytest.fixture
def late_store(plain_store: Callable[..., Path]) -> Path:
    """The golden files as of three days ago, Tuesday at ten."""
    folder = plain_store()
    written = LATE_UNTIL.replace(tzinfo=UTC).timestamp()
    for file in folder.glob("*.parquet"):
        os.utime(file, (written, written))
    return folder


LATE_UNTIL = datetime(2026, 11, 17, 10)


OF_A_PERIOD: Sequence[tuple[str, Mapping[str, str]]] = [
    ("overview.py", {}),
    *(("traffic.py", {"split": split}) for split in ("all", "source")),
    *(("traffic.py", {"part": part}) for part in ("page_views", "session_length")),
    *(("votes.py", {"part": part}) for part in ("when", "estimations")),
    *(("behaviour.py", {"part": part}) for part in ("routes", "events", "rooms")),
    ("location.py", {}),
    ("historical.py", {}),
    *(("returning.py", {"as": view}) for view in ("average", "by_start")),
    *(
        ("insights.py", {"about": about})
        for about in ("agreement", "second_votes", "meetings", "rooms", "new_users")
    ),
]
"""Pages of a period, and what they show by choice."""


def test_a_comparison_ends_where_late_data_does_and_the_page_says_so(
    run_page: RunPage, late_store: Path
) -> None:
    """Else the days without data would be a fall."""
    app = run_page("votes.py", late_store, period="last_7_days")
    votes = pl.read_parquet(GOLDEN / "fpp_votes.parquet")["voted_at"]
    starts, length = (
        (datetime(2026, 11, 13), datetime(2026, 11, 6)),
        LATE_UNTIL.day - 13,
    )
    now, before = (
        votes.is_between(start, start + timedelta(days=length, hours=10), "left").sum()
        for start in starts
    )
    value, change = tile_lines(app)["Votes"]
    assert (value, change.rpartition(" from ")[2]) == (f"{now}", f"{before}")
    assert (
        "13 Nov – 17 Nov 2026 · 5 days, data until 17 Nov 2026, 10:00 · compared with "
        "6 Nov – 10 Nov 2026 · UTC"
    ) in captions(app)
    # The day on which the data ends is no whole one, and none follows it.
    days = [text for text in read_aloud(app) if "When: " in text]
    assert [text for text in days if "Tue 17 Nov 2026, so far" in text]
    assert not [text for text in days if "18 Nov" in text]


def test_a_period_after_the_end_of_late_data_is_empty_and_compared_with_nothing(
    run_page: RunPage, late_store: Path
) -> None:
    for file, query in OF_A_PERIOD:
        app = run_page(file, late_store, period="today", **query)
        assert [error.message for error in app.exception] == [], file
        assert any(
            text.startswith("20 Nov 2026 · 1 day, data until 17 Nov 2026, 10:00")
            for text in captions(app)
        )
        # Whether anything has happened is not known: 0 would say that nothing has.
        assert {tuple(line) for line in tile_lines(app).values()} <= {("–",)}
        said = [plain(info.value) for info in app.info]
        ends = "No data in this period. The data ends on 17 Nov 2026."
        # Rooms, invitations and return rates are those of earlier days.
        if file == "overview.py":
            assert "17 Nov 2026 until 10:00 UTC" in [head.value for head in app.header]
            # Changes and unusual days are of the period as well.
            assert {*said} == {ends}
        elif not query.get("about", "").startswith(("rooms", "new")):
            assert said[0] == ends, file
    # How healthy it is now is not known.
    said = captions(run_page("room.py", late_store, period="today", room="88"))
    ended = "**Room health at the end of the data: 25 of 100 points, dormant.**"
    assert any(text.startswith(ended) for text in said)


def test_at_midnight_data_on_time_has_not_ended(run_page: RunPage) -> None:
    midnight = datetime(2026, 11, 20)
    said = run_page("returning.py", now=midnight, period="today").info[0].value
    assert said == "No returning users or rooms in this period."


def test_new_data_are_shown_and_what_was_chosen_stays(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    folder = plain_store(without=("fpp_votes",))
    query = {"period": "All time", "show": "estimations"}
    app = run_page("votes.py", folder, **query)
    before = tiles(app)["Votes"]
    shutil.copy(GOLDEN / "fpp_votes.parquet", folder)
    app.run()
    assert (before, tiles(app)["Votes"]) == ("–", "2,907")
    assert app.selectbox(key="period").value == "all_time"
    assert app.button_group(key="kpi_strip").value == "estimations"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({}, "No data in this period. Choose a longer one."),
        ({"period": "all_time"}, "Nothing to show yet."),
        (
            {"period": "all_time", "filter": "source:Nowhere"},
            "No data matches the filters. Remove one.",
        ),
    ],
)
def test_a_blank_block_of_all_time_asks_for_no_longer_period(
    run_page: RunPage,
    plain_store: Callable[..., Path],
    query: dict[str, str],
    says: str,
) -> None:
    views = pl.read_parquet(GOLDEN / "fpp_page_views.parquet")
    store = plain_store(without=("fpp_page_views",))
    views.head(0).write_parquet(store / "fpp_page_views.parquet")
    app = run_page("behaviour.py", store, **query)
    assert says in [plain(info.value) for info in app.info]
    assert not [
        plain(i.value) for i in app.info if "longer" in i.value and "longer" not in says
    ]


@pytest.mark.parametrize(
    ("first", "says"),
    [
        # A longer one would end on the same day, before the data.
        (
            "2026-11-20 09:00",
            "No data in this period. The data begins on 20 Nov 2026. Choose Today.",
        ),
        ("2026-10-20 09:00", "No data in this period. Choose a longer one."),
    ],
)
def test_before_the_data_begins_a_blank_block_says_so(
    run_page: RunPage, tmp_path: Path, first: str, says: str
) -> None:
    at = datetime.fromisoformat(first)
    for table in TABLES:
        rows = pl.read_parquet(GOLDEN / table.file_name).head(1)
        times = [n for n, dtype in rows.schema.items() if dtype == TIMESTAMP]
        rows = rows.with_columns(pl.lit(at, TIMESTAMP).alias(name) for name in times)
        rows.write_parquet(tmp_path / table.file_name)
    app = run_page("behaviour.py", tmp_path, period="last_7_days")
    assert says in [plain(info.value) for info in app.info]
    # Nothing is judged before: no day was usual, and no room healthy.
    unusual = run_page("overview.py", tmp_path, period="last_7_days").info[-1].value
    gone_quiet = (
        run_page("insights.py", tmp_path, period="last_7_days", about="rooms")
        .info[-2]
        .value
    )
    begins = "begins" in says
    assert (plain(unusual) == says) is begins
    assert (plain(gone_quiet) == says) is begins


def write_last(folder: Path, span: timedelta) -> None:
    """Write a store of a young product: the last rows of the golden one."""
    for table in TABLES:
        rows = pl.read_parquet(GOLDEN / table.file_name)
        young = pl.col(table.time) >= NOW - span
        rows.filter(young).write_parquet(folder / table.file_name)


def test_days_before_a_table_begins_are_unknown_on_the_pages_that_need_it(
    run_page: RunPage, tmp_path: Path
) -> None:
    for table in TABLES:
        rows = pl.read_parquet(GOLDEN / table.file_name)
        if table.name in {"fpp_votes", "fpp_estimations"}:
            rows = rows.filter(pl.col(table.time) >= datetime(2026, 8, 12))
        rows.write_parquet(tmp_path / table.file_name)
    dates = {"from": "2026-06-20", "to": "2026-07-20"}
    votes, seats = "fpp_votes begins", "fpp_estimations begins"
    named = {
        ("behaviour.py", "routes"): None,
        ("behaviour.py", "events"): None,
        ("behaviour.py", "rooms"): votes,
        ("votes.py", "when"): votes,
        # Days are marked as unusual by views and votes.
        ("traffic.py", "page_views"): seats,
        ("traffic.py", "session_length"): seats,
        ("location.py", ""): seats,
        ("returning.py", ""): seats,
        ("insights.py", "new_users"): seats,
    }
    for file, query in OF_A_PERIOD:
        app = run_page(file, tmp_path, **dates, **query)
        assert [error.message for error in app.exception] == [], (file, query)
        begin = named.get(
            (file, query.get("part", query.get("about", ""))),
            "fpp_estimations and fpp_votes begin",
        )
        said = [text for text in captions(app) if "earlier numbers are unknown" in text]
        assert len(said) == (begin is not None), (file, query)
        assert begin is None or f" · {begin} on 12 Aug 2026: " in said[0], (file, query)
        zeros = [line for line in tile_lines(app).values() if line[0] == "0"]
        assert not zeros, (file, query)
    app = run_page("votes.py", tmp_path, **dates)
    assert {line[0] for line in tile_lines(app).values()} == {"–"}
    single = (
        "No data. fpp_votes begins on 12 Aug 2026: its earlier numbers are unknown."
    )
    assert {plain(info.value) for info in app.info} == {single}
    # Beside a comparison before it, what is known is compared with nothing.
    after = {"from": "2026-08-13", "to": "2026-08-31"}
    app = run_page("votes.py", tmp_path, **after)
    shown = {line[0]: line[-1] for line in tile_lines(app).values()}
    assert all("n/a" in change for change in shown.values()), shown
    assert any("fpp_votes begins" in text for text in captions(app))
    # New users of as many earlier days would be before it: these pages have none.
    later = {"from": "2026-09-10", "to": "2026-09-20"}
    for file in ("votes.py", "location.py"):
        app = run_page(file, tmp_path, **later)
        assert "begin" not in f"{captions(app)}", file
    # Users who started up to 16 weeks before, and any who had started before them.
    months_later = {"from": "2026-11-10", "to": "2026-11-18", "as": "By start"}
    app = run_page("returning.py", tmp_path, **months_later)
    assert any("fpp_estimations begins" in text for text in captions(app))
    # Nor has nothing changed where no change is known.
    views = tmp_path / "fpp_page_views.parquet"
    kept = pl.col("viewed_at") >= datetime(2026, 8, 12)
    pl.read_parquet(views).filter(kept).write_parquet(views)
    said = [
        plain(info.value) for info in run_page("overview.py", tmp_path, **after).info
    ]
    assert any(text.startswith("No known change. fpp_estim") for text in said), said
    shutil.copy(GOLDEN / views.name, views)
    # Who was where is not known before users are, whatever they did.
    rows = pl.read_parquet(GOLDEN / USERS.file_name)
    late = rows.filter(pl.col(USERS.time) >= datetime(2026, 8, 12))
    late.write_parquet(tmp_path / USERS.file_name)
    since = {"from": "2026-08-20", "to": "2026-09-20", "filter": "country!:AT"}
    for before in ("previous", "year"):
        for file in ("traffic.py", "overview.py"):
            app = run_page(file, tmp_path, compare=before, **since)
            tiles = tile_lines(app).values()
            assert all(line[-1] == "n/a" or line[0] == "–" for line in tiles), file
    rows.write_parquet(tmp_path / USERS.file_name)
    # Of votes without their estimations, no bucket is too short.
    shutil.copy(GOLDEN / "fpp_votes.parquet", tmp_path)
    app = run_page("insights.py", tmp_path, about="agreement", **dates)
    said = [plain(info.value) for info in app.info]
    # In each chart, that of team sizes too; bars of nothing would give no reason.
    assert said == [single.replace("votes", "estimations")] * 3
    # Nor is a comparison of them named that is not drawn.
    for show, drawn in (("page_views", True), ("activation_rate", False)):
        app = run_page("traffic.py", tmp_path, show=show, **after)
        assert any("┄" in text for text in captions(app)) is drawn, show


def test_nothing_is_shown_or_said_of_a_period_before_the_data(
    run_page: RunPage, tmp_path: Path
) -> None:
    """A product of two days, and a whole quarter before them: 0 is not known."""
    write_last(tmp_path, timedelta(days=2))
    for file, query in OF_A_PERIOD:
        options = {"period": "last_quarter", "weekends": "hide"}
        app = run_page(file, tmp_path, **options, **query)
        assert [error.message for error in app.exception] == [], (file, query)
        assert {tuple(line) for line in tile_lines(app).values()} <= {("–",)}
        assert {card.value for card in app.metric} <= {"–"}
        begins = "the data begins on 19 Nov 2026."
        unknown = f"No data in this period. T{begins[1:]}", f"No comparison: {begins}"
        assert {plain(info.value) for info in app.info} <= {*unknown}, (file, query)
        assert not app.text, file


def test_days_of_new_users_may_be_before_the_data_where_no_other_days_are(
    run_page: RunPage, tmp_path: Path
) -> None:
    write_last(tmp_path, timedelta(days=19))
    app = run_page("traffic.py", tmp_path, period="last_7_days")
    assert "No data of these days. The data begins on 2 Nov 2026." in {
        plain(info.value) for info in app.info
    }
    assert tiles(app)["Visits"] != "–"
    query = {"period": "last_7_days", "about": "new_users"}
    cards = {
        card.label: card for card in run_page("insights.py", tmp_path, **query).metric
    }
    rooms = cards["Week-old rooms"]
    assert (rooms.value == "–", rooms.delta) == (False, "n/a")


@pytest.mark.parametrize(("stray", "said"), [(1, "1 older row"), (2, "2 older rows")])
def test_all_time_says_how_many_rows_of_a_wrong_clock_it_leaves_out(
    run_page: RunPage, plain_store: Callable[..., Path], stray: int, said: str
) -> None:
    file = plain_store() / "fpp_page_views.parquet"
    views = pl.read_parquet(file)
    old = views.head(stray).with_columns(
        pl.lit(datetime(1970, 1, 1)).alias("viewed_at")
    )
    pl.concat([views, old], how="vertical_relaxed").write_parquet(file)
    captions = [
        c.value for c in run_page("votes.py", file.parent, period="all_time").caption
    ]
    assert f"All time begins on 24 May 2024, without {said}." in captions
    own = {"from": "2024-05-24", "to": "2024-06-20"}
    assert not [
        c.value
        for c in run_page("location.py", file.parent, **own).caption
        if said in c.value
    ]


def test_where_the_data_begins_in_the_period_no_longer_one_is_advised(
    run_page: RunPage, tmp_path: Path
) -> None:
    """It would be as blank: the only vote has one estimation."""
    for table in TABLES:
        rows = pl.read_parquet(GOLDEN / table.file_name).head(1)
        times = [n for n, dtype in rows.schema.items() if dtype == TIMESTAMP]
        at = pl.lit(datetime(2026, 11, 18, 9), TIMESTAMP)
        rows = rows.with_columns(at.alias(name) for name in times)
        if (name := "amount_of_estimations") in rows.columns:
            rows = rows.with_columns(pl.lit(1, rows.schema[name]).alias(name))
        rows.write_parquet(tmp_path / table.file_name)
    app = run_page("insights.py", tmp_path, period="last_28_days")
    said = {plain(info.value) for info in app.info}
    assert said == {"Nothing to show yet: the data begins on 18 Nov 2026."}


@pytest.mark.parametrize(
    ("query", "begins"),
    [
        ({"period": "all_time"}, False),
        ({"from": "2024-05-24", "to": "2024-06-02"}, True),
        ({"from": "2024-05-29", "to": "2024-06-07"}, True),
        ({"from": "2024-05-24", "to": "2024-06-02", "compare": "none"}, False),
    ],
)
def test_why_nothing_is_compared_is_said_where_a_comparison_was_asked_for(
    run_page: RunPage,
    monkeypatch: pytest.MonkeyPatch,
    query: dict[str, str],
    *,
    begins: bool,
) -> None:
    """The golden data begin on 24 May 2024."""
    app = run_page("traffic.py", GOLDEN, **query)
    because = "no comparison: the data begins on 24 May 2024"
    assert any(because in text for text in captions(app)) == begins
    context, *_ = taken_away(run_page, monkeypatch, "traffic.py", **query)
    reason = ": the data begins on 2024-05-24" if begins else ""
    about = export.readme(context, Results({}, {})).splitlines()
    assert f"Compared with: nothing{reason}" in about


@pytest.mark.parametrize("every", ["day", "week"])
def test_charts_begin_with_the_data_and_say_so(run_page: RunPage, every: str) -> None:
    """The golden data begin on 24 May 2024, in the middle of these 91 days."""
    drawn = {"overview": "", "historical": ", by", "behaviour": ", by", "votes": ""}
    for page, after in drawn.items():
        now = datetime(2024, 7, 10, 12)
        app = run_page(
            f"{page}.py", GOLDEN, now=now, period="last_91_days", every=every
        )
        texts = (text.replace("\\", "") for text in captions(app))
        head, *others = (text.replace("\u2060", "") for text in texts)
        assert head.startswith("10 Apr – 9 Jul 2024 · 91 days")
        assert any(c.startswith(f"24 May – 9 Jul 2024{after}") for c in others), page
        assert not any("10 Apr" in c for c in others)


def test_data_without_a_row_begins_on_no_day(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for table in TABLES:
        rows = pl.read_parquet(GOLDEN / table.file_name).clear()
        rows.write_parquet(tmp_path / table.file_name)
    shared: list[PageContext] = []
    monkeypatch.setattr("ui.page_context.share", shared.append)
    run_page("report.py", tmp_path, period="all_time")
    assert [context.query.data_begins for context in shared] == [None]


def test_the_last_30_days_are_compared_with_as_many_where_they_are_a_month(
    run_page: RunPage,
) -> None:
    app = run_page("votes.py", now=datetime(2026, 7, 1, 9), period="last_30_days")
    said = next(text for text in captions(app) if "compared with" in text)
    assert "compared with 2 May – 31 May 2026" in said


@pytest.mark.parametrize(
    ("file", "query", "compares"),
    [
        ("room.py", {}, False),
        ("room.py", {"room": "1"}, True),
        ("room.py", {"room": ["1", "01", "x"]}, True),
        ("room.py", {"room": "x"}, False),
        ("room.py", {"room": "1", "meeting": "1"}, False),
        ("room.py", {"room": "1", "meeting": "x"}, True),
        ("room.py", {"room": ["1", "2"]}, False),
        ("room.py", {"room": ["1", "999999"]}, True),
        ("room.py", {"room": "999999"}, False),
        ("insights.py", {"about": "Rooms"}, False),
        ("insights.py", {"about": " rooms "}, False),
        ("insights.py", {"about": "Agreement"}, True),
        ("historical.py", {}, False),
        ("votes.py", {}, True),
        # Nothing is before it.
        ("votes.py", {"period": "all_time"}, False),
    ],
)
def test_a_comparison_is_offered_and_named_where_something_is_compared(
    run_page: RunPage, file: str, query: dict[str, str | list[str]], *, compares: bool
) -> None:
    app = run_page(file, **query)
    offered = any(box.label == "Compare with" for box in app.selectbox)
    named = any(" compared with " in text for text in captions(app))
    matches = any(toggle.label == "Match weekdays" for toggle in app.toggle)
    assert (offered, named, matches) == (compares, compares, compares)


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        pytest.param(
            datetime(2024, 5, 30, 12), "24 May 2024", id="all before the data"
        ),
        pytest.param(datetime(2024, 6, 5, 12), "24 May 2024", id="partly before it"),
        pytest.param(datetime(2024, 6, 7, 12), "24 May 2024", id="from its first day"),
        pytest.param(datetime(2024, 6, 8, 12), None, id="after its first day"),
    ],
)
def test_nothing_is_compared_with_days_before_the_data(
    run_page: RunPage, now: datetime, begins: str | None
) -> None:
    """A count of no days, or of some of them, is nothing to rise from."""
    app = run_page("overview.py", now=now, period="last_7_days")
    said = [*captions(app), *(plain(text.value) for text in app.info)]
    reason = f"o comparison: the data begins on {begins}"
    bar, block = f"n{reason}", f"N{reason}."
    assert any(bar in text for text in said) == (begins is not None)
    assert (block in said) == (begins is not None)
    compared = {len(lines) > 1 for lines in tile_lines(app).values()}
    assert compared == {begins is None}
    report = run_page("report.py", now=now, period="last_7_days")
    text = html_of(report)
    assert (bar in text) == (begins is not None)
    assert ("Before" in text) == (begins is None)


def test_unusual_days_of_the_comparison_are_named_beside_the_change(
    run_page: RunPage, tmp_path: Path
) -> None:
    """October grew from a September that had a busy Monday."""
    folder = busy(tmp_path)
    named = "Unusual in the comparison: Mon 21 Sep 2026 (902 votes, 0–27 expected). "
    for file in ("overview.py", "votes.py"):
        for compare, is_named in (("previous", True), ("none", False)):
            view = {"period": "last_month", "show": "votes", "compare": compare}
            app = run_page(file, folder, **view)
            assert any(named in text for text in captions(app)) == is_named
    report = run_page("report.py", folder, period="last_month")
    before = html_of(report).partition("Unusual days in the comparison")[2]
    assert "Monday, 21 Sep 2026: " in before
    assert "902 votes (0–27 expected)" in before
