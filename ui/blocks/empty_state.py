"""Whether a table is empty, and the message that replaces it."""

from collections.abc import Collection
from datetime import date

import polars as pl
import streamlit as st

from metrics import periods, room_health
from metrics.constants import MOVING_AVERAGE
from metrics.expressions import MINIMUM_SAMPLE
from metrics.filters import Filter, room_id
from metrics.periods import Days
from metrics.query import Granularity
from metrics.registry import (
    DEFINITIONS,
    METRIC_TABLES,
    begins_too_late,
    is_unknown,
    sample_size,
)
from metrics.retention import COHORTS, LAST_AGE
from metrics.sentences import begins_note, missing_note
from metrics.time_axis import SATURDAY
from metrics.time_zone import to_local
from ui import export
from ui import format as fmt
from ui.charts.axes import any_but_zero
from ui.filters import filter_chips
from ui.page_context import PageContext

_OF_HEALTH = frozenset(table.name for table in room_health.TABLES)
# Numbers that are there without anything having happened.
_NEVER_ZERO = frozenset({"days", "steps", "estimators"})
_MESSAGES = {
    # Of a young product none could be found.
    "unusual_days": "No unusual days in this period. Whole days are judged after "
    "twelve weeks of data.",
    "what_moved": "Nothing changed.",
    "rooms_gone_quiet": "No healthy room has gone quiet. Rooms are judged after four "
    "weeks of data.",
    # Neither the period nor filters choose its day.
    export.TODAY: "Nothing has happened yet, today or on this weekday before.",
}


def is_blank(frame: pl.DataFrame) -> bool:
    """Return whether a table has no row, or nothing but zeros and gaps for numbers."""
    numbers = [
        name
        for name, dtype in frame.schema.items()
        if name in DEFINITIONS and name not in _NEVER_ZERO and dtype.is_numeric()
    ]
    if frame.is_empty() or not numbers:
        return frame.is_empty()
    return not any_but_zero(frame[name] for name in numbers)


def render(
    context: PageContext, name: str, frame: pl.DataFrame, drawn: Collection[str] = ()
) -> None:
    """Say why the registry's table `name`, or what is `drawn` of it, shows nothing."""
    if name == "what_moved" and not context.compares:
        _say(_why_not_compared(context))
        return
    if name == "what_moved" and (late := _begin_in_comparison(context, name)):
        _say(f"No known change. {begins_note(late)}.")
        return
    own = None if context.snapshot.missing else _MESSAGES.get(name)
    # Of days before the data begins or after it ends there is nothing to judge.
    if own and context.snapshot.rows and not _is_unknown(context, name, frame):
        _say(own)
        return
    lacking = context.lacking_for(name)
    if lacking:
        render_missing(lacking)
    elif drawn and not is_blank(frame) and is_unknown(frame.select(drawn)):
        # Of what a chart draws by choice, only averages may be unknown.
        _render_no_average(context.query.granularity)
    else:
        render_no_rows(context, name, frame)


def _say(text: str) -> None:
    st.info(fmt.kept_together(text), icon=":material/inbox:")


def _why_not_compared(context: PageContext) -> str:
    begins = context.query.data_begins
    if begins and context.comparison != periods.NO_COMPARISON:
        text = periods.not_compared(begins)
        return f"{text[0].upper()}{text[1:]}."
    # Late data ends before it, so that nothing can be compared.
    if not context.query.knows(context.query.period):
        empty = pl.DataFrame()
        return _outside_data(context, "what_moved", empty) or _nothing_in(context)
    return "Choose a comparison to see changes. All time has none."


def _begin_in_comparison(context: PageContext, name: str) -> dict[str, date]:
    """Return which live tables of a table the comparison has in part at most."""
    unknown = context.query.not_compared.intersection(METRIC_TABLES[name].reads)
    later = context.query.later_begins.items()
    return {live: day for live, day in later if live in unknown}


def render_no_rows(context: PageContext, name: str, frame: pl.DataFrame) -> None:
    """Say that no row of the period is left in a table, by its filters or at all."""
    query = context.query
    # Neither a longer period nor other filters would help.
    if text := _outside_data(context, name, frame):
        _say(text)
        return
    is_daily = export.buckets_of(name, query.granularity) == "day"
    first, last = query.period.first_day, query.period.last_day
    has_weekend = first.weekday() + (last - first).days >= SATURDAY
    # All that happened may have been on a Sunday.
    if not query.weekends and "bucket" in frame.columns and is_daily and has_weekend:
        st.info(
            "No data on the working days of this period. Weekends are hidden: see "
            "Options.",
            icon=":material/inbox:",
        )
        return
    rooms = [one for one in context.filters if one.kind == "room" and not one.excludes]
    ids = {room_id(one.value or "") for one in rooms}
    if ids and ids <= context.excluded_rooms:
        st.info(
            "Nothing to show of a room in `EXCLUDED_ROOMS`: no page counts it. Its own "
            "page opens it.",
            icon=":material/filter_alt:",
        )
    elif context.filters:
        longer = not context.shows_all and not _of_other_days(name)
        st.info(
            "No data matches the filters. Remove one"
            f"{' or choose a longer period' if longer else ''}.",
            icon=":material/filter_alt:",
        )
    elif context.snapshot.rows and (own := _of_other_days(name)):
        _say(own)
    else:
        _say(_nothing_in(context))


def _outside_data(context: PageContext, name: str, frame: pl.DataFrame) -> str | None:
    """Say that the data begins after, or ends before, the days of a table, if so."""
    query = context.query
    known = METRIC_TABLES.get(name)
    about = known.covers(query) if known else query.period
    if not context.snapshot.rows:
        return None
    if query.knows(about):
        late = begins_too_late(name, frame.schema, query) if known else {}
        return f"No data. {begins_note(late)}." if late else None
    where = "of these days" if query.knows(query.period) else "in this period"
    begins = query.begins
    if begins and about.last_day < begins:
        text = f"No data {where}. The data begins on {fmt.day_of(begins)}."
        # Most periods end yesterday: a new product would show nothing on its first day.
        is_new = begins == query.today and query.period.last_day < begins
        return f"{text} Choose Today." if is_new else text
    # At midnight a day without data has just begun.
    if query.data_ends is None:
        return None
    ends = fmt.day_of(to_local(query.data_ends, query.zone))
    return f"No data {where}. The data ends on {ends}."


def _nothing_in(context: PageContext) -> str:
    """Say of the whole period that nothing is in it, and what to do."""
    # The tables of a new product are empty: no longer period would show more.
    if context.shows_all or not context.snapshot.rows:
        # Perhaps there is data, of empty votes only.
        return "Nothing to show yet."
    begins = context.query.data_begins
    if begins and begins >= context.query.period.first_day:
        # A longer one would end on the same day, with nothing before. What others show
        # is data: a vote of one user says nothing of agreement.
        day = periods.describe(Days(begins, begins))
        return f"Nothing to show yet: the data begins on {day}."
    return "No data in this period. Choose a longer one."


def _is_unknown(context: PageContext, name: str, frame: pl.DataFrame) -> bool:
    """Return whether the data begins after the days of a table, or ends before them."""
    return name in METRIC_TABLES and _outside_data(context, name, frame) is not None


def _of_other_days(name: str) -> str | None:
    """Return why a table is blank for which no longer period is of use.

    It is about all that was before, or about days that the note below it names.
    """
    if name.startswith("retention_"):
        _, who, _, unit, *average = name.split("_")
        # Those of a small product may all be older, or all younger than an average is.
        when = (
            f"{LAST_AGE + 1} to {COHORTS - 1} {unit} before"
            if average
            else (f"in the {COHORTS} {unit} up to")
        )
        return f"No known {who} started {when} the end of this period."
    if name == "reoccurring":
        return "No returning users or rooms in this period."
    if name in _OF_HEALTH:
        return "No room had a non-empty vote in the 56 days before."
    if name.startswith("funnel"):
        return "No new users in these days."
    if name.startswith("invites"):
        return "No new room of these days brought new users."
    return None


def render_too_few(
    context: PageContext,
    name: str,
    key: str,
    frame: pl.DataFrame,
    granularity: Granularity,
) -> None:
    """Say in place of a chart that no row of a table has enough cases for `key`."""
    columns = pl.Schema({c: frame.schema[c] for c in ("bucket", key) if c in frame})
    if late := begins_too_late(name, columns, context.query):
        _say(f"No data. {begins_note(late)}.")
        return
    if "bucket" not in frame:
        _say(
            f"Too little data for a chart: shares of fewer than {MINIMUM_SAMPLE} are "
            "hidden. The table has what there is."
        )
        return
    # Nothing is longer than a month, and none has more than all buckets together.
    size = sample_size(key, name)
    enough = size is not None and frame[size].sum() >= MINIMUM_SAMPLE
    longer = enough and granularity != "month"
    st.info(
        f"{DEFINITIONS[key].title}: too little data in each {granularity}."
        f"{' Choose months under Group by.' if longer else ''}",
        icon=":material/inbox:",
    )


def _render_no_average(granularity: Granularity) -> None:
    """Say in place of a chart that the data is too young for its averages."""
    # Hours are offered for a week at most.
    is_long = granularity in {"week", "month"}
    shorter = " Choose shorter ones under Group by." if is_long else ""
    st.info(
        f"An average of {MOVING_AVERAGE} {granularity}s needs as many {granularity}s "
        f"of data.{shorter}",
        icon=":material/inbox:",
    )


def render_missing(tables: Collection[str]) -> None:
    """Say in place of what needs some live tables that the store lacks them."""
    st.info(missing_note(tables), icon=":material/database_off:")


def render_unfilterable(chosen: Collection[Filter], reads: Collection[str]) -> None:
    """Say why what reads these live tables has no meaning under filters."""
    note = filter_chips.unavailable_note(chosen, reads)
    st.info(note, icon=":material/filter_alt_off:")
