"""Everything that a page shows, as one ZIP with a note on what was asked."""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from datetime import date

import polars as pl
import streamlit as st

from metrics import filters
from metrics.export import file_name, is_series, name_of_table, to_csv, to_zip
from metrics.frames import Period
from metrics.periods import NO_COMPARISON
from metrics.query import Granularity, Query
from metrics.registry import METRIC_TABLES
from metrics.sentences import missing_note
from metrics.time_axis import first_of_each
from metrics.time_zone import in_zone, to_local
from store.notes import Note, Notes
from ui import format as fmt
from ui import layout, period_bar, workbook
from ui.filters import filter_chips
from ui.page_context import PageContext, Results

TODAY, HEALTH = "today", "health"
"""The tables of the running day, without bots and filters, and of a room's health."""
_OF_NOW: Mapping[str, str] = {
    TODAY: "The last day of the data, whatever the period. Without bots and filters.",
    HEALTH: "At the end of the data, whatever the period.",
}


def render_download(
    context: PageContext, found: Results, name: str, strip: Collection[str] = ()
) -> None:
    """Offer all tables of a page as one file, packed when it is clicked.

    `name` says which page, and which of its tables. The lengths of their buckets are
    added, so that files of one page by day and by week differ in name.
    Tables of the period before have its dates in their names. `strip` are the tables
    of the page's tiles: what filters hide there is null in the files as well.
    """
    found = Results(
        *(_shown(context, part, strip) for part in (found.now, found.earlier))
    )
    filtered = any(_is_filtered(context, table) for table in found.now)
    grouped = _grouped_by(context.query, found.now)
    full = f"{name}_by_{'_'.join(grouped)}" if grouped else name

    def named(extension: str) -> str:
        return _dated(full, context.query.period, extension, filtered=filtered)

    with layout.actions():
        st.download_button(
            "Download page (XLSX)",
            data=lambda: workbook_of(context, found, name),
            file_name=named("xlsx"),
            mime=workbook.MIME,
            on_click="ignore",
            type="tertiary",
            help="A sheet per table, with real dates and numbers",
        )
        st.download_button(
            "Download page (ZIP)",
            data=lambda: pack(context, found),
            file_name=named("zip"),
            mime="application/zip",
            on_click="ignore",
            type="tertiary",
            help="A CSV per table, and a note on period and filters",
        )


def workbook_of(context: PageContext, found: Results, name: str) -> bytes:
    """Return the workbook: what was asked, and a sheet per table of both periods."""
    about = {"Page": name}
    # The first sheet says the same as about.txt in the ZIP.
    for line in readme(context, found).splitlines():
        key, _, text = line.partition(": ")
        about[key] = text
    query = context.query
    before = query.comparison or query.period
    sheets = {
        table + ending: workbook.Sheet(
            f"{_title(table)}{said}", as_filed(context, table, frame, of), table
        )
        for tables, ending, said, of in (
            (found.now, "", "", query.known),
            (found.earlier, " before", ", period compared with", before),
        )
        for table, frame in _meaningful(context, tables).items()
    }
    return workbook.to_xlsx("About this page", about, sheets)


def _shown(
    context: PageContext, tables: Mapping[str, pl.DataFrame], strip: Collection[str]
) -> dict[str, pl.DataFrame]:
    """Return the tables without what the tiles do not show."""
    return {
        name: filter_chips.without_hidden(context.filters, frame)
        if name in strip
        else frame
        for name, frame in tables.items()
    }


def _meaningful(
    context: PageContext, tables: Mapping[str, pl.DataFrame]
) -> dict[str, pl.DataFrame]:
    """Return the tables that the page shows: filters leave some without a meaning.

    What tiles show of one that has none is there, the rest of it is null.
    """
    return {
        name: frame
        for name, frame in tables.items()
        if not filter_chips.is_meaningless(context.filters, name)
        or filter_chips.shows_part(context.filters, frame)
    }


def _remark(context: PageContext, name: str, frame: pl.DataFrame) -> str | None:
    """Return what a page says beneath a table: of its days, gaps and filters."""
    if name in _OF_NOW:
        return _OF_NOW[name]
    known, chosen = METRIC_TABLES.get(name), context.filters
    if known and filter_chips.is_meaningless(chosen, name):
        return filter_chips.unavailable_note(chosen, known.reads)
    lacking = context.lacking_for(name)
    said = [missing_note(lacking, "")] if lacking else []
    if covered := _covered(name, context.query):
        said.insert(0, covered)
    idle = filter_chips.unfiltered_note(chosen, known.reads) if known else None
    # As a tile that a filter hides.
    if filter_chips.is_hidden(chosen, frame):
        reads = filter_chips.hidden_reads(chosen, frame.columns)
        idle = filter_chips.unavailable_note(chosen, reads)
    return " ".join([*said, idle] if idle else said) or None


def _days_of(name: str, query: Query) -> Period:
    """Return the days that a table is about."""
    known = METRIC_TABLES.get(name)
    return known.covers(query) if known else query.period


def _covered(name: str, query: Query) -> str | None:
    """Return the days that a table is about, where these are not the period's."""
    covered = _days_of(name, query)
    return None if covered == query.period else f"Covers {_span(covered)}."


def _title(table: str) -> str:
    # A page may add tables of its own, which the registry does not know.
    known = METRIC_TABLES.get(table)
    return known.title if known else table.replace("_", " ").capitalize()


def pack(context: PageContext, found: Results) -> bytes:
    """Return the ZIP: a CSV per table, and `about.txt`."""
    query = context.query
    now, earlier = (_meaningful(context, part) for part in (found.now, found.earlier))
    parts = [(query, now)]
    if (before := query.comparison_query) is not None:
        parts.append((before, earlier))
    files = {
        csv_name(context, name, frame, asked): to_csv(
            as_filed(context, name, frame, asked.known)
        )
        for asked, tables in parts
        for name, frame in tables.items()
    }
    return to_zip({"about.txt": readme(context, found).encode(), **files})


def csv_name(
    context: PageContext,
    name: str,
    frame: pl.DataFrame,
    query: Query | None = None,
) -> str:
    """Return the name of a table's CSV: with rooms, buckets, days, and if filtered.

    `query` is that of the table, by default the page's.
    """
    ids, several = "_".join(map(str, context.rooms)), "s" if context.rooms[1:] else ""
    own = f"room{several}_{ids}_" if ids else ""
    if name in _OF_NOW:
        day = to_local(context.query.now, context.query.zone).date()
        return file_name(own + name, Period.of_days(day, day, context.query.zone))
    filtered = _is_filtered(context, name)
    asked = query or context.query
    every = buckets_of(name, asked.granularity)
    full = own + name_of_table(name, frame, every)
    return _dated(full, _days_of(name, asked), "csv", filtered=filtered)


def _is_filtered(context: PageContext, name: str) -> bool:
    """Return whether a filter changes a table."""
    known = METRIC_TABLES.get(name)
    return any(known is None or one.applies(known.reads) for one in context.filters)


def _dated(name: str, period: Period, extension: str, *, filtered: bool) -> str:
    dated = file_name(name, period, extension)
    return dated.replace(".", "_filtered.") if filtered else dated


def _rooms(context: PageContext) -> str:
    """Return which rooms the tables are about."""
    if context.rooms:
        return f"only {', '.join(map(str, context.rooms))}"
    excluded = ", ".join(map(str, sorted(context.excluded_rooms)))
    return f"all but {excluded}" if excluded else "all"


def as_filed(
    context: PageContext, name: str, frame: pl.DataFrame, period: Period
) -> pl.DataFrame:
    """Return a table of a period as files have it: in the zone, with its notes."""
    query = context.query
    every = buckets_of(name, query.granularity)
    return with_notes(in_zone(frame, query.zone), context.notes, every, period)


def with_notes(
    frame: pl.DataFrame, notes: Notes, granularity: Granularity, period: Period
) -> pl.DataFrame:
    """Add the column `notes` to a table over time, where there are any notes.

    `granularity` is that of its buckets (`buckets_of`). A bucket has the titles of all
    notes of the period that touch it, separated by semicolons. A note on a hidden
    weekend is on the day before it, with its dates.
    """
    if "bucket" not in frame.columns or frame.is_empty() or not notes.notes:
        return frame
    own = pl.col("bucket").dt.date()
    of_days = granularity == "day" and is_series(frame)
    shown = sorted({*frame["bucket"]}) if of_days else []
    known = (
        pl.DataFrame(
            [
                _placed(note, shown, period)
                for note in notes.between(period.first_day, period.last_day)
            ],
            schema={"first": pl.Date, "last": pl.Date, "title": pl.String},
            orient="row",
        )
        .select("title", day=pl.date_ranges("first", "last"))
        .explode("day")
    )
    # Several notes may be in one week, and one note in several days of it.
    titles = pl.col("title").unique(maintain_order=True).str.join("; ")
    day = first_of_each(pl.col("day"), granularity)
    each = known.group_by(_day=day).agg(notes=titles)
    # Of hours, the first of a day has its notes; of compared rooms, each of them.
    is_first = own.is_first_distinct()
    if "room" in frame.columns:
        is_first = is_first.over("room")
    joined = frame.with_columns(_day=pl.when(is_first).then(own)).join(
        each, on="_day", how="left", maintain_order="left"
    )
    return joined.drop("_day")


def _placed(
    note: Note, shown: Sequence[date], period: Period
) -> tuple[date, date, str]:
    """Return first day, last day and title of a note in a table with these days.

    One whose days are all hidden is, with its dates, on the day before them, or on the
    first one.
    """
    # A span of notes may be centuries longer, and a week begin before the period.
    first, last = max(note.first, period.first_day), min(note.last, period.last_day)
    after = bisect_left(shown, first)
    if not shown or (after < len(shown) and shown[after] <= last):
        return first, last, note.title
    day = shown[max(after - 1, 0)]
    return day, day, f"{note.title} ({fmt.days(note.first, note.last)})"


def buckets_of(table: str, asked: Granularity) -> Granularity:
    """Return the length of a table's buckets: some have days or weeks at least."""
    known = METRIC_TABLES.get(table)
    return known.buckets(asked) if known else asked


def _span(period: Period) -> str:
    """Return the dates of a period, with its times where it does not begin a day."""
    if not period.begins_within_a_day:
        return f"{period.first_day} to {period.last_day}"
    start, end = (period.local(edge) for edge in (period.start, period.end))
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"


def _compared_with(context: PageContext) -> str:
    begins, compared = context.query.data_begins, context.query.comparison
    asked = context.comparison != NO_COMPARISON
    reason = f": the data begins on {begins}" if begins and asked else ""
    return _span(compared) if compared else f"nothing{reason}"


def _grouped_by(query: Query, tables: Mapping[str, pl.DataFrame]) -> list[Granularity]:
    """Return the lengths of the buckets of these tables, each once."""
    series = (name for name, frame in tables.items() if is_series(frame))
    return [*dict.fromkeys(buckets_of(name, query.granularity) for name in series)]


def _asked(context: PageContext, tables: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    """Return what was chosen: period, comparison, granularity, rows."""
    query = context.query
    return {
        "Period": f"{_span(query.period)} ({query.zone.key}), "
        f"{period_bar.count_days(query, context.now)}",
        "Compared with": _compared_with(context),
        "Grouped by": ", ".join(_grouped_by(query, tables)) or "nothing",
        "Weekends in daily series": "shown" if query.weekends else "hidden",
        "Bots": "included" if context.bots else "excluded",
        "Rooms": _rooms(context),
        "Filters": filters.combined(context.filters) or "none",
    }


def readme(context: PageContext, found: Results) -> str:
    """Return the query as a text for those who open the files later.

    With what has to be known of these tables: which other days they are about, which
    filters they ignore, and what the store lacks.
    """
    query, snapshot, tables = context.query, context.snapshot, found.now
    until = snapshot.data_until
    lines = (_asked(context, tables) if context.has_bar else {}) | {
        "Data until": (f"{until:%Y-%m-%d %H:%M:%S} UTC" if until else "no data yet")
        + (" (demo)" if snapshot.demo else ""),
        "Generation": str(snapshot.generation or "none: plain files"),
    }
    remarks = ((name, _remark(context, name, tables[name])) for name in tables)
    lines |= {name: text for name, text in remarks if text}
    if before := query.comparison_query:
        filed = _meaningful(context, found.earlier)
        covered = ((name, _covered(name, before)) for name in filed)
        lines |= {f"{name} before": text for name, text in covered if text}
    # A filter's value can have line breaks: of a link, or of a name in the database.
    return "".join(
        f"{name}: {' '.join(text.splitlines())}\n" for name, text in lines.items()
    )
