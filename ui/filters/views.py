"""Named views: a menu of links that the team keeps in a text file.

One view a line, a name and the part of its address after the host:

    Release week /votes?period=last_week&every=day

Empty lines and lines that start with # are skipped.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import streamlit as st

from ui.format import escaped, shortened

MOST_BYTES = 100_000
"""A larger file is no list of views; it is not read."""
PAGES = frozenset(
    {
        *("overview", "traffic", "votes", "behaviour", "location", "historical"),
        *("returning", "room", "insights", "report", "data"),
    }
)
"""Pages that a view can lead to."""
_LINE = re.compile(r"(?P<name>\S.*?)\s+(?P<address>\S*/\S*)$")


@dataclass(frozen=True, slots=True)
class View:
    """A named view."""

    name: str
    page: str
    query: tuple[tuple[str, tuple[str, ...]], ...]


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
        if path.stat().st_size > MOST_BYTES:
            return Views((), (f"{path.name} is larger than {MOST_BYTES:,} bytes.",))
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Views((), (f"Cannot read {path.name}: {reason}.",))
    views, problems = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _read_line(line.strip())
        if isinstance(found, View):
            views.append(found)
        else:
            problems.append(f"Line {number} of {path.name} {found}")
    return Views(tuple(views), tuple(problems))


def _read_line(line: str) -> View | str:
    """Return the view of a line, or what is wrong with it."""
    parts = _LINE.fullmatch(line)
    if parts is None:
        return "has no name and link, such as “Last week /votes?period=last_week”."
    address = urlsplit(parts["address"])
    page = address.path.rstrip("/").rsplit("/", 1)[-1] or "overview"
    if page not in PAGES:
        return f"leads to “{page}”, which is no page. Use {', '.join(sorted(PAGES))}."
    query = parse_qs(address.query, keep_blank_values=True)
    return View(
        parts["name"], page, tuple((key, tuple(found)) for key, found in query.items())
    )


def render_menu(path: Path | None) -> None:
    """Draw the menu of views; without any there is none."""
    found = read(path)
    if not found.views and not found.problems:
        return
    with st.popover("Views", icon=":material/bookmark:"):
        for view in found.views:
            st.page_link(
                f"{view.page}.py",
                label=escaped(view.name),
                query_params={key: list(values) for key, values in view.query},
            )
        for problem in found.problems:
            st.caption(shortened(problem, 200))
