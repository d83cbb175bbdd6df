"""The Report page and the live block on the Overview."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from store.reader import open_store
from tests.pages.conftest import GOLDEN, NOW, RunPage, captions, html_of, plain
from tests.store.test_live import GOOD, ask, product, sends
from web.api.reports import ReportQuery, report_response


def report_of(app: AppTest) -> str:
    """Return the document that a page shows, whatever spaces keep its dates together.

    Menus are HTML as well.
    """
    (page,) = (h.proto.body for h in app.get("html") if "What changed" in h.proto.body)
    # A tag with a no-break space in it would be another tag.
    assert not re.search("<[^>]*\N{NO-BREAK SPACE}", page)
    return plain(page)


def test_the_report_shows_the_same_as_the_api(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    """Also of a country that has no code of ISO's."""
    store = plain_store()
    users = pl.read_parquet(store / "fpp_users.parquet")
    elsewhere = pl.col("country").replace({"ES": "XK"})
    users.with_columns(elsewhere).write_parquet(store / "fpp_users.parquet")
    app = run_page("report.py", store, period="Last month")
    page = report_of(app)
    for part in ("1 Oct – 31 Oct 2026", "compared with 1 Sep – 30 Sep 2026", "113"):
        assert part in page
    labels = [button.proto.label for button in app.get("download_button")]
    assert {"HTML for mail", "Markdown for chat", "JSON"} <= set(labels)
    text = app.code[0].value
    assert text.startswith("**FPP Analytics: 1 Oct")
    assert "Country Kosovo:" in text
    asked = ReportQuery.read({"format": "md"}, NOW)
    sent = report_response(asked, "", None, ())(open_store(store), NOW)
    assert bytes(sent.body).decode().strip() == text.strip()


def test_a_report_says_what_is_not_as_usual(run_page: RunPage) -> None:
    switches = {"bots": "true", "weekends": "false"}
    app = run_page("report.py", GOLDEN, period="Last month", **switches)
    page = report_of(app)
    for text in (page, app.code[0].value):
        assert "compared with 1 Sep – 30 Sep 2026, bots included" in text
        assert "Votes per day, weekends hidden" in text


def test_a_report_has_no_notes_from_before_the_data(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The golden data begin on 24 May 2024."""
    notes = tmp_path / "notes.txt"
    notes.write_text("2024-05-20 Too early\n2024-05-26 In time\n")
    monkeypatch.setenv("NOTES_FILE", str(notes))
    app = run_page("report.py", now=datetime(2024, 7, 10, 12), period="last_91_days")
    page = html_of(app)  # nothing is compared
    assert "In time" in page
    assert "Too early" not in page


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """As it is for the Overview, whose server answers in this busy process."""
    monkeypatch.setattr("ui.blocks.live.ask_server", ask)
    return monkeypatch


def test_live_users_and_rooms_are_on_the_overview(
    run_page: RunPage, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("SENTRY_ISSUES_URL", "https://errors.example.org/issues")
    with product(sends(json.dumps(GOOD).encode())) as url:
        environment.setenv("FPP_SERVER_URL", url)
        environment.setenv("EXCLUDED_ROOMS", "7")
        app = run_page("overview.py", GOLDEN)
    assert not app.exception
    # Rooms have no IDs there: none can be left out.
    said = [block.value for block in app.caption]
    assert "With the rooms of `EXCLUDED_ROOMS`: the server gives no IDs." in said
    texts = " ".join(str(block.value) for block in app.markdown)
    assert "**4** connected users in **2** open rooms" in texts
    (rooms,) = (f.value for f in app.dataframe if "Estimated" in f.value)
    assert list(rooms["Room"]) == ["<b>team</b> \U0001f469\u200d\U0001f467", "Room 2"]
    assert list(rooms["Estimated"]) == ["1 of 2", "0 of 1"]
    ages = [list(rooms[name]) for name in ("Open since", "Last active")]
    assert ages == [["2 days ago"] * 2] * 2
    assert "secret-user-id" not in str(app)


@pytest.mark.parametrize("more", [0, 1])
def test_of_many_open_rooms_the_page_says_which_it_lists(
    run_page: RunPage, environment: pytest.MonkeyPatch, more: int
) -> None:
    room = {"name": "Team", "userCount": 0, "firstActive": 0, "lastActive": 1_000}
    rooms = [{**room, "users": []}] * (50 + more)
    with product(sends(json.dumps({**GOOD, "rooms": rooms}).encode())) as url:
        environment.setenv("FPP_SERVER_URL", url)
        app = run_page("overview.py", GOLDEN)
    (listed,) = (f.value for f in app.dataframe if "Estimated" in f.value)
    assert len(listed) == 50
    says = "The 50 rooms that were active last." in captions(app)
    assert says is bool(more)


def test_a_failing_server_is_a_grey_line_and_the_page_is_whole(
    run_page: RunPage, environment: pytest.MonkeyPatch
) -> None:
    with product(sends(b"oops", 500)) as url:
        environment.setenv("FPP_SERVER_URL", url)
        app = run_page("overview.py", GOLDEN)
    assert not app.exception
    said = [block.value for block in app.caption]
    assert (
        "No live figures: the server answered 500. Trying again every 30 seconds."
        in said
    )
    assert url not in " ".join(said)
    assert app.get("vega_lite_chart")


def test_without_a_server_there_is_no_live_block(run_page: RunPage) -> None:
    app = run_page("overview.py", GOLDEN)
    assert "Live now" not in " ".join(str(block.value) for block in app.markdown)


def test_a_filter_does_not_mix_some_users_with_all_votes(run_page: RunPage) -> None:
    pages = [
        run_page("report.py", GOLDEN, period="Last month", **query)
        for query in ({}, {"filter": "country:DE"})
    ]
    all_users, germans = map(report_of, pages)
    assert germans == all_users
    said = [caption.value for caption in pages[1].caption]
    assert any("Filters do not apply to this page" in text for text in said)
