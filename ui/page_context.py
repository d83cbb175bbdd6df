"""What a page shows: the snapshot, the chosen period, and how to compute tables."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import cast

import polars as pl
import streamlit as st

from core.settings import Secret
from metrics.expressions import NO_NAME
from metrics.filters import Filter
from metrics.frames import Frames
from metrics.periods import Days
from metrics.query import Plan, Query, SharedPlans
from metrics.registry import METRIC_TABLES, begins_later, plan, plan_of_usual
from metrics.time_zone import to_local
from store import engine
from store.notes import Notes
from store.reader import Snapshot

USUAL = "usual_changes"
"""The table of how much key figures usually change."""
MARKS = "unusual_days"
"""The table of days that charts of other tables mark."""
_EARLIER = "earlier "
_KEY = "page_context"


@dataclass(frozen=True, slots=True)
class Results:
    """Tables by name, of the period and of the one before it."""

    now: Mapping[str, pl.DataFrame]
    earlier: Mapping[str, pl.DataFrame]
    """Empty where nothing is compared."""

    def __getitem__(self, name: str) -> pl.DataFrame:
        return self.now[name]


@dataclass(frozen=True, slots=True)
class PageContext:
    """One look at one snapshot; every page gets it from the period bar."""

    snapshot: Snapshot
    query: Query
    days: Days
    comparison: str
    """The chosen comparison, as the bar names it."""
    now: datetime
    bots: bool = False
    """Whether bots are included."""
    filters: tuple[Filter, ...] = ()
    """What was clicked or typed; already applied to the frames."""
    unfiltered: Query | None = None
    """The same query of all users and rooms; None where nothing is filtered."""
    user_rows: Frames = field(default_factory=Frames.empty)
    """The rows of all rooms, without filters; bots only where they are included."""
    notes: Notes = field(default_factory=Notes)
    """What the team noted about dates."""
    server_url: Secret | None = None
    """The product's server, where there are live figures."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Pages elsewhere, by their labels."""
    rooms: tuple[int, ...] = ()
    """The rooms that the page is about, by ID; none where it is about all."""
    excluded_rooms: frozenset[int] = frozenset()
    """Rooms that no figure counts; already left out of the frames."""
    sync_interval: int = 600
    """Seconds between two runs of the sync job."""
    shows_all: bool = False
    """Whether the period is all of history: no longer one would show more."""
    say_later: Callable[[Mapping[str, date]], None] | None = None
    """Says in the head which tables begin within the days of what is shown; None where
    none begins later than the others."""
    has_bar: bool = True
    """Whether the page has the period bar: without it nothing depends on a period."""

    @property
    def frames(self) -> Frames:
        """All rows of the snapshot that the switches let through."""
        return self.query.frames

    @property
    def today(self) -> date:
        """The running day, which is not over."""
        return to_local(self.now, self.query.zone).date()

    @property
    def compares(self) -> bool:
        """Whether there is a period to compare with."""
        return self.query.comparison is not None

    def lacking(self, reads: Collection[str]) -> list[str]:
        """Return those of some live tables that the store lacks."""
        return [name for name in self.snapshot.missing if name in reads]

    def lacking_for(self, name: str) -> list[str]:
        """Return the live tables that a table of the registry lacks."""
        known = METRIC_TABLES.get(name)
        return self.lacking(known.reads) if known else []

    def compute(
        self,
        *names: str,
        earlier: Collection[str] = (),
        usual: Collection[str] = (),
        apart: Collection[str] = (),
        further: Callable[[SharedPlans], Mapping[str, Plan]] | None = None,
        reads: Collection[str] = (),
    ) -> Results:
        """Compute tables of the registry and further plans, all in one go.

        `earlier` names those that are wanted of the period before as well, `usual` the
        key figures whose usual change is wanted, as the table `usual_changes`. `reads`
        are live tables that the further plans need in any case.

        `apart` names those that have no part in common with the others: of a small
        store they and the further plans are built while the others are computed.
        """
        # Several tables, or their comparisons, read the same rows up to eight times.
        needed = {live for name in names for live in METRIC_TABLES[name].reads}
        query, rows = self.query, self.snapshot.rows
        if self.say_later:
            # Marks are those of figures whose own tables are among the others.
            self.say_later(begins_later(query, {*names} - {MARKS}))
        if earlier or further or len(names) > 1:
            frames = engine.at_hand(query.frames, rows, needed.union(reads))
            query = replace(query, frames=frames)
        shared = SharedPlans.of(query)
        # First: figures of the two periods are among those of many.
        first: dict[str, Plan] = {}
        if usual:
            first[USUAL] = plan_of_usual(query, shared, usual)
        first |= _plans([n for n in names if n not in apart], earlier, query, shared)
        # Plans that read the store stay together: they share scans of the same blocks.
        at_once = apart and query.frames.in_memory
        begun = engine.begin(first, rows, shared) if at_once else None
        others = _plans([n for n in names if n in apart], earlier, query, shared)
        if further:
            others |= further(shared)
        if begun:
            found = engine.collect_all(others, rows, shared) | begun.result()
        else:
            found = engine.collect_all(first | others, rows, shared)
        if not query.knows_rooms:
            found = {name: _with_unknown_names(frame) for name, frame in found.items()}
        now = {n: frame for n, frame in found.items() if not n.startswith(_EARLIER)}
        then = {
            n.removeprefix(_EARLIER): frame
            for n, frame in found.items()
            if n.startswith(_EARLIER)
        }
        return Results(now, then)


def _plans(
    names: Collection[str], earlier: Collection[str], query: Query, shared: SharedPlans
) -> dict[str, Plan]:
    """Return the plans of tables by name, and of the period before for some of them."""
    before = query.comparison_query
    now = {name: plan(name, query, shared) for name in names}
    then = {
        _EARLIER + name: plan(name, before, shared)
        for name in names
        if before and name in earlier
    }
    return now | then


def _with_unknown_names(frame: pl.DataFrame) -> pl.DataFrame:
    """Name rooms of which no table says whether they are deleted."""
    unknown = pl.lit(NO_NAME)
    if "room_name" in frame.columns:
        return frame.with_columns(pl.col("room_name").fill_null(unknown))
    if {"dimension", "label"} <= set(frame.columns):
        is_room = (pl.col("dimension") == "room") & pl.col("label").is_null()
        label = pl.when(is_room).then(unknown).otherwise("label")
        return frame.with_columns(label=label)
    return frame


def share(context: PageContext) -> None:
    """Keep the context of this run for the page that runs next."""
    st.session_state[_KEY] = context


def current() -> PageContext:
    """Return the context of this run, for a page."""
    return cast("PageContext", st.session_state[_KEY])
