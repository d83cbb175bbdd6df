"""Named views: a menu of links that the team keeps in a text file.

One view a line, a name and the part of its address after the host:

    Release week /votes?period=last_week&every=day

Empty lines and lines that start with # are skipped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import streamlit as st

from metrics.expressions import is_visible
from metrics.formats import in_one_line
from store.files import entries_of_list, lines_of_list, unreadable_list
from store.notes import LONGEST
from ui.format import escaped, shortened
from ui.query_params import FRAMED

MOST_BYTES = 100_000
"""A larger file is no list of views; it is not read."""
MOST_VIEWS = 50
"""The lines after so many views are left out: each slows every page."""
_FILES = (Path(__file__).parents[2] / "pages").glob("*.py")
PAGES = frozenset(path.stem for path in _FILES) - {"main"}
"""Pages that a view can lead to."""


@dataclass(frozen=True, slots=True)
class View:
    """A named view."""

    name: str
    page: str
    query: tuple[tuple[str, tuple[str, ...]], ...]
    part: str = ""
    """The part of the page that it shows, by the id of its heading."""


@dataclass(frozen=True, slots=True)
class Views:
    """The views of a file, and what is wrong with its other lines."""

    views: tuple[View, ...] = ()
    problems: tuple[str, ...] = ()


def read(path: Path | None) -> Views:
    """Read the file as it is now; what cannot be read is a problem, never an error."""
    if path is None:
        return Views()
    try:
        base = st.get_option("server.baseUrlPath")
        return parse(lines_of_list(path, MOST_BYTES), base)
    except OSError as error:
        return Views((), (unreadable_list(path, "VIEWS_FILE", error),))


def parse(lines: Sequence[str], base: str = "") -> Views:
    """Return the views and a sentence for each wrong line.

    `base` is the path that a proxy puts before every page, such as /analytics.
    """
    views, problems = entries_of_list(
        lines, MOST_VIEWS, "views", partial(_view, base=base)
    )
    return Views(tuple(views), problems)


def _view(line: str, base: str) -> View:
    """Return the view of a line; raise ValueError with what is wrong with it."""
    *before, link = line.strip().rsplit(maxsplit=1)
    # A mark of direction would turn what follows it in the menu.
    name = in_one_line("".join(before))
    if "/" not in link or not is_visible(name):
        raise ValueError(
            "needs a name and a link, such as “Last week /votes?period=last_week”."
        )
    if len(name) > LONGEST:
        raise ValueError(f"has a name longer than {LONGEST} characters.")
    try:
        address = urlsplit(link)
        query = parse_qs(address.query, keep_blank_values=True)
    except ValueError:
        fault = "has a link that is no address. Copy it from the browser."
        raise ValueError(fault) from None
    if address.scheme not in {"", "http", "https"}:
        raise ValueError(
            f"leads to “{address.scheme[:40]}:…”. Copy the link from the browser."
        )
    if framed := FRAMED.intersection(map(str.casefold, query)):
        raise ValueError(f"has “{min(framed)}”, which a view cannot have. Remove it.")
    path = address.path.rstrip("/").removeprefix("/" + base.strip("/"))
    *_, folder, page = ["", *path.lower().split("/")]
    page = page or "overview"
    if folder == "api":
        page = f"api/{page}"
    if page not in PAGES:
        known = ", ".join(sorted(PAGES))
        raise ValueError(f"leads to “{page[:40]}”, which is not a page. Use {known}.")
    parameters = tuple((key, tuple(found)) for key, found in query.items())
    return View(name, page, parameters, address.fragment)


def _link(view: View) -> str:
    page = "./" if view.page == "overview" else view.page
    address = f"{page}?{urlencode(dict(view.query), doseq=True)}#{quote(view.part)}"
    return f'<a class="menu-item" href="{escape(address)}">{escape(view.name)}</a>'


def render_menu(path: Path | None) -> None:
    """Draw the menu of views; without any there is none."""
    found = read(path)
    if not found.views and not found.problems:
        return
    with st.popover("Views", icon=":material/bookmark:"):
        for view in found.views:
            if view.part:
                # Only the browser knows the way to a part of a page.
                st.html(_link(view))
                continue
            st.page_link(
                f"{view.page}.py",
                label=escaped(view.name),
                query_params={key: list(values) for key, values in view.query},
            )
        for problem in found.problems:
            st.caption(shortened(f"VIEWS_FILE: {problem}", 300))
