"""Meetings of a room: the list, and the timeline of the one that is open."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

import polars as pl
import streamlit as st

from metrics import meetings
from metrics.frames import Frames, Period
from metrics.periods import Days
from metrics.tables import VOTES
from metrics.time_zone import as_clocks_show, in_zone, to_local
from store import engine
from ui import export, period_bar, query_params
from ui import format as fmt
from ui.blocks import tables
from ui.blocks.block import render_block
from ui.blocks.room import MEETING
from ui.charts import meeting as chart
from ui.page_context import PageContext

_OPENED = "meetings_opened"
_EARLIEST = datetime(1970, 1, 1)
_SHOWN = (
    "started_at",
    "votes",
    "rounds_without_estimate",
    "wide_votes",
    "estimators",
    "spectators",
    "duration_median_seconds",
    "talk_median_seconds",
)


class Meeting(NamedTuple):
    """A row of `meetings.meetings`, as far as a page prints it."""

    meeting: int
    started_at: datetime
    ended_at: datetime
    votes: int
    rounds_without_estimate: int
    wide_votes: int
    estimators: int | None
    """None where estimations are not known."""
    spectators: int | None

    def when(self, zone: ZoneInfo) -> str:
        """Return its date and times as clocks of the zone show them."""
        start, end = to_local(self.started_at, zone), to_local(self.ended_at, zone)
        ends = f"–{end:%H:%M}"
        if start.date() != end.date():
            ends = f" – {fmt.day_of(end)}, {end:%H:%M}"
        # 02:19–02:59 of 100 minutes would read as 40.
        turned = (end - start) - (self.ended_at - self.started_at)
        which = "forward" if turned > timedelta() else "back"
        clocks = f" (clocks went {which})" if turned else ""
        return f"{fmt.day_of(start)}, {start:%H:%M}{ends} {zone.key}{clocks}"

    @property
    def summary(self) -> str:
        """What happened in it, in one sentence."""
        counts = {
            "vote": self.votes,
            "estimator": self.estimators,
            "spectator": self.spectators,
            "empty vote": self.rounds_without_estimate,
        }
        parts = [
            f"{count:,} {word}{'' if count == 1 else 's'}"
            for word, count in counts.items()
            if count or (count == 0 and word in {"vote", "estimator"})
        ]
        if self.wide_votes:
            parts.insert(1, f"{self.wide_votes:,} wide (re-votes included)")
        return f"{', '.join(parts)}."


def render_meetings(
    context: PageContext, held: pl.DataFrame, opened: pl.DataFrame | None = None
) -> pl.DataFrame:
    """List the meetings of the period, newest first; a click on a row opens one.

    That of the `opened` votes is marked; a click on it closes it. Returns the meetings
    of the period.
    """
    period, zone = context.query.period, context.query.zone
    listed = held.filter(period.contains("started_at"))
    with st.container(border=True, gap="small", key="meetings"):
        tables.render_head(
            "Meetings, newest first",
            in_zone(listed, zone),
            "meetings",
            export.csv_name(context, "meetings", listed),
        )
        if listed.is_empty():
            # No period can show one of the future, or one before all dates.
            shown = pl.col("started_at").is_between(_EARLIEST, context.now)
            past = held.filter(shown)["started_at"]
            last = to_local(past[0], zone) if past.len() else None
            when = f" The last one was on {fmt.day_of(last)}." if last else ""
            longer = "" if context.shows_all else " Choose a longer period."
            query = context.query
            known = query.knows(period) and VOTES.name not in query.lacks(period)
            none = "No meeting in" if known else "Nothing is known of meetings in"
            st.caption(fmt.kept_together(f"{none} this period.{when}{longer}"))
            if last:
                first = last.date().replace(day=1)
                end = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
                st.button(
                    f"Show {last:%B %Y}",
                    icon=":material/calendar_today:",
                    on_click=period_bar.choose_days,
                    args=(first, min(end, context.today)),
                )
            return listed
        tables.render_caption(
            "A meeting: votes that end less than 60 minutes apart.",
            "Click one to see what happened.",
            "meetings",
        )
        marked = None
        if opened is not None:
            rows = listed["meeting"].is_in(opened["id"].implode()).arg_true()
            marked = rows[0] if rows.len() else None
        # The browser keeps a table's selection: a new key forgets it, so that a closed
        # meeting stays closed, and no other one of a list that has changed opens.
        which = f"{query_params.get(MEETING) or 'none'}_{marked}"
        chosen = tables.render_selectable(
            in_zone(listed.select(_SHOWN), zone),
            "Meetings",
            key=f"{tables.CLICKABLE}{which}_{st.session_state.get(_OPENED, 0)}",
            table="meetings",
            marked=marked,
        )
    if chosen != marked:
        st.session_state[_OPENED] = st.session_state.get(_OPENED, 0) + 1
        meeting = None if chosen is None else [str(listed["meeting"][chosen])]
        query_params.update({MEETING: meeting})
        st.rerun()
    return listed


def render_meeting(
    context: PageContext, room_id: int, held: pl.DataFrame, vote_id: int
) -> tuple[PageContext, Mapping[str, pl.DataFrame]]:
    """Draw the meeting of a vote: its timeline, and its votes one by one.

    Returns the tables that were drawn, and their context: the days of the meeting,
    which need not be in the period.
    """
    own, zone = context.frames, context.query.zone
    opened = _meeting_of(own, held, vote_id, context.snapshot.rows)
    if opened is None:
        st.info(
            f"This room has no vote with ID {vote_id}.", icon=":material/search_off:"
        )
        _render_close()
        return context, {}
    context = _on_its_days(context, opened)
    window = meetings.span(opened.started_at, opened.ended_at)
    found = engine.collect_all(
        {
            "votes": meetings.timeline(own, window, opened.meeting),
            "cards": meetings.cards(own, window, opened.meeting),
            "activity": meetings.activity(
                context.user_rows, room_id, window, opened.meeting
            ),
        },
        context.snapshot.rows,
    )
    votes = found["votes"]
    shown, cards, activity = (
        in_zone(found[name], zone) for name in ("votes", "cards", "activity")
    )
    with st.container(key="meeting", gap="small"):
        _render_close()
        render_block(
            context,
            # Its columns mean what they do there: a row is a vote.
            "rounds",
            votes,
            partial(chart.timeline, cards=cards, activity=activity, zone=zone),
            title=f"Meeting of {opened.when(zone)}",
            note=f"{opened.summary} {chart.LEGEND}. Seats are numbered in order of "
            "appearance, from 1 in each meeting. Events are not linked to rooms: these "
            "are of users who took part or viewed the room."
            f"{_left_out(*(found[name] for name in ('votes', 'cards', 'activity')))}",
            key="meeting",
            file=f"meeting_{vote_id}",
        )
        file = export.csv_name(context, f"votes_{vote_id}", shown)
        _render_votes(as_clocks_show(shown), zone, file)
    return context, found


def _on_its_days(context: PageContext, opened: Meeting) -> PageContext:
    """Return the context of a meeting, after which its files are named."""
    zone = context.query.zone
    first, last = (
        to_local(at, zone).date() for at in (opened.started_at, opened.ended_at)
    )
    period = Period.of_days(first, last, zone)
    query = replace(context.query, period=period, comparison=None, data_begins=None)
    return replace(context, query=query, days=Days(first, last))


def _left_out(votes: pl.DataFrame, cards: pl.DataFrame, activity: pl.DataFrame) -> str:
    """Say which part of a long or large meeting is drawn; "" for all of it."""
    drawn, drawn_cards = chart.first_part(votes, cards)
    counts = {
        "votes": (drawn.height, votes.height),
        "seats": (drawn_cards["seat"].n_unique(), cards["seat"].n_unique()),
    }
    parts = [
        f"the first {some:,} of {every:,} {name}"
        for name, (some, every) in counts.items()
        if some < every
    ]
    said = [f"Only {' and '.join(parts)} are drawn"] if parts else []
    least = chart.room_for_cards(drawn, activity)["room"].min()
    # On a phone the axis is about 250 pixels long. No width is known here: the
    # sentence is to hold at all of them.
    if (
        isinstance(least, float)
        and least * 250 < chart.CARD_WIDTH * chart.SMALLEST_FONT
    ):
        said.append("Where cards would overlap, only some of them are drawn")
    return f" {'. '.join(said)}; the table below has all." if said else ""


def _render_votes(votes: pl.DataFrame, zone: ZoneInfo, file: str) -> None:
    """Show each vote with its cards, and what is special; `file` names its CSV."""
    shown = votes.select(
        pl.col("vote").alias("Vote"),
        pl.col("voted_at")
        .dt.strftime(chart.time_format_of(votes))
        .alias(f"Ended ({zone.key})"),
        chart.kind_of_vote().alias("Kind"),
        pl.col("talk").alias("Talk before (s)"),
        pl.col("duration").alias("Length (s)"),
        pl.col("avg_estimation").round(2).alias("Average"),
        pl.col("steps").alias("Spread"),
        pl.col("joined").alias("Joined (seats)"),
        pl.col("left").alias("Left (seats)"),
        # Last: it is the widest, and the chart above has the cards as well.
        pl.col("cards").alias("Cards by seat"),
    )
    with st.container(border=True, gap="small"):
        tables.render_head("Votes of this meeting", shown, "meeting_votes", file)
        tables.render_plain(shown, "Votes of this meeting")


def _render_close() -> None:
    st.button(
        "Close the meeting",
        icon=":material/close:",
        type="tertiary",
        on_click=_close,
    )


def _close() -> None:
    query_params.update({MEETING: None})


def _meeting_of(
    own: Frames, held: pl.DataFrame, vote_id: int, rows: int
) -> Meeting | None:
    """Return the row of the meeting that a vote belongs to; any vote of it will do."""
    vote = engine.collect(
        own.votes.filter(pl.col("id") == vote_id).select("voted_at"), rows
    )
    if vote.is_empty():
        return None
    ended = vote["voted_at"][0]
    inside = held.filter(pl.col("started_at") <= ended, pl.col("ended_at") >= ended)
    found = inside.select(Meeting._fields).tail(1).iter_rows()
    return next((Meeting(*row) for row in found), None)
