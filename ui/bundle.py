"""Everything that a page shows, as one ZIP with a note on what was asked."""

import streamlit as st

from export import file_name, to_csv, to_zip
from ui import periods
from ui.view import Answers, View


def offer(view: View, found: Answers) -> None:
    """Draw a button that packs all tables of the page when it is clicked."""
    st.download_button(
        "Everything on this page (ZIP)",
        data=lambda: _pack(view, found),
        file_name=file_name("page", view.scope.window, "zip"),
        mime="application/zip",
        on_click="ignore",
        icon=":material/folder_zip:",
        type="tertiary",
        help="All tables as CSV, with a note on period and switches",
    )


def _pack(view: View, found: Answers) -> bytes:
    window = view.scope.window
    tables = {file_name(n, window): to_csv(frame) for n, frame in found.now.items()}
    return to_zip({"about.txt": about(view).encode(), **tables})


def about(view: View) -> str:
    """Return what was asked, as a text for whoever opens the files later."""
    scope, snapshot = view.scope, view.snapshot
    lines = {
        "Period": f"{periods.describe(view.days)} (UTC)",
        "Compared with": f"{scope.before.first_day} to {scope.before.last_day}"
        if scope.before
        else "nothing",
        "Grouped by": scope.every,
        "Weekends in daily series": "shown" if scope.weekends else "hidden",
        "Bots": "included" if view.bots else "left out",
        "Filters": " and ".join(map(str, view.filters)) or "none",
        "Data until": f"{snapshot.data_until} UTC"
        + (" (demo)" if snapshot.demo else ""),
        "Generation": str(snapshot.generation or "none: plain files"),
    }
    return "".join(f"{name}: {text}\n" for name, text in lines.items())
