"""Blocks of the Data page: the store, the sync job, and every definition."""

from math import ceil

import polars as pl
import streamlit as st

from metrics.registry import DEFINITIONS, SUBJECTS
from metrics.sentences import counted, listed
from metrics.tables import TABLES
from store.reader import Snapshot
from ui import format as fmt
from ui.blocks.cards import help_text
from ui.format import NOTHING
from ui.page_context import PageContext

_MEGABYTE = 1_000_000
_ROOMS = 20
"""Excluded rooms that are named."""
_NOTES = 330
"""Height of a long list of notes in pixels."""
API = """
The same metrics for programs, as JSON, CSV and Parquet: [documentation](api/docs),
[OpenAPI description](api/openapi.json), [health check](health).
"""


def render_cards(context: PageContext) -> None:
    """Draw the age and the size of the data."""
    snapshot = context.snapshot
    until, held = snapshot.data_until, snapshot.tables.values()
    # The same definitions as in exports, so that a name means one thing.
    facts = {
        "stored_rows": sum(info.rows for info in held),
        "stored_megabytes": snapshot.bytes / _MEGABYTE,
        "generation": snapshot.generation,
    }
    with st.grid(4, min_column_width=155, gap="small", key="stored_facts"):
        st.metric(
            "Data until",
            fmt.instant(until, context.now, context.query.zone) if until else NOTHING,
            help="Time up to which the store equals the database.",
            border=True,
            height="stretch",
        )
        for key, fact in facts.items():
            number = DEFINITIONS[key]
            st.metric(
                number.title,
                fmt.number(fact, number.unit),
                help=help_text(number),
                border=True,
                height="stretch",
            )


def stored_tables(snapshot: Snapshot) -> pl.DataFrame:
    """Return one row per live table: whether it is there, rows and size."""
    held = snapshot.tables
    states = (
        dict.fromkeys((t.name for t in TABLES), "missing")
        | dict.fromkeys(held, "stored")
        | dict.fromkeys(snapshot.incomplete, "damaged")
    )
    return pl.DataFrame(
        {
            "table": [t.name for t in TABLES],
            "state": [states[t.name] for t in TABLES],
            "stored_rows": [
                held[t.name].rows if t.name in held else None for t in TABLES
            ],
            "stored_megabytes": [
                held[t.name].bytes / _MEGABYTE if t.name in held else None
                for t in TABLES
            ],
        },
        schema_overrides={"stored_rows": pl.Int64, "stored_megabytes": pl.Float64},
    )


def repeated_rows(snapshot: Snapshot) -> str | None:
    """Return which rows of plain files no page counts, if there are any."""
    repeated = snapshot.repeated.items()
    parts = [f"{counted(rows, 'row')} of {table}" for table, rows in repeated]
    if not parts:
        return None
    return (
        f"Left out: {listed(parts)}. A later row in the file has the same ID; write "
        "each row once."
    )


def longest_wait(seconds: float) -> str:
    """Return what the sync job says of edits in older rows."""
    # Rounded up: it is a promise.
    minutes = counted(ceil(seconds / 60), "minute")
    return f"Every run copies new rows; edits of older rows follow within {minutes}."


def sync_runs(snapshot: Snapshot) -> pl.DataFrame:
    """Return what the sync job did lately, newest first."""
    return pl.DataFrame(
        {
            "finished_at": [run.finished_at for run in snapshot.runs],
            "run_seconds": [run.seconds for run in snapshot.runs],
            "run_new": [run.new for run in snapshot.runs],
            "run_changed": [run.changed for run in snapshot.runs],
            "run_gone": [run.gone for run in snapshot.runs],
            "run_healed": [run.healed for run in snapshot.runs],
        }
        # The manifest has the newest run last.
    ).reverse()


def render_notes(context: PageContext) -> None:
    """List the team's notes, each wrong line of their file, and how to add one."""
    found = context.notes
    for problem in found.problems:
        text = fmt.kept_dates(fmt.escaped(f"NOTES_FILE: {problem}"))
        st.warning(text, icon=":material/flag:")
    lines = [
        f"{fmt.days(note.first, note.last)}: {fmt.linked(note.title, note.link)}"
        for note in reversed(found.notes)
    ]
    if lines:
        # One element and a limit to its height: a thousand would slow the page.
        with st.container(height=_NOTES if len(lines) > 10 else "content"):
            st.markdown("  \n".join(lines))
    line = "`2026-11-12 Release of v2 https://example.com/v2`"
    how = (
        f"Add a line such as {line} to the file of `NOTES_FILE`."
        if found.has_file
        else f"Set `NOTES_FILE` to a text file with lines such as {line}."
    )
    none = "" if found.notes or found.problems else "None. "
    st.caption(f"{none}{how} Charts show notes as flags.")


def render_excluded_rooms(context: PageContext) -> None:
    """Say which rooms no page counts, or how rooms are excluded."""
    rooms = sorted(context.excluded_rooms)
    if not rooms:
        st.caption(
            "None. Set `EXCLUDED_ROOMS` to the IDs of rooms that no page should count, "
            "such as the team's own: `12, 345`."
        )
        return
    more = counted(len(rooms) - _ROOMS, "other")
    named = ", ".join(map(str, rooms[:_ROOMS]))
    st.caption(
        f"No page counts {'room' if len(rooms) == 1 else 'rooms'} {named}"
        f"{f' and {more}' if len(rooms) > _ROOMS else ''} (`EXCLUDED_ROOMS`). "
        "Users and events are not linked to rooms: those of the excluded ones count."
    )


THREE_LINES = 66
WIDTHS = {
    "Metric": 125,
    "Definition": 340,
    "Excludes": 320,
    "Tables": 200,
    "Column in CSV and API": 150,
}
"""Columns of definitions in which no text needs more than three lines."""


def definitions() -> pl.DataFrame:
    """Return every number with its meaning, those of most pages first."""
    # Also those of one table only, whose column means something else there.
    found = [d for subject in SUBJECTS.values() for d in subject.DEFINITIONS]
    return pl.DataFrame(
        {
            "Metric": [d.title for d in found],
            # A cell prints the marks of code as they are.
            "Definition": [d.formula.replace("`", "") for d in found],
            "Excludes": [d.excludes.replace("`", "") for d in found],
            "Tables": [", ".join(d.tables) for d in found],
            "Column in CSV and API": [
                f"{d.key} in {d.only_in}" if d.only_in else d.key for d in found
            ],
        }
    )
