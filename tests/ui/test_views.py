"""Named views: what a line may say, and that a wrong one does no harm."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.config import set_option
from streamlit.testing.v1 import AppTest

from ui.filters.views import MOST_VIEWS, View, Views, _link, parse, read

RELEASE = View("Release week", "votes", (("period", ("last_week",)),))


@pytest.mark.parametrize(
    ("line", "view"),
    [
        ("Release week /votes?period=last_week", RELEASE),
        ("Release week\thttps://a.example/below/votes/?period=last_week", RELEASE),
        ("Morning /", View("Morning", "overview", ())),
        ("Two /room?room=1&room=2", View("Two", "room", (("room", ("1", "2")),))),
        ("A/B test /data?x=", View("A/B test", "data", (("x", ("",)),))),
        ("Notes /data#notes-on-dates", View("Notes", "data", (), "notes-on-dates")),
        ("\u202eA  b\u2066 /data#runs", View("A b", "data", (), "runs")),
    ],
)
def test_a_line_is_a_name_and_a_link(line: str, view: View) -> None:
    assert parse([line]) == Views((view,))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Release week", "needs a name and a link"),
        ("/votes", "needs a name and a link"),
        ("\u200b /votes", "needs a name and a link"),
        ("API /api/report", "leads to “api/report”, which is not a page"),
        ("API http://a.example/below/API/data/", "leads to “api/data”, which is"),
        ("API /api/tables/votes_over_time", "leads to “votes_over_time”, which is"),
        ("Nowhere /nowhere?period=all", "leads to “nowhere”, which is not a page"),
        ("Long /" + "x" * 10_000, f"leads to “{'x' * 40}”, which is not a page"),
        (f"{'x' * 200} /votes", "has a name longer than 120 characters"),
        ("Broken http://[::1/votes", "has a link that is no address"),
        ("Broken //[x]/votes", "has a link that is no address"),
        ("Gr�n /votes", "has characters that cannot be read. Save"),
    ],
)
def test_a_wrong_line_is_named_and_the_others_stay(line: str, reason: str) -> None:
    found = parse(["# our views", "", line, "Release week /votes?period=last_week"])
    assert found.views[-1] == RELEASE
    (problem,) = found.problems
    assert problem.startswith("Line 3 ")
    assert reason in problem


# Letters that mean something in an address, and blanks of several kinds.
ADDRESS = st.text(st.sampled_from("a/[]:?&=%#@;. \t\x0b\x85\u2028\0�"), max_size=40)


@given(st.lists(st.one_of(ADDRESS, st.text()), max_size=5))
def test_no_line_does_harm(lines: list[str]) -> None:
    found = parse(lines)
    assert len(found.views) <= len(lines)


@pytest.mark.parametrize(
    "line", ["a " + "/" * 45_000 + " b", "a " + " " * 90_000 + "b c"]
)
def test_a_line_as_long_as_the_file_may_be_takes_no_time(line: str) -> None:
    began = time.process_time()
    assert parse([line]).problems
    assert time.process_time() - began < 2


def test_the_file_is_read_as_it_is_now(tmp_path: Path) -> None:
    path = tmp_path / "views.txt"
    assert read(None) == Views()
    assert read(path).problems == (
        "Cannot read views.txt: No such file or directory. Correct it or VIEWS_FILE.",
    )
    path.write_bytes("Größe /votes\r\nx\r\n".encode("utf-16"))
    assert [view.name for view in read(path).views] == ["Größe"]
    assert [problem[:7] for problem in read(path).problems] == ["Line 2 "]
    path.unlink()
    os.mkfifo(path)
    assert "not a regular file" in read(path).problems[0]


def test_of_a_very_long_file_the_first_views_and_problems_are_shown() -> None:
    found = parse(["v2 /votes"] * (MOST_VIEWS + 5))
    assert len(found.views) == MOST_VIEWS
    assert found.problems == (
        f"Lines from {MOST_VIEWS + 1} on are left out, after {MOST_VIEWS} views.",
    )
    assert len(parse(["x"] * 1_000).problems) == 11


@pytest.mark.parametrize(
    ("address", "page", "parameters"),
    [
        ("/votes?period=last_week&filter=os:iOS&filter=os:x", "votes", 2),
        ("https://analytics.example/fpp/Votes/?period=today", "votes", 1),
        ("https://analytics.example/fpp?period=today", "overview", 1),
        ("https://analytics.example/fpp/", "overview", 0),
        ("/", "overview", 0),
        ("javascript:alert(1)//votes", None, 0),
        ("data:text/html,/votes", None, 0),
        ("/votes?Embed=true", None, 0),
    ],
)
def test_a_link_leads_to_a_page_below_the_path_of_a_proxy_or_its_line_is_named(
    tmp_path: Path, address: str, page: str | None, parameters: int
) -> None:
    file = tmp_path / "views.txt"
    file.write_text(f"This view {address}\n", "utf-8")
    set_option("server.baseUrlPath", "fpp")
    try:
        found = read(file)
    finally:
        set_option("server.baseUrlPath", "")
    assert [(view.page, len(view.query)) for view in found.views] == (
        [] if page is None else [(page, parameters)]
    )
    assert [text[:7] for text in found.problems] == ([] if page else ["Line 1 "])


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("/?tz=UTC#runs", "./?tz=UTC#runs"),
        ("/data#runs", "data?#runs"),
        ("/votes?filter=os:iOS&filter=os:x#a", "votes?filter=os%3AiOS&amp;filter="),
    ],
)
def test_a_link_to_a_part_of_a_page_names_both(address: str, link: str) -> None:
    (view,) = parse([f"R&D {address}"]).views
    assert _link(view).startswith(f'<a class="menu-item" href="{link}')
    assert _link(view).endswith(f'#{view.part}">R&amp;D</a>')


@pytest.mark.parametrize(
    ("line", "menus"), [("# none yet", 0), ("Runs /#runs", 1), ("x", 1)]
)
def test_a_file_without_views_has_no_menu(
    tmp_path: Path, line: str, menus: int
) -> None:
    def page(file: str) -> None:
        from pathlib import Path

        from ui.filters import views

        views.render_menu(Path(file))

    file = tmp_path / "views.txt"
    file.write_text(line, "utf-8")
    app = AppTest.from_function(page, kwargs={"file": str(file)}, default_timeout=60)
    assert len(app.run().get("popover")) == menus
    # What is quoted of a wrong line is no Markdown.
    file.write_text("x /*y*")
    [problem] = app.run().caption
    assert r"leads to “\*y\*”" in problem.value
