"""Every page on full data, on missing tables, on empty tables, on no store."""

import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from metrics.registry import DEFINITIONS
from metrics.tables import TABLES
from store.manifest import BLOCKS
from testkit.publishing import golden, publish
from tests.pages.chart_specs import printed
from tests.pages.conftest import (
    GOLDEN,
    NOW,
    ROOT,
    RunPage,
    captions,
    html_of,
    tile_lines,
    tiles,
)

MAIN = (ROOT / "pages" / "main.py").read_text()
PAGES = dict(re.findall(r'st\.Page\(\s*"([^"]+)", title="([^"]+)"', MAIN))
"""File → title, read from the navigation, so that a new page is tested at once."""


@pytest.fixture(scope="module")
def store_without(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that returns the golden files except some tables.

    Tests leave them as they are: each state of a folder is numbered once, which takes
    as long as most of a page.
    """

    @cache
    def folder(*missing: str) -> Path:
        made: Path = tmp_path_factory.mktemp("without")
        for file in GOLDEN.glob("*.parquet"):
            if file.stem not in missing:
                shutil.copy(file, made)
        return made

    return folder


def assert_shown(app: AppTest, file: str) -> None:
    assert [e.message for e in app.exception] == []
    assert [title.value for title in app.title] == [PAGES[file]]


@pytest.mark.parametrize("file", PAGES)
def test_a_page_shows_full_data(run_page: RunPage, file: str) -> None:
    app = run_page(file, period="All time")
    assert_shown(app, file)
    if file == "report.py":
        assert "Unique users" in html_of(app)
    else:
        assert app.get("vega_lite_chart") or app.dataframe


@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        lambda path: path.write_bytes(b""),
        lambda path: pl.DataFrame({"other": [1]}).write_parquet(path),
    ],
)
def test_the_data_page_names_tables_whose_files_are_damaged(
    run_page: RunPage, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    publish(tmp_path, golden(), NOW)
    for path in (tmp_path / BLOCKS / "fpp_votes").iterdir():
        damage(path)
    app = run_page("data.py", tmp_path)
    assert_shown(app, "data.py")
    states = app.dataframe[0].value.set_index("table")["state"]
    assert states[states != "Stored"].to_dict() == {"fpp_votes": "Damaged"}
    assert "Files damaged" in app.markdown[0].value
    assert not [e.value for e in app.error]


def test_the_data_page_says_which_rows_of_plain_files_are_left_out(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    folder = plain_store()
    for name, number in (("fpp_votes", 2), ("fpp_rooms", 1)):
        rows = pl.read_parquet(folder / f"{name}.parquet")
        pl.concat([rows, rows.head(number)]).write_parquet(folder / f"{name}.parquet")
    [warning] = run_page("data.py", folder).warning
    assert warning.value == (
        "Left out: 1 row of fpp_rooms and 2 rows of fpp_votes. A later row in the file "
        "has the same ID; write each row once."
    )


@pytest.mark.parametrize("file", PAGES)
def test_a_page_survives_a_missing_store(
    run_page: RunPage, tmp_path: Path, file: str
) -> None:
    app = run_page(file, tmp_path / "nowhere")
    assert_shown(app, file)
    assert "No data yet" in app.info[0].value


@pytest.mark.parametrize("file", PAGES)
@pytest.mark.parametrize("missing", [table.name for table in TABLES])
def test_a_page_survives_a_missing_table_and_names_it(
    run_page: RunPage, store_without: Callable[..., Path], file: str, missing: str
) -> None:
    app = run_page(file, store_without(missing), period="All time")
    assert_shown(app, file)
    assert f"`{missing}`" in app.warning[0].value
    # A count of 0 would say that nothing happened.
    unknown = {d.title for d in DEFINITIONS.values() if missing in d.tables}
    for name, (value, *below) in tile_lines(app).items():
        if name in unknown:
            assert (value, *below) == ("–", f"{missing} missing")


@pytest.mark.parametrize(
    ("file", "query"),
    [
        *(("traffic.py", {"part": p}) for p in ("page_views", "session_length")),
        *(("traffic.py", {"split": s}) for s in ("source", "device", "country")),
        *(("behaviour.py", {"part": p}) for p in ("events", "rooms")),
        *(("location.py", {"place": p}) for p in ("regions", "cities")),
        *(("votes.py", {"figures": f}) for f in ("medians", "other_figures")),
        ("votes.py", {"part": "estimations"}),
        ("returning.py", {"as": "by_start"}),
        *(("insights.py", {"about": a}) for a in ("second_votes", "meetings")),
        *(("insights.py", {"about": a}) for a in ("Rooms", "New people")),
    ],
)
def test_a_part_of_a_page_survives_missing_tables(
    run_page: RunPage,
    store_without: Callable[..., Path],
    file: str,
    query: dict[str, str],
) -> None:
    # The others have rows of their own, in which all is unknown.
    store = store_without("fpp_rooms", "fpp_users", "fpp_events")
    app = run_page(file, store, period="All time", **query)
    assert_shown(app, file)
    assert [warning.value for warning in app.warning[1:]] == []


@pytest.mark.parametrize("missing", ["fpp_rooms", "fpp_votes", "fpp_estimations"])
def test_a_room_without_one_of_its_tables_is_not_called_deleted_or_unused(
    run_page: RunPage, store_without: Callable[..., Path], missing: str
) -> None:
    store = store_without(missing)
    for query in ({}, {"room": "1"}):
        app = run_page("room.py", store, period="All time", **query)
        assert [e.message for e in app.exception] == []
        said = " ".join(e.value for e in (*app.info, *app.caption, *app.header))
        assert "deleted" not in said
        assert "no votes" not in said


def test_cards_and_blocks_in_part_without_a_table_say_so(
    run_page: RunPage, store_without: Callable[..., Path]
) -> None:
    store = store_without("fpp_events")
    app = run_page("insights.py", store, about="New people")
    cards = {card.label: card.value for card in app.metric}
    assert cards["Link copy rate"] == "–"
    assert cards["Week-old rooms"] != "–"
    froms = [card.proto.delta_description for card in app.metric]
    assert "from –" not in froms
    assert any(text.startswith("from ") for text in froms)
    note = (
        "Table `fpp_events` is missing. Its metrics are empty until the next sync run."
    )
    assert note in [caption.value for caption in app.caption]


def test_a_chart_of_columns_of_a_missing_table_says_so(
    run_page: RunPage, store_without: Callable[..., Path]
) -> None:
    app = run_page("historical.py", store_without("fpp_votes"), of="votes")
    assert "`fpp_votes`" in app.info[0].value


@pytest.mark.parametrize("missing", [table.name for table in TABLES])
@pytest.mark.parametrize(
    ("file", "about"),
    [("overview.py", ""), *(("insights.py", a) for a in ("Agreement", "New people"))],
)
def test_a_bar_of_what_a_missing_table_has_says_nothing(
    run_page: RunPage,
    store_without: Callable[..., Path],
    file: str,
    about: str,
    missing: str,
) -> None:
    store = store_without(missing)
    app = run_page(file, store, period="All time", about=about)
    assert [text for text in printed(app) if "null" in text] == []


@pytest.mark.parametrize("file", PAGES)
def test_a_page_survives_empty_tables(
    run_page: RunPage, tmp_path: Path, file: str
) -> None:
    for table in TABLES:
        pl.DataFrame(schema=table.schema).write_parquet(tmp_path / table.file_name)
    app = run_page(file, tmp_path)
    assert_shown(app, file)
    # Nothing is judged: not even that nothing changed, or that no day was unusual.
    assert {info.value for info in app.info} <= {"Nothing to show yet."}


def test_no_files_are_not_said_to_be_of_another_program(
    run_page: RunPage, tmp_path: Path
) -> None:
    said = [captions(run_page("data.py", store)) for store in (tmp_path, GOLDEN)]
    assert ["None." in texts for texts in said] == [True, False]
    other = "None: these files were not written by the sync job."
    assert [other in texts for texts in said] == [False, True]


@pytest.mark.parametrize("file", PAGES)
def test_a_page_survives_a_period_without_rows(run_page: RunPage, file: str) -> None:
    query = {"period": "Custom", "from": "2021-01-04", "to": "2021-01-04"}
    assert_shown(run_page(file, GOLDEN, **query), file)


@pytest.mark.parametrize("file", PAGES)
@pytest.mark.parametrize(
    "query",
    [
        {"period": "Today"},
        {"every": "Week", "compare": "Year ago", "bots": "true"},
        {"every": "Month", "compare": "No comparison", "no_weekends": "false"},
    ],
    ids=lambda query: " ".join(query.values()),
)
def test_a_page_follows_the_bar(
    run_page: RunPage, file: str, query: dict[str, str]
) -> None:
    assert_shown(run_page(file, GOLDEN, **query), file)


def test_an_unknown_period_falls_back_and_says_so(run_page: RunPage) -> None:
    app = run_page("overview.py", period="Fortnight")
    assert "“Fortnight”" in app.warning[0].value
    assert app.selectbox(key="period").value == "last_28_days"


FORMAT_4 = '{"format": 4, "number": 1}'
UNREADABLE = {
    "another format": ("1.json", FORMAT_4, "format 4, this version reads 3"),
    "NULs in CURRENT": ("1.json\0", FORMAT_4, "CURRENT does not name a manifest"),
    "CURRENT that climbs": ("../1.json", FORMAT_4, "CURRENT does not name a manifest"),
    "deep JSON": ("1.json", '{"format":' * 100_000, "not a manifest"),
    "a missing manifest": ("2.json", FORMAT_4, "copy `manifests` again"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
@pytest.mark.parametrize("file", PAGES)
def test_every_page_names_why_a_store_cannot_be_read_and_what_to_do(
    run_page: RunPage, tmp_path: Path, file: str, kind: str
) -> None:
    current, manifest, reason = UNREADABLE[kind]
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "1.json").write_text(manifest)
    (tmp_path / "CURRENT").write_text(current)
    app = run_page(file, tmp_path)
    assert [e.message for e in app.exception] == []
    [error] = app.error
    assert reason in error.value
    assert "`python sync_job.py --rebuild`" in error.value


def test_a_damaged_store_is_explained(
    run_page: RunPage,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "fpp_votes.parquet").write_bytes(b"not parquet")
    app = run_page("overview.py", tmp_path)
    assert [e.message for e in app.exception] == []
    assert app.error[0].value == (
        "fpp_votes.parquet is not a readable Parquet file. Put a whole copy there, or "
        "let the sync job write the store."
    )
    # What the library says is for who reads the log.
    assert "parquet: File out of specification" in caplog.text


def test_a_filter_changes_what_it_can_and_says_what_it_cannot(
    run_page: RunPage,
) -> None:
    all_users = run_page("traffic.py", period="All time")
    germans = run_page("traffic.py", period="All time", filter="country:DE")
    values = [tiles(app)["Unique users"] for app in (all_users, germans)]
    # All but three bots; the golden data count 150 users in Germany.
    assert values == ["1,561", "150"]
    votes = run_page("votes.py", period="All time", filter="country:DE")
    assert tiles(votes)["Votes"] == "–"
    note = "Not filtered by country: votes are not linked to users."
    assert note in [caption.value for caption in votes.caption]


def test_a_text_that_is_no_filter_is_said(run_page: RunPage) -> None:
    app = run_page("traffic.py", filter="planet:Mars")
    assert app.warning[0].value.startswith(
        "Unknown filter “planet\\:\N{WORD JOINER}Mars”. Use country:…"
    )


@pytest.mark.parametrize(
    "query",
    [
        {"show": "page_views"},
        {"show": "Page views"},
        {"show_traffic_over_time": "Page views"},
    ],
)
def test_a_link_names_a_figure_as_it_does_now_or_did_before(
    run_page: RunPage, query: dict[str, str]
) -> None:
    app = run_page("traffic.py", **query)
    assert not app.warning
    assert "Page views per day" in [header.value for header in app.header]
