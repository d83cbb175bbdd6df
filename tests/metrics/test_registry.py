"""Every table of the registry, on any data."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from io import BytesIO
from itertools import product
from typing import Any, get_args
from zoneinfo import ZoneInfo

import polars as pl
import polars.selectors as cs
import pytest
from polars.testing import assert_frame_equal, assert_series_equal

from metrics import attention, filters, registry
from metrics.constants import MATURE
from metrics.filters import Filter
from metrics.frames import Frames, Period
from metrics.periods import with_new_users
from metrics.query import Granularity, Query, SharedPlans, executable
from metrics.registry import (
    DEFINITIONS,
    LABELS,
    METRIC_TABLES,
    definition,
    plan,
    split,
)
from metrics.sentences import begins_note
from metrics.tables import (
    BY_NAME,
    ESTIMATIONS,
    EVENTS,
    PAGE_VIEWS,
    ROOMS,
    TABLES,
    USERS,
    VOTES,
)
from store import engine
from tests.metrics.building import (
    answer,
    at,
    column,
    days,
    estimation,
    executed,
    frames,
    query,
    room,
    user,
    view,
    vote,
    without_bots,
)
from tests.metrics.edge_cases import BEFORE_START, DATA, EMPTY, SINGLE

NAMES = sorted(METRIC_TABLES)
MONTH = days("2026-10-26", "2026-11-22")
BEFORE = days("2026-09-28", "2026-10-25")


def build(name: str, asked: Query) -> pl.DataFrame:
    return executed(plan(name, asked))


def assert_sound(frame: pl.DataFrame) -> None:
    """No value that a reader cannot use, no type that a CSV or a chart cannot."""
    for series in frame:
        assert not series.dtype.is_decimal(), series.name
        if series.dtype.is_float():
            assert series.is_finite().all(), series.name
        if series.name.endswith(("share", "rate")) and "change" not in series.name:
            assert series.is_between(0, 1).all(), series.name
        if series.dtype == pl.Int64 and "change" not in series.name:
            assert (series >= 0).all(), series.name


@pytest.fixture(scope="module")
def schemas() -> dict[str, pl.Schema]:
    asked = query(EMPTY, MONTH)
    return {name: build(name, asked).schema for name in NAMES}


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("name", NAMES)
def test_answers_on_any_data_with_the_same_columns(
    name: str, data: str, schemas: dict[str, pl.Schema]
) -> None:
    for period, before in ((MONTH, BEFORE), (days("2020-02-01", "2020-02-29"), None)):
        frame = build(name, query(DATA[data], period, before, "week"))
        assert frame.schema == schemas[name]
        assert_sound(frame)


LOOKING_BEYOND = {"all_rooms", "daily_summary"}
"""Tables that look beyond the period on purpose."""


@pytest.mark.parametrize("name", sorted(set(NAMES) - LOOKING_BEYOND))
def test_a_period_without_rows_answers_as_an_empty_store_does(name: str) -> None:
    quiet = days("2019-01-01", "2019-01-31")
    assert_frame_equal(
        build(name, query(BEFORE_START, quiet)), build(name, query(EMPTY, quiet))
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_that_was_sent_away_gives_the_same_answer(
    name: str, golden: Frames
) -> None:
    humans = without_bots(golden)
    asked = plan(name, query(humans, MONTH, BEFORE, "week"))
    sent = [
        pl.LazyFrame.deserialize(BytesIO(part.serialize()))
        for part in executable(asked)
    ]
    # A cluster streams.
    came = [part.collect(engine="streaming") for part in sent]
    assert_frame_equal(engine.finished(asked, came), executed(asked))


def until(time: str, period: Period) -> Period:
    """Return a period that still runs: it ends at a time of its last day."""
    return Period(period.start, at(f"{period.last_day} {time}"), period.zone)


@pytest.mark.parametrize(
    ("period", "compared"),
    [
        pytest.param(MONTH, BEFORE, id="the period before"),
        pytest.param(MONTH, days("2026-08-03", "2026-08-30"), id="some weeks between"),
        pytest.param(MONTH, days("2026-09-21", "2026-10-22"), id="days between"),
        pytest.param(MONTH, days("2025-10-27", "2025-11-23"), id="a year ago"),
        pytest.param(
            until("09:12:34", MONTH), until("09:12:34", BEFORE), id="still running"
        ),
        pytest.param(
            until("15:00", days("2026-11-01", "2026-11-18")),
            until("15:00", days("2026-10-01", "2026-10-18")),
            id="month to date",
        ),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_both_periods_in_one_pass_are_as_each_alone(
    name: str, period: Period, compared: Period, golden: Frames
) -> None:
    now = query(without_bots(golden), period, compared, "week")
    before = now.comparison_query
    assert before is not None
    shared = SharedPlans.of(now, both=True)
    for asked in (now, before):
        assert_frame_equal(
            executed(plan(name, asked, shared)),
            executed(plan(name, asked)),
            abs_tol=1e-9,
        )


@pytest.mark.parametrize("name", NAMES)
def test_every_column_has_a_definition_or_is_a_label(
    name: str, schemas: dict[str, pl.Schema]
) -> None:
    columns = schemas[name].names()
    unknown = [c for c in columns if split(c)[0] not in DEFINITIONS.keys() | LABELS]
    assert unknown == []
    # Rows of several measures have columns of no live table; rooms give names.
    if {"key", "measure"}.isdisjoint(columns):
        keys = {split(c)[0] for c in columns} & DEFINITIONS.keys()
        needed = {live for key in keys for live in definition(key, name).tables}
        assert needed.issuperset({*METRIC_TABLES[name].reads} - {ROOMS.name})


NOT_OF_A_TABLE = {
    # Of the running day.
    *("today", "median", "lowest", "highest", "weeks"),
    # Of one room, in the replaced service's answer.
    "avg_avg_estimation",
    # Of the Data page.
    *("stored_rows", "stored_megabytes", "generation", "run_seconds"),
    *("run_new", "run_changed", "run_gone", "run_healed"),
}
"""Numbers that pages and the API have beside the metric tables."""


def test_every_definition_names_a_column_that_there_is(
    schemas: dict[str, pl.Schema],
) -> None:
    columns = {split(name)[0] for schema in schemas.values() for name in schema.names()}
    assert DEFINITIONS.keys() - columns == NOT_OF_A_TABLE


@pytest.mark.parametrize("name", NAMES)
def test_reads_the_tables_it_names_and_no_other(name: str) -> None:
    """Taking a table away changes nothing unless the entry names it."""
    unread = {t.name for t in TABLES} - set(METRIC_TABLES[name].reads)
    gone = SINGLE.map(
        lambda table, frame: frame.clear() if table.name in unread else frame
    )
    period = days("2026-11-02", "2026-11-02")
    assert_frame_equal(
        build(name, query(gone, period, BEFORE)),
        build(name, query(SINGLE, period, BEFORE)),
    )


def test_what_one_room_does_not_know_is_unknown_with_its_interval() -> None:
    keys = ("spectator_share", "estimated_later_share")
    row = pl.DataFrame({f"{key}{end}": 0.5 for key in keys for end in ("", "_low")})
    found = registry.without_figures_of_all_rooms(row)
    assert found.row(0) == (0.5, 0.5, None, None)


def test_entries_are_kept_under_their_own_names() -> None:
    assert [table.name for table in METRIC_TABLES.values()] == list(METRIC_TABLES)


def test_definitions_are_kept_under_their_own_keys_and_name_real_tables() -> None:
    assert [d.key for d in DEFINITIONS.values()] == list(DEFINITIONS)
    assert {table for d in DEFINITIONS.values() for table in d.tables} <= set(BY_NAME)


SAME = ({"amount_of_estimations", "estimators"},)
"""Keys of one number: of a vote alone, and of votes that are counted."""


def test_a_title_names_one_number() -> None:
    titles: dict[str, set[str]] = {}
    for number in DEFINITIONS.values():
        titles.setdefault(number.title, set()).add(number.key)
    assert [
        keys for keys in titles.values() if len(keys) > 1 and keys not in SAME
    ] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_row_at_the_very_edge_is_of_the_period_that_begins_there(name: str) -> None:
    edges = ("2026-09-28 00:00:00", "2026-10-25 23:59:59", "2026-10-26 00:00:00")
    rows = frames(
        *(vote(time, room=room) for time in edges for room in range(20)),
        *(view("a", time, source="cv") for time in edges),
        *(
            estimation(f"{who} {room}", time, room=room)
            for time in edges
            for room in range(20)
            for who in "ab"
        ),
    )
    now = query(rows, MONTH, BEFORE, "week")
    shared = SharedPlans.of(now)
    for asked in filter(None, (now, now.comparison_query)):
        together = executed(plan(name, asked, shared))
        assert_frame_equal(together, build(name, asked), abs_tol=1e-9)


LARGEST = 2**31 - 1
"""The largest number of 32 bits."""


@pytest.mark.parametrize("name", NAMES)
def test_sums_of_large_numbers_do_not_wrap(name: str) -> None:
    """Each number of a vote is one of 32 bits; three of them together are not."""
    votes = [
        vote(
            f"2026-11-{day} 09:00",
            room=day,
            amount=LARGEST,
            spectators=LARGEST,
            duration=LARGEST,
        )
        for day in (16, 17, 18)
    ]
    found = build(name, query(frames(*votes), MONTH, BEFORE, "week"))
    for series in found.select(cs.numeric() & ~cs.contains("_low")):
        assert (series.drop_nulls() >= 0).all(), series.name
    for key in ("estimations", "spectators", "seats", "total_estimations"):
        known = key in found.columns and definition(key, name)
        if known and VOTES.name in known.tables:
            total = int(found[key].sum())
            assert total in {3 * LARGEST, 6 * LARGEST, 0}, key


ADDED_UP = {
    *("Votes", "Empty votes", "Estimations", "Participations", "Page views"),
    *("New users", "New rooms", "Spectators", "Visits"),
}
"""Titles of counts that rows of a table add up to."""
SOME_VOTES = {"round_durations", "team_sizes", "spread"}
"""Tables of votes with an estimation: a note beneath their charts says so."""


def test_what_counts_some_votes_or_users_of_other_days_is_not_defined_as_all() -> None:
    funnels = {name for name in NAMES if name.startswith("funnel_by_")}
    for key, tables in (("votes", SOME_VOTES), ("new_users", funnels)):
        for name in tables:
            own = definition(key, name)
            assert own.formula != DEFINITIONS[key].formula
            assert own.excludes != "Nothing."


def test_what_counts_users_or_rooms_says_that_deleted_ones_are_left_out() -> None:
    """What they did stays behind: other numbers count it."""
    own = {definition(key, name) for key in DEFINITIONS for name in NAMES}
    counting = [n for n in own if n.tables in {(USERS.name,), (ROOMS.name,)}]
    # "All rows" of a table are those that it has.
    counting = [n for n in counting if "rows of `" not in n.formula]
    assert len(counting) > 3
    for number in counting:
        assert "eleted" in number.excludes, number


@pytest.mark.parametrize("every", ["day", "week", "month"])
@pytest.mark.parametrize(
    ("first", "last"), [("2026-10-26", "2026-11-22"), ("2025-11-01", "2026-11-19")]
)
def test_a_word_has_one_number_in_all_tables(
    golden: Frames, first: str, last: str, every: Granularity
) -> None:
    """Whatever table a figure is read in, for one period it is the same figure."""
    asked = query(without_bots(golden), days(first, last), granularity=every)
    shared = SharedPlans.of(asked)
    # Others are about days of their own, and say which.
    about = [
        name
        for name in NAMES
        if METRIC_TABLES[name].covers(asked) == asked.period and name not in SOME_VOTES
    ]
    found = engine.collect_all(
        {name: plan(name, asked, shared) for name in about}, 10**6
    )
    sums: dict[str, dict[int, set[str]]] = {}
    for name, frame in found.items():
        for key in frame.columns:
            known = key in DEFINITIONS and definition(key, name)
            if known and known.title in ADDED_UP:
                total = int(frame[key].sum())
                sums.setdefault(known.title, {}).setdefault(total, set()).add(name)
    assert sums.keys() >= ADDED_UP - {"Participations"}
    assert {title: each for title, each in sums.items() if len(each) > 1} == {}


@pytest.mark.parametrize("first", ["2026-06-01", "2026-10-26"])
def test_no_figure_has_the_last_digits_of_arithmetic(
    golden: Frames, first: str
) -> None:
    """Files and answers had 66.40000000000002 seconds, and a share of 0.16000000003."""
    asked = query(golden, days(first, "2026-11-22"), days("2025-10-27", "2025-11-23"))
    shared = SharedPlans.of(asked)
    plans = {name: plan(name, asked, shared) for name in NAMES}
    untidy = [
        (name, column.name, value)
        for name, frame in engine.collect_all(plans, 10**6).items()
        for column in frame.select(cs.float())
        for value in column.drop_nulls()
        if len(repr(value)) > 15 and len(f"{value:.12g}") < 9
    ]
    assert untidy == []


def test_no_figure_is_called_like_the_chart_of_another() -> None:
    """Votes per hour were those of meetings, and those of each hour of the period."""
    # The mean of a weekday is of what the chart of days has.
    lengths = {*get_args(Granularity)} - {"day"}
    titles = {one.title for one in DEFINITIONS.values()}
    assert titles.isdisjoint(f"{t} per {every}" for t in titles for every in lengths)


def test_what_is_usual_or_expected_is_a_range_everywhere() -> None:
    """“Usually 110–150” and a column “Usual” of 134 would be two numbers."""
    titles = {key: one.title.lower() for key, one in DEFINITIONS.items()}
    assert {k for k in titles if "usual" in titles[k]} == {"usual_low", "usual_high"}
    assert "expected" not in titles.values()


def test_participations_new_rooms_and_pauses_have_names_of_their_own() -> None:
    """Growth counts other things than Votes under the old service's keys."""
    for key in ("estimations", "rooms"):
        here, elsewhere = definition(key, "historical"), definition(key, "votes_totals")
        assert here.title != elsewhere.title
        assert elsewhere == DEFINITIONS[key]
    # Those of room health are of 28 days, whatever the period.
    lately = definition("rounds_with_estimate", "room_health")
    assert lately.title != DEFINITIONS[lately.key].title
    # Rows of users; what votes state of their users is another number.
    titles = {each.title.removesuffix(" (n)") for each in DEFINITIONS.values()}
    assert definition("estimations", "historical").title not in titles
    # A card leaves "(n)" out: rooms that have had seven days are of other days.
    on_card = DEFINITIONS["new_rooms"].title.removesuffix(" (n)")
    assert on_card != definition("rooms", "historical").title
    # The list of a room's meetings has those of empty votes alone, too.
    assert not METRIC_TABLES["meetings"].title.startswith(DEFINITIONS["meetings"].title)
    # A talk between two votes that are not empty is another pause.
    pauses = (definition("talk_median_seconds", t) for t in ("meetings", "round_time"))
    assert len({pause.title for pause in pauses}) == 2


def test_a_count_of_one_name_is_one_number_in_all_tables(golden: Frames) -> None:
    """Captions called two counts "votes": non-empty ones, and those with a spread."""
    number = pl.col("id") % 5
    low = pl.when(number != 0).then("max_estimation").otherwise(0)
    few = pl.when(number != 1).then("amount_of_estimations").otherwise(1)
    odd = {"max_estimation": low, "amount_of_estimations": few}
    damaged = golden.map(lambda t, rows: rows.with_columns(**odd if t == VOTES else {}))
    asked = query(damaged, days("2026-10-26", "2026-11-18"))
    found: dict[str, set[int]] = {}
    for name in METRIC_TABLES:
        table = build(name, asked)
        for key in (
            {*table.columns}.intersection(DEFINITIONS) if len(table) == 1 else ()
        ):
            what = definition(key, name)
            if what.unit == "count":
                title = what.title.removesuffix(" (n)")
                found.setdefault(title, set()).add(table[key].item())
    assert {title: n for title, n in found.items() if len(n) > 1} == {}
    kinds = ("Votes", "Non-empty votes", "Votes by 2+ users")
    assert len(set[int]().union(*(found[kind] for kind in kinds))) == 3


def test_a_definition_is_a_sentence_and_no_label_is_defined() -> None:
    for number in DEFINITIONS.values():
        assert number.formula.endswith((".", ".)")), number.key
        assert number.excludes.endswith((".", ".)")), number.key
        assert number.title == number.title.strip() != ""
    assert not DEFINITIONS.keys() & LABELS


OVER_TIME = ("traffic_over_time", "votes_over_time", "historical", "reoccurring")


@pytest.mark.parametrize("name", OVER_TIME)
def test_hidden_weekends_hide_rows_and_change_no_other(
    name: str, golden: Frames
) -> None:
    shown = build(name, query(golden, MONTH))
    hidden = build(name, query(golden, MONTH, weekends=False))
    assert (shown.height, hidden.height) == (28, 20)
    assert_frame_equal(hidden, shown.filter(pl.col("bucket").dt.weekday() <= 5))


@pytest.mark.parametrize("name", OVER_TIME)
def test_weeks_are_shown_though_weekends_are_hidden(name: str, golden: Frames) -> None:
    weekly = build(name, query(golden, MONTH, granularity="week", weekends=False))
    assert weekly["bucket"].to_list() == [
        date(2026, 10, 26),
        date(2026, 11, 2),
        date(2026, 11, 9),
        date(2026, 11, 16),
    ]


@pytest.mark.parametrize("granularity", ["day", "week", "month"])
@pytest.mark.parametrize("subject", ["traffic", "votes"])
def test_a_bucket_shows_what_its_days_alone_give(
    subject: str, granularity: Granularity, golden: Frames
) -> None:
    period = days("2026-09-01", "2026-10-31")
    series = build(
        f"{subject}_over_time", query(golden, period, granularity=granularity)
    )
    ends = [*series["bucket"].to_list()[1:], date(2026, 11, 1)]
    for row, end in zip(series.iter_rows(named=True), ends, strict=True):
        start = max(row["bucket"], date(2026, 9, 1))
        alone = query(golden, Period(at(str(start)), at(str(end))))
        (totals,) = build(f"{subject}_totals", alone).to_dicts()
        assert row == {"bucket": row["bucket"], **totals, "cut": row["cut"]}


def test_ranked_tables_compare_with_null_when_nothing_is_compared() -> None:
    (row,) = answer(plan("routes", query(SINGLE, MONTH)))
    assert row == {
        "route": "HOME",
        "count": 1,
        "users": 1,
        "share": 1.0,
        "count_before": None,
        "count_change": None,
        "count_change_share": None,
    }


def test_labels_of_the_period_before_are_listed_with_0() -> None:
    rows = frames(view("a", "2026-10-01 09:00", "GUIDE"), view("b", "2026-11-02 09:00"))
    table = plan("routes", query(rows, MONTH, BEFORE))
    assert column(table, "route") == ["HOME", "GUIDE"]
    assert column(table, "count") == [1, 0]
    assert column(table, "users") == [1, 0]
    assert column(table, "count_before") == [0, 1]


def test_places_list_users_seen_in_the_period_wherever_they_are_new() -> None:
    rows = frames(
        user("a", "2025-01-01", country="DE"),
        user("b", "2026-11-02", country="AT"),
        view("a", "2026-11-03 09:00"),
    )
    table = plan("countries", query(rows, MONTH))
    assert column(table, "country") == ["DE"]


@pytest.mark.parametrize("name", NAMES)
def test_a_number_is_unknown_without_a_table_that_it_needs(
    name: str, golden: Frames
) -> None:
    asked = query(golden, MONTH, BEFORE)
    full = build(name, asked)
    for missing in METRIC_TABLES[name].reads:
        without = Frames({**golden.by_name, missing: EMPTY.by_name[missing]})
        found = build(name, replace(asked, frames=without, missing=(missing,)))
        if "measure" in found.columns:
            # What is left of a measure would be another number by the same name.
            columns = found.select(cs.exclude("rank", "label", cs.ends_with("verdict")))
            other = columns.join(full, on=columns.columns, how="anti", nulls_equal=True)
            assert other.is_empty(), missing
            continue
        if "key" in found.columns:
            needing = [k for k in found["key"] if missing in definition(k, "").tables]
            of_them = found.filter(pl.col("key").is_in(needing)).drop("key")
            assert of_them.null_count().sum_horizontal().sum() == 3 * len(needing)
            assert found["compared_periods"].count() == found.height - len(needing)
            continue
        # And so is what is said of it.
        for number in found.select(cs.numeric() | cs.ends_with("_verdict")):
            base, _ = split(number.name)
            if base in LABELS:
                continue
            if missing in definition(base, name).tables:
                assert number.is_null().all(), (number.name, missing)
        if {"health", "state"} <= {*found.columns} and found["health"].is_null().all():
            assert found["state"].is_null().all()


@pytest.mark.parametrize("live", METRIC_TABLES["countries"].reads)
def test_no_users_by_country_changed_without_one_of_their_tables(
    live: str, golden: Frames
) -> None:
    """Here each has page views; elsewhere some are in one of the tables alone."""
    asked = query(golden, MONTH, BEFORE)
    assert "country" in build("what_moved", asked)["dimension"]
    found = build("what_moved", replace(asked, missing=(live,)))
    assert "country" not in found["dimension"]


def test_changes_of_sources_are_judged_without_estimations(golden: Frames) -> None:
    """Users of one room are alike, and each has viewed it before voting in it."""
    lacks = Frames({**golden.by_name, ESTIMATIONS.name: Frames.empty().estimations})
    known, lacking = (
        build("what_moved", asked).filter(dimension="source").drop("rank")
        for asked in (
            query(golden, MONTH, BEFORE),
            replace(query(lacks, MONTH, BEFORE), missing=(ESTIMATIONS.name,)),
        )
    )
    assert known["change_verdict"].count()
    assert_frame_equal(known, lacking)


@pytest.mark.parametrize(
    "known",
    [
        {"now": MONTH.start},
        {"now": MONTH.start - timedelta(days=1)},
        {"data_begins": MONTH.last_day + timedelta(days=1)},
        {"new_users_begin": MONTH.last_day + timedelta(days=1)},
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_known_or_said_of_days_before_or_after_all_data(
    name: str, known: Mapping[str, Any], golden: Frames
) -> None:
    """0 would say that nothing has happened on them."""
    asked = replace(query(golden, MONTH), **known)
    found = build(name, asked)
    about = METRIC_TABLES[name].covers(asked)
    begins = asked.begins or about.first_day
    # Some are about days before the period, and lists of several measures lack rows.
    is_known = begins <= about.last_day and about.start < asked.now
    if not is_known and "measure" not in found.columns:
        numbers = [c for c in found.select(cs.numeric()).columns if c not in LABELS]
        assert (
            found.select(numbers)
            .null_count()
            .equals(
                found.select(pl.lit(found.height, pl.UInt32).alias(c) for c in numbers)
            )
        )
        assert registry.answer(name, found) is None


@pytest.mark.parametrize("name", NAMES)
def test_the_beginning_of_the_data_is_looked_for_on_all_days_of_a_table(
    name: str, golden: Frames
) -> None:
    """It is not known of a table that ends, or is compared with a day, before them."""
    asked = replace(query(golden, MONTH, BEFORE), now=MONTH.end - timedelta(hours=9))
    table, before = METRIC_TABLES[name], asked.comparison_query
    assert table.covers(asked).end >= with_new_users(MONTH).start
    assert before is not None
    # These are of all history, and compared with nothing.
    if not name.startswith(("retention", "all_rooms")):
        assert table.covers(before).start >= with_new_users(BEFORE).start


def test_no_comparison_is_known_in_part(golden: Frames) -> None:
    """The first day of the data may be there in part."""
    asked = query(golden, MONTH, BEFORE).comparison_query
    assert asked is not None
    first = METRIC_TABLES["invites"].covers(asked).first_day
    for begins, known in ((first - timedelta(days=1), True), (first, False)):
        found = build("invites", replace(asked, new_users_begin=begins))
        assert found["new_rooms"].null_count() == (0 if known else 1)


@pytest.fixture(scope="module")
def whole(golden: Frames) -> dict[str, pl.DataFrame]:
    return {name: build(name, query(golden, MONTH, BEFORE, "week")) for name in NAMES}


@pytest.mark.parametrize("live", [table.name for table in TABLES])
def test_before_a_table_begins_its_numbers_are_unknown(
    live: str, golden: Frames, whole: dict[str, pl.DataFrame]
) -> None:
    """Page views kept since June say nothing of how many there were in May.

    Numbers are right or unknown: what does not name the table does not depend on it.
    """
    begins = date(2026, 11, 9)
    since = pl.col(BY_NAME[live].time) >= datetime.combine(begins, time())
    rows = {**golden.by_name, live: golden.by_name[live].filter(since)}
    zeros = query(Frames(rows), MONTH, BEFORE, "week")
    asked = replace(zeros, later_begins={live: begins})
    for name in NAMES:
        found, counted = build(name, asked), build(name, zeros)
        if live not in METRIC_TABLES[name].reads:
            assert_frame_equal(found, counted)
            continue
        registry.answer(name, found)
        assert found.schema == counted.schema
        too_late = registry.begins_too_late(name, found.schema, asked)
        if {"key", "measure"}.intersection(found.columns):
            assert not too_late  # What other tables measure is known.
            continue
        assert bool(too_late) == registry.is_unknown(found) or found.is_empty(), name
        back = METRIC_TABLES[name].looks_back
        known = begins + back.get(live, timedelta())
        unknown = METRIC_TABLES[name].covers(asked).last_day < begins
        for key in found.columns:
            base, ending = split(key)
            tables = definition(base, name).tables if base in DEFINITIONS else ()
            needed = {*tables}.intersection(METRIC_TABLES[name].reads)
            if live not in needed:
                if base in DEFINITIONS and not found.is_empty():
                    kept, other = (f[key].sort() for f in (found, whole[name]))
                    assert_series_equal(kept, other)
                continue
            if "k" in found.columns:
                # There is no cohort that is known yet.
                assert found.is_empty(), name
            elif "weekday" in found.columns and key in {"days", "votes_per_day"}:
                # Of the days since then.
                assert not found[key].equals(counted[key])
            elif unknown or ending in registry.COMPARISONS:
                assert found[key].is_null().all(), (name, key)
            elif "bucket" in found.columns:
                early = found["bucket"] < known
                assert found.filter(early)[key].is_null().all(), (name, key)
                # An average of 30 buckets needs as many of them.
                if not key.startswith("ma_"):
                    kept, other = (f.filter(~early)[key] for f in (found, counted))
                    assert_series_equal(kept, other)
            elif "started_at" in found.columns:
                early = found["started_at"].dt.date() < begins
                assert found.filter(early)[key].is_null().all(), (name, key)
                kept, other = (f.filter(~early)[key] for f in (found, counted))
                assert_series_equal(kept, other)
            elif METRIC_TABLES[name].title.startswith("Users by ") or (
                len(needed) == 1 and live not in back
            ):
                assert_series_equal(found[key], counted[key])
            else:
                # Neither a rate of both nor what it is counted from; nor what users
                # did first.
                assert found[key].is_null().all(), (name, key)
    moved = build("what_moved", asked)
    counts_it = {"fpp_page_views": "source", "fpp_votes": "room"}.get(live, "country")
    assert live == "fpp_rooms" or counts_it not in moved["dimension"].to_list()


def test_tables_that_begin_on_different_days_leave_what_is_known_of_all(
    golden: Frames,
) -> None:
    """Each number waits for the last of its tables; all are named in one order."""
    late = {
        EVENTS.name: date(2026, 11, 12),
        VOTES.name: date(2026, 11, 5),
        PAGE_VIEWS.name: date(2026, 10, 29),
        USERS.name: date(2026, 11, 12),
        ESTIMATIONS.name: date(2026, 11, 9),
    }
    asked = query(golden, MONTH, None)
    names = ("historical", "traffic_over_time", "votes_over_time")
    for name in names:
        columns = [
            name_of for name_of in build(name, asked).columns if name_of != "cut"
        ]
        together = build(name, replace(asked, later_begins=late)).select(columns)
        apart = [
            build(name, replace(asked, later_begins={live: day})).select(columns)
            for live, day in late.items()
        ]
        for key in columns:
            known = pl.all_horizontal(frame[key].is_not_null() for frame in apart)
            assert_series_equal(
                together[key].is_not_null(), pl.select(known.alias(key))[key]
            )
    found = registry.begins_later(replace(asked, later_begins=late), names[:1])
    assert [*found] == [live for live in METRIC_TABLES[names[0]].reads if live in late]
    assert [part[:48] for part in begins_note(late).split("; ")] == [
        "fpp_page_views begins on 29 Oct 2026: its earlie",
        "fpp_votes begins on 5 Nov 2026: its earlier numb",
        "fpp_estimations begins on 9 Nov 2026: its earlie",
        "fpp_events and fpp_users begin on 12 Nov 2026: t",
    ]


def test_what_was_first_is_known_four_weeks_after_a_table_begins(
    golden: Frames,
) -> None:
    """Users who were there before would be new, and cohorts before would be empty."""
    begins = date(2026, 7, 6)
    late = dict.fromkeys([VOTES.name, ESTIMATIONS.name], begins)
    known = query(golden, days("2026-07-20", "2026-11-15"), None, "week")
    asked = replace(known, later_begins=late)
    since = begins + MATURE
    assert since.weekday() == 0
    for who, unit in product(("rooms", "users"), ("weeks", "sprints")):
        name = f"retention_{who}_by_{unit}"
        every = build(name, known).filter(pl.col("cohort") >= since)
        assert_frame_equal(cells := build(name, asked), every)
        # Its average is over the same cohorts.
        old = cells.filter(pl.col("k") == 8, running=False)
        average = build(f"{name}_average", asked)
        assert average["size"].to_list() == [old["size"].sum()] * 9 * (
            not old.is_empty()
        )
        assert {*registry.begins_later(asked, [name])} <= {*METRIC_TABLES[name].reads}
        assert registry.begins_later(asked, [name])
        # None of a period that ends before; it says why.
        young = replace(asked, period=days("2026-07-20", "2026-07-31"))
        columns = build(name, young).schema
        assert registry.begins_too_late(name, columns, young)
        assert not registry.begins_too_late(name, columns, asked)
    found, counted = (build("reoccurring", each) for each in (asked, known))
    early = pl.col("bucket") < since
    assert (
        found.filter(early).select(cs.integer()).null_count().sum_horizontal()[0] == 8
    )
    assert_frame_equal(found.filter(~early), counted.filter(~early))
    for first, is_known in (("2026-08-31", False), ("2026-09-02", True)):
        later = replace(asked, period=days(first, "2026-09-20"))
        assert (build("spectators", later)["watched_first"][0] is not None) is is_known
        assert bool(registry.begins_later(later, ["spectators"])) is not is_known


def test_a_sentence_has_no_share_that_its_table_hides(golden: Frames) -> None:
    """Where a table begins later than others, their counts are all there is."""
    asked = query(golden, MONTH, BEFORE, "week")
    hidden = set[str]()
    for name in NAMES:
        days_of_it = METRIC_TABLES[name].covers(asked)
        middle = days_of_it.first_day + days_of_it.length / 2
        for live in METRIC_TABLES[name].reads:
            found = build(name, replace(asked, later_begins={live: middle}))
            for key in {"share", "share_of_new"}.intersection(found.columns):
                if not found[key].count() and build(name, asked)[key].count():
                    hidden.add(name)
                    assert "%" not in (registry.answer(name, found) or ""), name
    assert "funnel" in hidden
    # Nor that too few watched first, which is not known.
    late = {ESTIMATIONS.name: MONTH.first_day + timedelta(days=1)}
    found = build("spectators", replace(asked, later_begins=late))
    assert "%" in (said := registry.answer("spectators", found) or "")
    assert "watched first" not in said


def test_rooms_from_before_estimations_begin_have_no_share_that_brought_users() -> None:
    """Their number is known, and what share of them brought users is not."""
    rooms = [room(key, "") for key in range(25)]
    first = [
        estimation(f"{key} {who}", "2026-11-02 09:00", room=key)
        for key in range(25)
        for who in range(4)
    ]
    asked = query(frames(*rooms, *first), MONTH)
    late = replace(asked, later_begins={ESTIMATIONS.name: date(2026, 11, 2)})
    known, unknown = (
        build("invites", each).row(0, named=True) for each in (asked, late)
    )
    assert (known["new_rooms"], known["inviting_share"]) == (25, 1)
    assert (unknown["new_rooms"], unknown["inviting_share"]) == (25, None)


def test_averages_know_history_before_the_period_where_data_begins_earlier(
    golden: Frames,
) -> None:
    """As the API says of a period in whose comparison the data begins."""
    period = days("2026-10-15", "2026-11-15")
    usual = build("historical", query(golden, period))
    for begins, unknown in (("2026-08-01", 0), ("2026-10-01", 15), ("2026-10-15", 29)):
        day = date.fromisoformat(begins)
        found = build("historical", replace(query(golden, period), data_begins=day))
        assert found["ma_votes"].null_count() == unknown
        known = found["ma_votes"].drop_nulls()
        assert_series_equal(known, usual["ma_votes"].tail(len(known)))


def test_the_week_in_which_a_table_begins_is_no_whole_one(golden: Frames) -> None:
    asked = query(golden, days("2026-10-26", "2026-11-18"), None, "week")
    cuts = {}
    for begins in ("2026-11-04", "2026-11-17", "2026-10-26"):
        live = {VOTES.name: date.fromisoformat(begins)}
        for name in ("votes_over_time", "rooms_over_time", "historical"):
            found = build(name, replace(asked, later_begins=live)).unique("bucket")
            marked = found.drop_nulls("cut").sort("bucket")
            rows = marked.select(pl.col("bucket").dt.to_string(), "cut").rows()
            cuts[begins, name] = dict(rows)
    last = {"2026-11-16": "running"}
    for name in ("votes_over_time", "rooms_over_time"):
        assert cuts["2026-11-04", name] == {"2026-11-02": "start"} | last
        assert cuts["2026-11-17", name] == {"2026-11-16": "start and running"}
        assert cuts["2026-10-26", name] == {"2026-10-26": "start"} | last
    # Its other counts begin earlier.
    assert cuts["2026-11-04", "historical"] == last
    # Estimations of half a week say nothing of its votes, which are all there.
    live = {ESTIMATIONS.name: date(2026, 11, 4)}
    for name, number in (
        ("agreement_over_time", "covered_rounds"),
        ("traffic_over_time", "activated_users"),
    ):
        found = build(name, replace(asked, later_begins=live))
        counted = dict(found.select(pl.col("bucket").dt.to_string(), number).rows())
        assert [counted[f"2026-11-{day}"] is None for day in ("02", "09")] == [1, 0]
    # Of hours, a day begins at midnight in its zone.
    berlin = ZoneInfo("Europe/Berlin")
    zoned = Period.of_days(date(2026, 11, 3), date(2026, 11, 4), berlin)
    hours = query(golden, zoned, None, "hour")
    found = build("traffic_over_time", replace(hours, later_begins=live))
    assert found["activated_users"].is_null().arg_min() == 24
    # The period cuts that week as well.
    live, days_of_it = (
        {VOTES.name: date(2026, 10, 30)},
        days("2026-10-28", "2026-11-15"),
    )
    in_it = replace(asked, period=days_of_it, later_begins=live)
    assert build("votes_over_time", in_it)["cut"].to_list() == ["start", None, None]


def test_from_the_day_on_which_a_table_begins_rates_are_known(golden: Frames) -> None:
    known = query(golden, MONTH)
    asked = replace(known, later_begins={PAGE_VIEWS.name: MONTH.first_day})
    for name in NAMES:
        table = METRIC_TABLES[name]
        if PAGE_VIEWS.name in table.reads and table.covers(asked) == MONTH:
            found, expected = (build(name, each) for each in (asked, known))
            assert "bucket" in found or found.equals(expected), name


def test_an_average_of_30_needs_as_many_buckets_of_its_own_table(
    golden: Frames,
) -> None:
    period, begins = days("2026-09-01", "2026-11-15"), date(2026, 9, 21)
    asked = replace(query(golden, period), later_begins={VOTES.name: begins})
    found = build("historical", asked)
    first = found.filter(pl.col("ma_votes").is_not_null())["bucket"].min()
    assert first == begins + timedelta(days=29)
    assert found["ma_page_views"].null_count() == 0


def test_rooms_whose_health_is_not_known_have_not_gone_quiet(golden: Frames) -> None:
    """Neither in a page's table nor on its first line."""
    now = at("2026-11-20 18:00")

    def quiet(**known: Any) -> int:
        plans = attention.plans(SharedPlans(golden), now, **known)
        answers = engine.collect_all(plans)
        found = attention.findings(answers, now, now, 600)
        return sum(finding.kind == "rooms_quiet" for finding in found)

    since = {ESTIMATIONS.name: date(2026, 10, 20)}
    assert quiet() == 1
    assert not quiet(missing=(VOTES.name,))
    assert not quiet(later_begins=since)
    # Eight weeks are known.
    assert quiet(later_begins={ESTIMATIONS.name: date(2026, 9, 25)}) == 1


@pytest.mark.parametrize(
    "chosen",
    [(), ("country:DE",), ("country!:DE", "device:mobile"), ("room:1",), ("city:?",)],
)
def test_parts_add_up_to_their_total_under_any_filter(
    chosen: tuple[str, ...], golden: Frames
) -> None:
    wanted = [found for found in map(Filter.parse, chosen) if found]
    rows = filters.apply(without_bots(golden), wanted)
    asked = query(rows, days("2026-09-01", "2026-11-15"), None, "week")
    totals = {
        name: build(table, asked)[name].item() or 0
        for table, name in (
            ("votes_totals", "votes"),
            ("votes_totals", "estimations"),
            ("votes_totals", "rounds_with_estimate"),
            ("traffic_totals", "page_views"),
            ("traffic_totals", "visits"),
        )
    }
    parts = {
        ("votes_over_time", "votes"): "votes",
        ("votes_over_time", "estimations"): "estimations",
        ("historical", "votes"): "votes",
        ("rooms", "votes"): "votes",
        ("rooms_over_time", "count"): "votes",
        ("votes_by_weekday", "votes"): "votes",
        ("votes_by_weekday_and_hour", "votes"): "votes",
        ("round_time_over_time", "rounds_with_estimate"): "rounds_with_estimate",
        ("auto_flip_by_kind", "rounds_with_estimate"): "rounds_with_estimate",
        ("spectators_over_time", "rounds_with_estimate"): "rounds_with_estimate",
        ("team_sizes", "votes"): "rounds_with_estimate",
        ("round_durations", "votes"): "rounds_with_estimate",
        ("traffic_over_time", "page_views"): "page_views",
        ("traffic_over_time", "visits"): "visits",
        ("historical", "page_views"): "page_views",
        ("routes", "count"): "page_views",
        ("routes_over_time", "count"): "page_views",
        ("sources", "count"): "page_views",
        ("sources_over_time", "count"): "page_views",
    }
    sums = {part: build(part[0], asked)[part[1]].sum() for part in parts}
    assert sums == {part: totals[name] for part, name in parts.items()}
