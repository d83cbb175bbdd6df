"""What needs attention, and the running day beside the usual one."""

from collections.abc import Mapping

import streamlit as st

from metrics import attention, filters
from metrics.query import Plan, SharedPlans
from metrics.time_zone import to_local
from store.reader import without_bots
from ui import export, query_params
from ui import format as fmt
from ui.blocks.block import render_block
from ui.charts.labelled_bars import usual_range
from ui.page_context import PageContext, Results

_ICONS: Mapping[attention.Kind, str] = {
    "table_missing": "database_off",
    "data_late": "schedule",
    "today": "today",
    "unusual_day": "diamond",
    "rooms_quiet": "bedtime",
}
_PREFIX = "attention_"
# Findings on the line; the first ones are the most urgent.
_MOST = 4


def plans(context: PageContext, shared: SharedPlans) -> Mapping[str, Plan]:
    """Return the plans that this block needs the answers of.

    The same as in `GET /api/alerts`: of all users but bots, whatever the filters.
    `shared` is the page's.
    """
    if context.filters or context.bots:
        users = without_bots(context.snapshot)
        shared = SharedPlans(filters.apply(users, (), context.excluded_rooms))
    until = context.snapshot.ends(context.now)
    query = context.unfiltered or context.query
    asked = attention.plans(
        shared, until, query.zone, context.snapshot.missing, query.later_begins
    )
    return {f"{_PREFIX}{name}": plan for name, plan in asked.items()}


def files(found: Results) -> Results:
    """Return what of the page's tables its files have: today, not what alerts read."""
    now = {name: t for name, t in found.now.items() if not name.startswith(_PREFIX)}
    return Results({**now, export.TODAY: found[f"{_PREFIX}today"]}, found.earlier)


def render_attention(context: PageContext, found: Results) -> None:
    """Draw one line of links to whatever needs attention."""
    answers = {
        name.removeprefix(_PREFIX): frame
        for name, frame in found.now.items()
        if name.startswith(_PREFIX)
    }
    findings = attention.findings(
        answers,
        context.now,
        context.snapshot.ends(context.now),
        context.sync_interval,
        context.query.zone,
        due=not context.snapshot.demo,
    )
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="attention"
    ):
        # Without one of the tables it is not known whether all is well.
        is_clear = not findings and not context.snapshot.missing
        if context.filters and (findings or is_clear):
            st.caption("Without filters:", width="content")
        if is_clear:
            st.caption(f":material/check: {attention.all_clear(answers)}")
        for finding in findings[:_MOST]:
            # Findings are of all users: filtered, the page would show other figures.
            others = query_params.OF_FIGURES if finding.query else ()
            st.page_link(
                f"{finding.page}.py",
                label=fmt.kept_together(fmt.escaped(finding.text)),
                icon=f":material/{_ICONS[finding.kind]}:",
                query_params=query_params.carried(without=others, **finding.query),
            )
        if len(findings) > _MOST:
            more = "  \n".join(fmt.escaped(f.text) for f in findings[_MOST:])
            with st.popover(f"{len(findings) - _MOST} more", type="tertiary"):
                st.markdown(more)


def render_today(context: PageContext, found: Results) -> None:
    """Draw today's counts beside those of the same weekday at the same time."""
    zone = context.query.zone
    until = context.snapshot.ends(context.now)
    last = to_local(until, zone)
    # Late data ends on an earlier day, which is the one that is counted.
    day = "Today" if last.date() == context.today else fmt.day_of(last)
    counts = found[f"{_PREFIX}today"]
    usual = attention.usual_days(counts, f"{last:%A}")
    render_block(
        context,
        export.TODAY,
        counts,
        usual_range,
        title=f"{day} until {fmt.instant(until, until, zone)}",
        note=f"{usual} Without bots and filters.",
    )
