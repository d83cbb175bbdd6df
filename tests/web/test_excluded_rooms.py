"""Own rooms (`EXCLUDED_ROOMS`) count nowhere but in the replaced service's API."""

import json
from pathlib import Path

import polars as pl
import pytest

from metrics.tables import TABLES
from testkit.dashboard import GOLDEN, TOKEN, get, serving
from tests.pages.conftest import RunPage, run_page, tiles
from tests.web.conftest import StoppedClock, parts

__all__ = ["run_page"]

HEADERS = {"Authorization": TOKEN}
PERIOD = "from=2026-10-01&to=2026-10-31"
PATHS = (
    *(
        f"/api/tables/{name}?format=json&{PERIOD}"
        for name in ("votes_totals", "rooms", "team_sizes")
    ),
    "/api/report?format=json&period=last_month",
    "/api/alerts",
)


@pytest.fixture(scope="module")
def own() -> list[int]:
    """The two rooms with most votes."""
    votes = pl.read_parquet(GOLDEN / "fpp_votes.parquet")
    return votes["room_id"].value_counts(sort=True)["room_id"].head(2).to_list()


@pytest.fixture
def without_them(tmp_path: Path, own: list[int]) -> Path:
    """A store from which the rooms and all that names them are gone."""
    for table in TABLES:
        rows = pl.read_parquet(GOLDEN / table.file_name)
        key = "id" if table.name == "fpp_rooms" else "room_id"
        if key in rows.columns and (key == "room_id" or table.name == "fpp_rooms"):
            rows = rows.filter(~pl.col(key).is_in(own).fill_null(value=False))
        rows.write_parquet(tmp_path / table.file_name)
    return tmp_path


def answer(url: str, path: str) -> object:
    found = get(url + path, headers=HEADERS)
    assert found.status_code == 200, found.text
    # Links of alerts begin with the address of the server.
    content: object = json.loads(found.text.replace(url, ""))
    if isinstance(content, dict):
        content.pop("data_updated_at", None)
        content.pop("data_until", None)
    return content


def test_tables_report_and_alerts_leave_them_out(
    own: list[int], without_them: Path
) -> None:
    variable = ",".join(map(str, own))
    with (
        serving(parts(StoppedClock(), EXCLUDED_ROOMS=variable)) as url,
        serving(parts(StoppedClock(), without_them)) as expected,
        serving(parts(StoppedClock())) as everything,
    ):
        for path in PATHS:
            assert answer(url, path) == answer(expected, path), path
        assert answer(url, PATHS[0]) != answer(everything, PATHS[0])
        assert answer(url, "/api") == answer(everything, "/api")


def test_a_table_of_one_of_them_alone_is_refused(own: list[int]) -> None:
    room, other = own
    with serving(parts(StoppedClock(), EXCLUDED_ROOMS=str(room))) as url:
        for name in ("votes_totals", "all_rooms"):
            path = f"{url}/api/tables/{name}?{PERIOD}&room="
            refused = get(f"{path}{room}", headers=HEADERS)
            said = f"Bad room; EXCLUDED_ROOMS leaves out room {room}"
            assert (refused.status_code, refused.json()) == (400, {"detail": said})
            assert get(f"{path}{other}", headers=HEADERS).status_code == 200


def test_pages_leave_them_out(
    run_page: RunPage,
    own: list[int],
    without_them: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = tiles(run_page("votes.py", without_them))
    assert tiles(run_page("votes.py")) != expected
    monkeypatch.setenv("EXCLUDED_ROOMS", ",".join(map(str, own)))
    assert tiles(run_page("votes.py")) == expected
    chosen = run_page("votes.py", filter=f"room:{own[0]}")
    said = [info.value for info in chosen.info]
    assert any("a room in `EXCLUDED_ROOMS`" in text for text in said)
    assert not any("longer period" in text for text in said)


def test_the_data_page_names_them_or_says_how_to_set_them(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> list[str]:
        captions = [caption.value for caption in run_page("data.py").caption]
        return [text for text in captions if "EXCLUDED_ROOMS" in text]

    [how] = said()
    assert how.startswith("None. Set `EXCLUDED_ROOMS` to")
    monkeypatch.setenv("EXCLUDED_ROOMS", "7")
    [one] = said()
    assert one.startswith("No page counts room 7 (`EXCLUDED_ROOMS`). Users and events")
    monkeypatch.setenv("EXCLUDED_ROOMS", ",".join(map(str, range(1, 23))))
    [many] = said()
    assert "19, 20 and 2 others (`EXCLUDED_ROOMS`)." in many


def test_the_page_of_a_room_says_that_others_leave_it_out(
    run_page: RunPage, own: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    room, other = own
    monkeypatch.setenv("EXCLUDED_ROOMS", str(room))
    app = run_page("room.py", room=str(room), period="All time")
    # The room that is asked for by its id is shown with all its figures.
    assert tiles(app)["Votes"] != "–"
    said = "in `EXCLUDED_ROOMS`: other pages leave it out"
    assert any(said in caption.value for caption in app.caption)
    shown = run_page("room.py", room=str(other), period="All time")
    assert not any(said in caption.value for caption in shown.caption)
