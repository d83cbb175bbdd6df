"""Questions, answers and charts on how teams estimate, on the pages that show them."""

import io
import re
import zipfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from math import floor
from pathlib import Path

import polars as pl
import pytest
from streamlit.proto.VegaLiteChart_pb2 import VegaLiteChart
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Element

from metrics.frames import Period
from metrics.query import Granularity, Query, SharedPlans
from metrics.registry import DEFINITIONS, METRIC_TABLES, answer, plan, split
from metrics.room_health import health
from metrics.tables import USERS
from store import engine
from store.reader import open_store, without_bots
from tests.busy_day import busy
from tests.pages.conftest import GOLDEN, NOW, RunPage, captions, plain, tile_lines
from ui import export
from ui.format import cases
from ui.labels import with_country_names
from ui.page_context import PageContext, Results

ALL_TIME = {"period": "Custom", "from": "2024-05-24", "to": "2026-11-19"}
ONE_DAY = {"period": "Custom", "from": "2026-11-05", "to": "2026-11-05"}
"""Nine votes, eight of them split, with 54 estimations."""
SECTIONS = {
    "Agreement": (
        "consensus_by_team_size",
        "consensus_by_team_size_over_time",
        "agreement_by_team_size",
    ),
    "Second votes": ("convergence",),
    "Meetings": ("round_time", "auto_flip", "auto_flip_by_kind", "spectators"),
    "Rooms": (
        "room_states",
        "retention_rooms_by_sprints_average",
        "rooms_gone_quiet",
        "room_health",
    ),
    "New people": ("invites", "invites_by_newcomers", "invites_by_room"),
}


def query_of(query: dict[str, str]) -> Query:
    first, last = (pl.Series([query[end]]).str.to_date()[0] for end in ("from", "to"))
    frames = without_bots(open_store(GOLDEN))
    period = Period.of_days(first, last)
    every: Granularity = "month" if query is ALL_TIME else "day"
    begins = first if query is ALL_TIME else None
    return Query(frames, period, None, every, NOW, data_begins=begins)


def tables(query: dict[str, str], names: Sequence[str]) -> dict[str, pl.DataFrame]:
    return engine.collect_all({n: plan(n, query_of(query)) for n in names})


def spoken(app: AppTest) -> dict[str, str | None]:
    """Return each question of the page with the text right beneath it, if any.

    The title of the chart over time is no question.
    """
    lines: list[tuple[str, str]] = [
        (element.type, plain(element.value))
        for element in app.main
        if isinstance(element, Element)
        and element.type in {"header", "markdown", "text", "caption"}
    ]
    return {
        value: beneath if below == "text" else None
        for (kind, value), (below, beneath) in pairwise([*lines, ("", "")])
        if kind == "header" and " per " not in value
    }


def sent_to(chart: VegaLiteChart) -> list[pl.DataFrame]:
    """Return the data that a chart sends to the browser."""
    return [read(dataset.data.data) for dataset in chart.datasets]


def read(arrow: bytes) -> pl.DataFrame:
    """Return a table as it goes over the wire."""
    return pl.read_ipc_stream(io.BytesIO(arrow))


HAD = re.compile(r"^New (\w+) of .* 20\d\d: each had (.*)\.$", re.MULTILINE)
"""Which new users, or rooms, a table is about."""


@pytest.mark.parametrize("about", SECTIONS)
def test_every_question_of_a_section_has_its_computed_answer_beneath(
    run_page: RunPage, about: str
) -> None:
    app = run_page("insights.py", about=about, **ALL_TIME)
    assert [e.message for e in app.exception] == []
    found = tables(ALL_TIME, SECTIONS[about])
    said = {
        title: text and text.replace("\u00a0", " ")
        for title, text in spoken(app).items()
    }
    assert said == {
        METRIC_TABLES[name].title: answer(name, frame) for name, frame in found.items()
    }
    rooms = [("rooms", "7 days to bring users")] * (about == "New people") * len(found)
    assert HAD.findall("\n".join(captions(app))) == rooms


def test_a_change_is_judged_as_on_other_pages(run_page: RunPage) -> None:
    """Whether a change is usual does not depend on the page that shows it."""

    def said(file: str, **query: str) -> list[str]:
        key = "duration_median_seconds"
        app = run_page(file, show=key, period="Last 28 days", **query)
        formula = DEFINITIONS[key].formula
        return [c.value for c in app.caption if c.value.endswith(formula)]

    [verdict] = said("overview.py")
    assert "the usual" in verdict
    assert said("insights.py", about="Meetings") == [verdict]


def test_an_answer_is_a_sentence_with_the_numbers_of_its_rows(
    run_page: RunPage,
) -> None:
    shown = spoken(run_page("insights.py", **ALL_TIME))
    question = METRIC_TABLES["agreement_by_team_size"].title
    table = tables(ALL_TIME, ["agreement_by_team_size"])["agreement_by_team_size"]
    share = int(table["matching_pairs"].sum()) / int(table["estimation_pairs"].sum())
    assert f"{100 * share:.0f}% of pairs of estimations match" in (
        shown[question] or ""
    )


@pytest.mark.parametrize(
    ("about", "silent"),
    [
        ("Agreement", ("consensus_by_team_size_over_time",)),
        ("Second votes", ("convergence",)),
        ("Meetings", ("round_time", "auto_flip", "auto_flip_by_kind")),
        ("Rooms", ("room_states",)),
        ("New people", ("invites",)),
    ],
)
def test_a_question_with_fewer_than_20_cases_has_no_answer(
    run_page: RunPage, about: str, silent: tuple[str, ...]
) -> None:
    app = run_page("insights.py", about=about, **ONE_DAY)
    assert [e.message for e in app.exception] == []
    shown = spoken(app)
    assert {name: shown[METRIC_TABLES[name].title] for name in silent} == dict.fromkeys(
        silent
    )
    # Their tables are wider than these blocks.
    said = [text.value for text in (*app.info, *app.caption)]
    folded = sum(text.startswith("Too little data for an answer.") for text in said)
    assert folded == (about == "Meetings") * 2


def test_a_chart_over_time_without_a_mark_says_so(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    """Five votes with 15 pairs."""
    day = {"period": "Custom", "from": "2026-11-12", "to": "2026-11-12"}
    few = "Near pairs: too little data in each week."
    app = run_page("insights.py", **day)
    assert [plain(n.value).startswith(few) for n in app.info].count(True) == 1
    as_table = {"table_consensus_by_team_size_over_time": "true"}
    table = run_page("insights.py", **as_table, **day)
    assert not [n for n in table.info if n.value.startswith(few)]
    # Without its table, longer buckets would have none either.
    lacking = run_page("insights.py", plain_store(without=("fpp_estimations",)))
    assert not [n for n in lacking.info if n.value.startswith("Near pairs")]
    said = [note.value for note in lacking.caption]
    assert sum("fpp_estimations` is missing" in text for text in said) == 3
    # Nor are bars drawn of which all are unknown.
    assert len(lacking.get("vega_lite_chart")) == 1


def test_a_question_with_20_cases_is_answered_beside_those_without(
    run_page: RunPage,
) -> None:
    shown = spoken(run_page("insights.py", **ONE_DAY))
    assert shown[METRIC_TABLES["agreement_by_team_size"].title] == (
        "29% of the pairs in teams of 4–6 match."
    )


def test_an_answer_names_countries_in_words() -> None:
    kinds, codes = ["country", "room", "country"], ["CH", "CH", "XX"]
    frame = pl.DataFrame({"dimension": kinds, "label": codes})
    assert with_country_names(frame)["label"].to_list() == [
        "Switzerland",
        "CH",
        "XX",
    ]


@pytest.mark.parametrize(
    ("about", "table", "tile"),
    [
        ("Meetings", "spectators", "spectator_share"),
        ("New people", "invites", "new_rooms"),
    ],
)
def test_files_have_what_tiles_show_of_a_table_that_a_filter_hides(
    run_page: RunPage,
    monkeypatch: pytest.MonkeyPatch,
    about: str,
    table: str,
    tile: str,
) -> None:
    asked: list[tuple[PageContext, Results, str, Collection[str]]] = []
    monkeypatch.setattr(export, "render_download", lambda *each: asked.append(each))
    run_page("insights.py", about=about, filter="room!:7", **ALL_TIME)
    ((context, found, _, strip),) = asked
    shown = export._shown(context, found.now, strip)
    with zipfile.ZipFile(io.BytesIO(export.pack(context, Results(shown, {})))) as files:
        (name,) = (n for n in files.namelist() if n.startswith(f"fpp_{table}_2"))
        row = pl.read_csv(files.read(name)).row(0, named=True)
    assert row[tile] == found[table][tile].item() is not None
    # What a user did first is not known without one room; nor are its intervals.
    keys = {column: DEFINITIONS.get(split(column)[0]) for column in row}
    hidden = [column for column, of in keys.items() if of and of.needs_all_rooms]
    assert {row[column] for column in hidden} == {None}


def test_sheets_come_in_the_order_of_the_page_after_every_start(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a set would not: each process has another order."""
    asked: list[tuple[PageContext, Results, str, Collection[str]]] = []
    monkeypatch.setattr(export, "render_download", lambda *each: asked.append(each))
    run_page("insights.py", about="Meetings", **ALL_TIME)
    ((_, found, _, _),) = asked
    assert [*found.now] == [
        *(
            "usual_changes",
            "round_time",
            "round_time_over_time",
            "spectators",
            "spectators_over_time",
        ),
        *("auto_flip", "auto_flip_by_kind"),
    ]


@pytest.mark.parametrize("period", [ALL_TIME, ONE_DAY])
def test_more_visitors_by_source_than_users_are_explained(
    run_page: RunPage, period: dict[str, str]
) -> None:
    found = tables(period, ["sources_quality", "traffic_totals"])
    visitors = found["sources_quality"]["people"].sum()
    users = found["traffic_totals"]["unique_users"].item()
    assert (visitors > users) == (period is ALL_TIME)
    said = captions(run_page("traffic.py", **period))
    sums = f"{visitors:,} visitors are {users:,} users."
    text = f"Users with several sources count for each: {sums}"
    assert (text in said) == (visitors > users)
    assert visitors > users or not any("count for each" in each for each in said)


@pytest.mark.parametrize(
    ("split", "name"),
    [
        ("All", "funnel"),
        ("Source", "funnel_by_source"),
        ("Device", "funnel_by_device"),
        ("Country", "funnel_by_country"),
    ],
)
def test_the_activation_funnel_is_split_by_what_the_address_says(
    run_page: RunPage, split: str, name: str
) -> None:
    app = run_page("traffic.py", split=split, **ALL_TIME)
    assert [e.message for e in app.exception] == []
    assert METRIC_TABLES[name].title in spoken(app)
    # A bar of a source, device or country filters by it.
    keys = [chart.proto.id for chart in app.get("vega_lite_chart")]
    assert any(f"pick_chart_{name} " in key for key in keys) == (split != "All")
    # Days of new users end 28 days before the period does.
    assert HAD.findall("\n".join(captions(app))) == [("users", "28 days to come back")]


@pytest.mark.parametrize(("who", "key"), [("People", "users"), ("Rooms", "rooms")])
@pytest.mark.parametrize(
    ("unit", "unit_key"), [("Weeks", "weeks"), ("Two weeks", "sprints")]
)
@pytest.mark.parametrize("shown_as", ["Average", "By start"])
def test_retention_is_of_whom_and_in_what_the_address_says(
    run_page: RunPage, who: str, key: str, unit: str, unit_key: str, shown_as: str
) -> None:
    view = {"By start": "", "Average": "_average"}
    name = f"retention_{key}_by_{unit_key}{view[shown_as]}"
    asked = {"who": who, "in": unit, "as": shown_as}
    app = run_page("returning.py", **asked, **ALL_TIME)
    assert [e.message for e in app.exception] == []
    found = tables(ALL_TIME, [name])
    assert spoken(app) == {
        METRIC_TABLES["reoccurring"].title: None,
        **{
            METRIC_TABLES[table].title: answer(table, frame)
            for table, frame in found.items()
        },
    }
    # The weeks of a sprint have no mark of their own.
    marked = f"“…” marks {unit_key} that are not over."
    assert any(marked in said for said in captions(app)) == (shown_as == "By start")


def test_a_room_shows_its_health_and_the_four_parts_that_add_up_to_it(
    run_page: RunPage,
) -> None:
    plans = {"now": health(SharedPlans(open_store(GOLDEN).frames), NOW)}
    healthiest = engine.collect_all(plans)["now"].row(0, named=True)
    app = run_page("room.py", room=str(healthiest["room_id"]))
    (said,) = [c.value for c in app.caption if "Room health" in c.value]
    found = re.fullmatch(
        r"\*\*Room health now: (\d+) of 100 points, (\w+)\.\*\* "
        r"Of 25 each over 28 days: activity (\d+), size (\d+), consensus (\d+), "
        r"recency (\d+)\.",
        said,
    )
    assert found is not None, said
    points, state, *parts = found.groups()
    # Of each of the five, whole points that have been reached.
    assert 0 <= int(points) - sum(map(int, parts)) <= 3
    assert points == f"{floor(healthiest['health'])}"
    assert state == healthiest["state"]


@pytest.mark.parametrize(
    ("page", "measure"),
    [
        ("overview.py", "votes"),
        ("votes.py", "votes"),
        ("traffic.py", "page_views"),
    ],
)
def test_a_day_out_of_the_ordinary_is_marked_on_the_charts_of_days(
    run_page: RunPage, tmp_path: Path, page: str, measure: str
) -> None:
    folder = busy(tmp_path)
    asked = replace(query_of(ALL_TIME), frames=open_store(folder).frames)
    frame = engine.collect(plan("unusual_days", asked))
    marked = frame.filter(pl.col("measure") == measure)["bucket"]
    week = {"from": str(marked[0] - timedelta(days=6)), "to": str(marked[0])}
    query = {"period": "Custom", "no_weekends": "false", **week}
    by_day = run_page(page, folder, **query, show=measure)
    assert [e.message for e in by_day.exception] == []
    assert any("◆" in caption.value for caption in by_day.caption)
    by_month = run_page(page, folder, **query, show=measure, every="Month")
    assert not any("◆" in caption.value for caption in by_month.caption)


def test_rooms_that_have_gone_quiet_are_listed_as_the_table_has_them(
    run_page: RunPage,
) -> None:
    query = {"period": "Custom", "from": "2026-02-01", "to": "2026-02-25"}
    app = run_page("insights.py", about="Rooms", **query)
    expected = tables(query, ["rooms_gone_quiet"])["rooms_gone_quiet"]
    assert expected.height == 4
    shown = read(app.dataframe[0].proto.arrow_data.data)
    assert [*shown.columns, "healthy_rooms"] == expected.columns
    assert shown["room_id"].to_list() == expected["room_id"].to_list()
    assert shown["health"].to_list() == expected["health"].floor().to_list()
    # One number for all rows is in the caption and not in each of them.
    (healthy,) = expected["healthy_rooms"].unique()
    of_all = f"Of {healthy} rooms with 70 points or more four weeks before"
    assert any(of_all in said for said in captions(app))
    # Of some users, rooms look quiet: neither is counted.
    some = run_page("insights.py", about="Rooms", filter="country:DE", **query)
    notes = [text for text in captions(some) if "70 points" in text]
    assert [note.split(" with ")[0] for note in notes] == ["Rooms"]


@pytest.mark.parametrize(
    ("file", "query", "says"),
    [
        (
            "insights.py",
            {"about": "Rooms"},
            "No healthy room has gone quiet. Rooms are judged after four weeks of data",
        ),
        (
            "insights.py",
            {"about": "Rooms"},
            "No room had a non-empty vote in the 56 days",
        ),
        ("insights.py", {"about": "New users"}, "No new room of these days brought"),
        ("returning.py", {}, "No returning users or rooms in this period."),
        (
            "returning.py",
            {},
            "No known users started 9 to 15 sprints before the end of this period.",
        ),
        (
            "returning.py",
            {"who": "Rooms", "in": "Weeks", "as": "By start"},
            "No known rooms started in the 16 weeks up to the end of this period.",
        ),
        ("traffic.py", {}, "No new users in these days."),
        # A longer period has no more of them.
        (
            "returning.py",
            {"filter": "country:XX"},
            "No data matches the filters. Remove one.",
        ),
    ],
)
def test_no_longer_period_is_advised_where_it_is_of_no_use(
    run_page: RunPage, file: str, query: dict[str, str], says: str
) -> None:
    """As in the first weeks of data; these tables choose their days themselves."""
    first = {"period": "Custom", "from": "2024-05-25", "to": "2024-05-25"}
    app = run_page(file, **query, **first)
    said = [plain(info.value) for info in app.info]
    assert any(text.startswith(says) for text in said), said
    assert file == "traffic.py" or not any("longer" in text for text in said), said
    # Of none it is not said how long each was followed.
    assert not any("each had" in caption.value for caption in app.caption)


@pytest.mark.parametrize(
    ("about", "cases"),
    [
        ("Agreement", {"consensus": "rounds", "agreement": "estimates"}),
        ("Second votes", {"convergence": "re_votes"}),
    ],
)
def test_cards_say_how_many_cases_they_come_from(
    run_page: RunPage, about: str, cases: dict[str, str]
) -> None:
    app = run_page("insights.py", about=about, **ALL_TIME)
    said = next(c for c in captions(app) if c.startswith("Based on "))
    for name, frame in tables(ALL_TIME, [*cases]).items():
        n = cases[name]
        words = DEFINITIONS[n].title.removesuffix(" (n)").lower()
        assert f"{frame[n].item():,} {words}" in said


def test_the_room_page_leads_to_rooms_that_have_gone_quiet(run_page: RunPage) -> None:
    app = run_page("room.py")
    (link,) = [
        link.proto for link in app.get("page_link") if "quiet" in link.proto.label
    ]
    assert (link.page, link.query_string) == ("insights", "about=rooms")
    home = run_page("insights.py", about="rooms")
    assert METRIC_TABLES["rooms_gone_quiet"].title in spoken(home)


@pytest.mark.parametrize("about", SECTIONS)
def test_no_section_sends_a_user_id_to_the_browser(
    run_page: RunPage, about: str
) -> None:
    users = pl.read_parquet(GOLDEN / USERS.file_name)["id"]
    app = run_page("insights.py", about=about, **ALL_TIME)
    sent = [
        *(d for c in app.get("vega_lite_chart") for d in sent_to(c.proto)),
        *(read(t.proto.arrow_data.data) for t in app.dataframe),
    ]
    texts = pl.concat([f.select(pl.col(pl.String)).unpivot() for f in sent])
    assert texts.height > 10
    assert set(texts["value"]) & set(users) == set()


@pytest.mark.parametrize(
    ("number", "key", "text"),
    [
        (1, "rounds_with_estimate", "1 non-empty vote"),
        (1, "compared_rooms", "1 room compared"),
        (0, "apart_rounds", "0 wide votes"),
        (1_602, "rounds", "1,602 votes by 2+ users"),
    ],
)
def test_a_sample_of_one_is_in_the_singular(number: int, key: str, text: str) -> None:
    assert cases(number, key) == text


@pytest.mark.parametrize("about", ["Agreement", "Second votes", "Meetings"])
def test_a_figure_of_few_cases_says_why_it_is_not_shown(
    run_page: RunPage, about: str
) -> None:
    app = run_page("insights.py", about=about, **ONE_DAY)
    shown = [*tile_lines(app).values()]
    shown += [[card.value, card.delta] for card in app.metric]
    reasons = [reason for value, reason in shown if value == "–"]
    assert reasons
    assert all(reason.endswith(": too few") for reason in reasons)


def test_a_median_of_no_vote_is_a_gap_without_a_reason_on_every_page(
    run_page: RunPage,
) -> None:
    nothing = {"period": "Yesterday", "filter": "room:25"}
    pages = {
        "overview.py": {},
        "votes.py": {"figures": "Medians"},
        "insights.py": {"about": "Meetings"},
    }
    said = [
        tile_lines(run_page(file, **nothing, **query))["Median duration"]
        for file, query in pages.items()
    ]
    assert said == [["–", "n/a"]] * len(pages)
