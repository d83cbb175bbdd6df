"""No number is shown without its definition: cards and columns of every page."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from metrics.registry import COMPARISONS, DEFINITIONS, LABELS, definition
from tests.pages.conftest import RunPage
from tests.pages.test_insights import read
from tests.pages.test_pages import PAGES
from ui.blocks import data_page
from ui.blocks.cards import help_text
from ui.blocks.tables import _split

TITLES = {help_text(number): number.title for number in DEFINITIONS.values()}
OTHER_FACTS = {"Data until": "Time up to which the store equals the database."}
"""Cards that show no number."""
VIEWS = [
    *((file, {}) for file in PAGES),
    ("room.py", {"room": "1"}),
    ("traffic.py", {"split": "Source"}),
    ("location.py", {"place": "Regions", "with": "Browsers"}),
    ("location.py", {"place": "Cities"}),
    ("traffic.py", {"part": "Page views"}),
    ("traffic.py", {"part": "Session length"}),
    ("behaviour.py", {"part": "Events"}),
    ("behaviour.py", {"part": "Rooms"}),
    ("votes.py", {"part": "Estimations"}),
    ("votes.py", {"figures": "Medians"}),
    ("votes.py", {"figures": "Other figures"}),
    ("returning.py", {"who": "Rooms"}),
    *(
        ("insights.py", {"about": about})
        for about in ("Agreement", "Second votes", "Meetings", "Rooms", "New people")
    ),
]
IDS = [" ".join([file, *query.values()]) for file, query in VIEWS]


def shown(run_page: RunPage, file: str, query: dict[str, str]) -> AppTest:
    """Run a page with every chart switched to its table."""
    app = run_page(file, period="All time", **query)
    for switch in app.toggle:
        if (switch.key or "").startswith("table_"):
            switch.set_value(True)
    return app.run()


@pytest.mark.parametrize(("file", "query"), VIEWS, ids=IDS)
def test_every_shown_number_carries_its_definition(
    run_page: RunPage, file: str, query: dict[str, str]
) -> None:
    app = shown(run_page, file, query)
    assert [e.message for e in app.exception] == []
    # Several cards have theirs at one place.
    together = "\n\n".join(caption.help or "" for caption in app.caption)
    for card in app.metric:
        said = (
            TITLES.get(card.help)
            or OTHER_FACTS.get(card.label) == card.help
            or f"**{card.label}" in together
        )
        assert said, f"{card.label}: {card.help}"
    # The report has its figures as text, which no column describes.
    assert app.dataframe or app.metric or file == "report.py"
    for table in app.dataframe:
        columns = json.loads(table.proto.columns)
        for name, dtype in read(table.proto.arrow_data.data).schema.items():
            if dtype.is_numeric() and name not in LABELS:
                key, of = _split(name)[0], _table_of(set(columns))
                number = definition(key, of)
                assert columns[name]["help"] == number.formula
                # Not the title that the same column has elsewhere.
                assert columns[name]["label"].startswith(number.title)


def _table_of(columns: set[str]) -> str:
    """Return the table that gives some of its columns a meaning of their own."""
    for column, table in (
        ("min_estimation", "rounds"),
        ("started_at", "meetings"),
        ("dimension", "what_moved"),
        ("acc_votes", "historical"),
        ("came_back_share", "funnel_by_source"),
        ("steps", "spread"),
        ("estimators", "team_sizes"),
        ("length", "round_durations"),
        ("health_weeks", "room_health"),
        ("newcomers", "invites_by_newcomers"),
    ):
        if column in columns:
            return table
    return ""


def test_the_data_page_has_what_a_column_means_in_one_table_only() -> None:
    listed = data_page.definitions().select("Metric", "Column in CSV and API").rows()
    assert ("Estimations", "estimations") in listed
    assert ("Participations", "estimations in historical") in listed
    assert ("Spectators only", "spectators in meetings") in listed


def test_what_compares_says_so_in_its_title() -> None:
    assert [_split(f"votes{ending}")[0] for ending in COMPARISONS] == ["votes"] * 3


def test_cells_of_definitions_print_no_marks_of_code() -> None:
    table = data_page.definitions().select("Definition", "Excludes")
    assert "`" in DEFINITIONS["bounce_rate"].formula
    assert not [cell for row in table.iter_rows() for cell in row if "`" in cell]
