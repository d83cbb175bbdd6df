"""The period bar: one period, comparison and granularity for all pages."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from html import escape
from typing import NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import streamlit as st

from core.settings import DashboardSettings
from metrics import filters, growth, periods
from metrics.attention import LATE_AFTER
from metrics.constants import START_DATE
from metrics.filters import Filter
from metrics.frames import Frames
from metrics.periods import ALL_TIME, CUSTOM, DEFAULT_PERIOD, PERIODS, TODAY, Days
from metrics.query import Granularity, Query
from metrics.sentences import begins_note, counted
from metrics.time_zone import to_local, to_utc, zone_of
from store import engine, reader
from store.reader import Snapshot, without_bots
from ui import format as fmt
from ui import query_params
from ui.filters import filter_chips, views
from ui.format import shortened
from ui.page_context import PageContext

_NAMES = {key: (option.label, *option.aliases) for key, option in PERIODS.items()}
_NAMES[CUSTOM] = ("Custom dates", "Custom")
# Custom dates first: they are the ones that are looked for.
_LABELS = {CUSTOM: "Custom dates"} | {key: o.label for key, o in PERIODS.items()}
_OLD_COMPARISONS = {
    periods.PREVIOUS: ("Previous, same weekdays",),
    periods.YEAR: ("Year ago", "Year ago, same weekdays"),
}
# How older links ask for a comparison by weekday.
_WEEKDAYS_MATCHED = "same weekdays"
_SHOWN = "shown_period"
_DATES, _FIRST_CHOSEN = "dates", "first_date_chosen"


class Shown(NamedTuple):
    """What the bar shows: the period and what bounds a step from it."""

    key: str
    days: Days
    beginning: date
    today: date
    asked: Days | None = None
    """The dates of the address, where they begin before the data: steps start there."""

    @property
    def shows_all(self) -> bool:
        """Whether no longer period would show more."""
        begins_first = self.days.first <= self.beginning
        return begins_first and self.days.last >= self.today

    @property
    def to_date(self) -> int:
        """The months of the unit that a to-date period is a part of."""
        return PERIODS[self.key].to_date if self.key in PERIODS else 0

    @property
    def hours(self) -> int:
        """The length of a period that ends at the clock, 0 for whole days."""
        return PERIODS[self.key].hours if self.key in PERIODS else 0

    @property
    def by_days(self) -> bool:
        """Whether it steps by its days, also where they are a month."""
        return self.key in PERIODS and PERIODS[self.key].by_days

    def step(self, direction: int) -> "Shown | None":
        """Return the period before (-1) or after (1); None at the edge of history."""
        if self.hours:
            # From hours up to the clock back to whole days: to yesterday.
            yesterday = Days(self.days.first, self.days.first)
            back = direction < 0 and yesterday.last >= self.beginning
            return self.with_days(yesterday) if back else None
        own = self.asked or self.days
        days = (
            periods.step_back(own, self.beginning, self.to_date, by_days=self.by_days)
            if direction < 0
            else periods.step_forward(own, self.today, by_days=self.by_days)
        )
        if days is None:
            return None
        # Stepping forward may end at today: then it is "month to date" or so again.
        months = periods.whole_months(own)
        running = (
            key
            for key, option in PERIODS.items()
            if (option.to_date == months if months else key == TODAY)
            and option.days(self.today, self.beginning) == days
        )
        return self.with_days(days, next(running, CUSTOM))

    def with_days(self, days: Days, key: str = CUSTOM) -> "Shown":
        """Return what the bar shows once it shows these days."""
        return self._replace(key=key, days=days, asked=None)

    def address(self) -> dict[str, list[str] | None]:
        """Return the parameters that show this period again, also tomorrow."""
        if self.key != CUSTOM:
            # By name, so that a copied link to "last week" means next week's last week.
            return {"period": [self.key], "from": None, "to": None}
        first, last = self.days.first.isoformat(), self.days.last.isoformat()
        return {"period": [CUSTOM], "from": [first], "to": [last]}


class Controls(NamedTuple):
    """Which controls change anything on a page; all are read from its address."""

    compares: bool
    """Whether it shows anything of the comparison."""
    shortest: Granularity | None
    """The shortest granularity of what it shows over time, if anything."""
    filtered: bool
    """Whether filters change anything on it."""


class Choice(NamedTuple):
    """The values of the controls."""

    shown: Shown
    comparison: str
    match_weekdays: bool
    granularity: str
    hide_weekends: bool
    bots: bool
    filters: tuple[Filter, ...]
    left_out: int = 0
    """Rows before the beginning of all of history."""


def render(
    snapshot: Snapshot,
    now: datetime,
    settings: DashboardSettings,
    controls: Controls,
) -> PageContext:
    """Read the address, draw the bar, and return what was chosen."""
    zone = _zone(settings)
    # Nothing that is chosen changes who is a bot.
    found = engine.ahead(partial(without_bots, snapshot))
    chosen = _read(snapshot, now, zone, settings, controls)
    # At once: the browser would take controls that come later for new ones, and lose
    # the focus.
    with st.container(horizontal=True, vertical_alignment="center", key="period_bar"):
        _draw(snapshot, zone, settings, controls, chosen)
    filter_chips.render_chips(snapshot, chosen.filters)
    # Before the filters: bots match countries and sources too.
    user_rows = snapshot.frames if chosen.bots else found.result()
    filtered_by = partial(
        filters.apply, user_rows, excluded_rooms=settings.excluded_rooms
    )
    query = whole = _query(snapshot, filtered_by(()), chosen, now, zone, settings)
    if chosen.filters:
        query = replace(
            whole,
            frames=filtered_by(chosen.filters),
            later_begins=filters.later_begins(chosen.filters, whole.later_begins),
        )
    days = chosen.shown.days
    asked = chosen.granularity
    compares = chosen.comparison != periods.NO_COMPARISON
    said = partial(
        caption,
        query,
        now,
        asked,
        controls.shortest,
        bots=chosen.bots,
        compares=compares,
    )
    # Which tables are shown is known only to the page, which then draws it again.
    say = _sayer(st.empty().caption if query.later_begins else st.caption, said)
    say({})
    return PageContext(
        snapshot,
        query,
        days,
        chosen.comparison,
        now,
        bots=chosen.bots,
        filters=chosen.filters,
        unfiltered=whole if chosen.filters else None,
        user_rows=user_rows,
        shows_all=chosen.shown.shows_all,
        say_later=say if query.later_begins else None,
    )


def _sayer(
    draw: Callable[[str], object], caption: Callable[..., str]
) -> Callable[[Mapping[str, date]], None]:
    """Return what draws the caption of the head, with tables that begin later."""
    known: dict[str, date] = {}

    def say(later: Mapping[str, date]) -> None:
        # A page may compute its tables in several steps.
        known.update(later)
        draw(fmt.kept_together(caption(later=known)))

    return say


def without_bar(
    snapshot: Snapshot, now: datetime, settings: DashboardSettings
) -> PageContext:
    """Return the context of a page that always shows all of history."""
    zone = _zone(settings)
    today = to_local(now, zone).date()
    # Rows cannot be asked where files are damaged: the Data page names their tables.
    first = START_DATE if snapshot.incomplete else beginning(snapshot, zone)
    days = PERIODS[ALL_TIME].days(today, first)
    period = periods.period_of(days, now, zone)
    query = Query(snapshot.frames, period, None, "week", now, data_begins=days.first)
    nothing = periods.NO_COMPARISON
    return PageContext(snapshot, query, days, nothing, now, bots=True, has_bar=False)


def zone(settings: DashboardSettings) -> ZoneInfo:
    """Return the zone of the link, else that of the team."""
    return zone_of(query_params.get("tz") or "") or settings.time_zone


def _zone(settings: DashboardSettings) -> ZoneInfo:
    """Return the `zone`; warn of an unknown one in the link."""
    name = query_params.get("tz")
    if name is not None and zone_of(name) is None:
        query_params.warn(
            f"Unknown time zone “{shortened(name)}” for `tz` in the link; "
            f"showing {settings.time_zone.key}. Use a name such as Europe/Berlin."
        )
    return zone(settings)


def _query(
    snapshot: Snapshot,
    frames: Frames,
    chosen: Choice,
    now: datetime,
    zone: ZoneInfo,
    settings: DashboardSettings,
) -> Query:
    shown, until = chosen.shown, snapshot.ends(now)
    comparison = periods.compared_with(
        chosen.comparison,
        shown.days,
        until,
        to_date=shown.to_date,
        match_weekdays=chosen.match_weekdays,
        zone=zone,
        hours=shown.hours,
        by_days=shown.by_days,
    )
    begins = None
    # Known already where the comparison is after some day with data.
    if comparison is not None and comparison.first_day <= shown.beginning:
        begins = reader.begins_within(snapshot, comparison)
    period = periods.period_of(shown.days, until, zone, hours=shown.hours)
    # Otherwise the bar knows some day with data before the period.
    is_first = shown.days.first <= shown.beginning and snapshot.rows > 0
    new_users_begin, reach = None, periods.with_new_users(comparison or period)
    if not (begins or is_first) and reach.first_day <= shown.beginning:
        new_users_begin = reader.begins_within(snapshot, reach)
    whole = periods.period_of(shown.days, now, zone, hours=shown.hours)
    every = periods.granularity_of(chosen.granularity, shown.days)
    late = now - until > LATE_AFTER * timedelta(seconds=settings.sync_interval)
    return Query(
        frames=frames,
        period=period,
        comparison=None if begins else comparison,
        granularity=every,
        now=until,
        weekends=not chosen.hide_weekends,
        missing=snapshot.missing,
        data_begins=begins or (shown.beginning if is_first else None),
        new_users_begin=new_users_begin,
        later_begins=reader.later_begins(
            snapshot, periods.with_history(comparison or period, every)
        ),
        data_ends=until if late and until < whole.end else None,
    )


def _read(
    snapshot: Snapshot,
    now: datetime,
    zone: ZoneInfo,
    settings: DashboardSettings,
    controls: Controls,
) -> Choice:
    """Read the values of the controls from the address; warn of what they cannot be.

    Also of those that the page lacks: links carry them to the pages that have them.
    """
    shown, left_out = _read_period(snapshot, now, zone)
    names = {
        key: (label, *_OLD_COMPARISONS.get(key, ()))
        for key, label in periods.COMPARISONS.items()
    }
    comparison = query_params.choice("compare", names, periods.PREVIOUS)
    # Nothing precedes all of history.
    if not controls.compares or shown.key == ALL_TIME:
        comparison = periods.NO_COMPARISON
    lengths = {key: (label,) for key, label in periods.GRANULARITIES.items()}
    granularity = query_params.choice("every", lengths, periods.AUTO)
    old = (query_params.get("compare") or "").casefold()
    older = query_params.flag("no_weekends", default=False)
    return Choice(
        shown,
        comparison,
        match_weekdays=query_params.flag(
            "match", default=old.endswith(_WEEKDAYS_MATCHED)
        ),
        granularity=granularity if controls.shortest else periods.AUTO,
        hide_weekends=not query_params.flag("weekends", default=not older),
        bots=query_params.flag("bots", default=False),
        filters=filter_chips.read(snapshot, settings.excluded_rooms),
        left_out=left_out,
    )


def _draw(
    snapshot: Snapshot,
    zone: ZoneInfo,
    settings: DashboardSettings,
    controls: Controls,
    chosen: Choice,
) -> None:
    """Draw the controls with the values that were read."""
    _draw_period(chosen, partial(step_bound, snapshot, zone=zone))
    shown = chosen.shown
    if controls.compares and shown.key != ALL_TIME:
        query_params.draw_select(
            "Compare with",
            "compare",
            periods.COMPARISONS,
            chosen.comparison,
            icon=":material/compare_arrows:",
        )
    if controls.shortest:
        query_params.draw_select(
            "Group by",
            "every",
            periods.GRANULARITIES,
            chosen.granularity,
            offered=_granularities(shown, controls.shortest),
            icon=":material/bar_chart:",
        )
    with st.popover("Options", icon=":material/tune:"):
        if chosen.comparison != periods.NO_COMPARISON:
            query_params.draw_in_menu(
                "Match weekdays",
                "match",
                value=chosen.match_weekdays,
                hint="Compares Mondays with Mondays: the comparison moves to the "
                "nearest dates that start on the same weekday.",
            )
        _draw_hide_weekends(hides=chosen.hide_weekends)
        query_params.draw_in_menu(
            "Include bots",
            "bots",
            value=chosen.bots,
            hint="Bots are users whose device is “bot”. Votes are not linked to users, "
            "so this does not change them.",
        )
        _draw_zone(zone, settings)
        # Links of the browser: an element of Streamlit for each would slow every run.
        notes = escape(urlencode(query_params.carried(), doseq=True))
        st.html(
            '<button type="button" class="menu-item keys">Keyboard shortcuts</button>'
            f'<a class="menu-item" href="data?{notes}#notes-on-dates">'
            "Notes on dates, definitions</a>"
        )
    if controls.filtered:
        filter_chips.render_box(snapshot, settings.excluded_rooms)
    views.render_menu(settings.views_file)


def _granularities(shown: Shown, shortest: Granularity) -> list[str]:
    """Return the granularities to choose from: hours for a week at most."""
    hourly = periods.granularity_of("hour", shown.days) == "hour"
    # A link may ask for them all the same: the box shows what it asks for.
    auto, *lengths = periods.GRANULARITIES
    drawn = lengths[lengths.index(shortest) :]
    return [auto, *(g for g in drawn if g != "hour" or hourly)]


def _draw_hide_weekends(*, hides: bool) -> None:
    """Draw the switch that hides weekends; older links say `no_weekends`."""
    # On is the state that is not the default: a toggle in a menu that has not been
    # opened yet would else report its own default, and that as a change.
    default, binding = query_params.bound_in_menu(
        "hide_weekends",
        hides,
        lambda hides: {"weekends": query_params.flag_text(not hides)},
    )
    st.toggle(
        "Hide weekends",
        default,
        help="Hides Saturdays and Sundays in daily charts and tables and leaves a gap. "
        "Totals count every day.",
        **binding,
    )


def _draw_zone(zone: ZoneInfo, settings: DashboardSettings) -> None:
    browser = zone_of(st.context.timezone or "")
    offered = {zone.key: zone.key, settings.time_zone.key: settings.time_zone.key}
    offered["UTC"] = "UTC"
    if browser:
        offered[browser.key] = f"{browser.key} (this browser)"
    default, binding = query_params.bound_in_menu(
        "tz", zone.key, lambda name: {"tz": [name]}
    )
    st.selectbox(
        "Time zone",
        list(offered),
        list(offered).index(default) if default in offered else 0,
        format_func=offered.__getitem__,
        icon=":material/schedule:",
        filter_mode=None,
        **binding,
    )


def _read_period(
    snapshot: Snapshot, now: datetime, zone: ZoneInfo
) -> tuple[Shown, int]:
    """Return the period of the address, and the rows before all of history."""
    today = to_local(now, zone).date()
    # A link with dates alone means these dates.
    dated = any(query_params.get(name) is not None for name in ("from", "to"))
    key = query_params.choice("period", _NAMES, CUSTOM if dated else DEFAULT_PERIOD)
    asked, older = None, 0
    if key not in {ALL_TIME, CUSTOM}:
        days = PERIODS[key].days(today, START_DATE)
        first = step_bound(snapshot, days, zone)
    else:
        # Data of the future only begin today.
        first, older = reader.beginning(snapshot, zone)
        first = min(first, today)
        days = PERIODS[ALL_TIME].days(today, first)
    if key == CUSTOM:
        usual = PERIODS[DEFAULT_PERIOD].days(today, first)
        read = periods.read_days(
            query_params.get("from"), query_params.get("to"), usual, first, today
        )
        days, asked = read.days, read.asked
        if asked:
            # A step leads here as well as a link.
            query_params.warn(
                f"The data begins on {fmt.day_of(first)}: showing "
                f"{periods.describe(days)} of {periods.describe(asked)}."
            )
        elif read.problems:
            problems = "; ".join(shortened(text, 80) for text in read.problems)
            query_params.warn(
                f"Cannot show `from` and `to` of the link: {problems}. "
                f"Showing {periods.describe(days)}."
            )
    elif dated:
        query_params.warn(
            f"Ignoring `from` and `to` of the link: its `period` is {_LABELS[key]}."
            " Remove that to see the dates."
        )
    shown = Shown(key, days, first, today, asked)
    st.session_state[_SHOWN] = shown
    return shown, older if key == ALL_TIME else 0


def _draw_period(chosen: Choice, bound: Callable[[Days], date]) -> None:
    shown = chosen.shown
    if chosen.left_out:
        begins = fmt.day_of(shown.beginning)
        rows = counted(chosen.left_out, "older row")
        st.caption(f"All time begins on {begins}, without {rows}.")
    st.selectbox(
        "Period",
        list(_LABELS),
        format_func=_LABELS.__getitem__,
        icon=":material/calendar_today:",
        label_visibility="collapsed",
        filter_mode=None,
        **query_params.bound("period", shown.key, _write_period),
    )
    _draw_step("Previous period", "chevron_left", -1, shown, bound)
    _draw_step("Next period", "chevron_right", 1, shown, bound)
    if shown.key == CUSTOM:
        _draw_dates(shown)


def _write_period(key: str) -> dict[str, list[str] | None]:
    """Return the address of a named period; own dates begin with those shown."""
    shown: Shown = st.session_state[_SHOWN]
    return shown._replace(key=key).address()


def _draw_dates(shown: Shown) -> None:
    dates = (shown.days.first, shown.days.last)
    chosen_at, first = st.session_state.get(_FIRST_CHOSEN, (None, dates))
    # Of a span the first date comes alone: to put both back would undo the choice.
    still_there = chosen_at == (st.context.url, query_params.text())
    value = first if still_there else dates
    if not still_there:
        # Back to the same address is no way back to half a choice.
        st.session_state.pop(_FIRST_CHOSEN, None)
    st.date_input(
        "From – to",
        min_value=min(shown.beginning, dates[0]),
        max_value=shown.today,
        format="YYYY-MM-DD",
        label_visibility="collapsed",
        **query_params.bound(_DATES, value, _write_dates, typed=True),
    )


def _write_dates(dates: tuple[date, ...]) -> dict[str, list[str] | None]:
    """Return the address of own dates; nothing changes until both are chosen."""
    if len(dates) < 2:
        here = (st.context.url, query_params.text())
        st.session_state[_FIRST_CHOSEN] = (here, dates)
        return {}
    st.session_state.pop(_FIRST_CHOSEN, None)
    shown: Shown = st.session_state[_SHOWN]
    return shown.with_days(Days(dates[0], dates[1])).address()


def _draw_step(
    label: str, icon: str, direction: int, shown: Shown, bound: Callable[[Days], date]
) -> None:
    there = shown.step(direction)
    # Its name is for screen readers, which would read out that of the icon.
    st.button(
        label,
        icon=f":material/{icon}:",
        key=f"step_{icon}",
        help=f"{label}: {periods.describe(there.days)}" if there else "No data there",
        disabled=there is None,
        on_click=_step(direction, bound),
    )


def _step(direction: int, bound: Callable[[Days], date]) -> Callable[[], None]:
    def step() -> None:
        # From what is shown by now: a second quick click goes one step further.
        shown: Shown = st.session_state[_SHOWN]
        there = shown.step(direction)
        if there is not None:
            st.session_state[_SHOWN] = there._replace(beginning=bound(there.days))
            query_params.update(there.address())

    return step


def choose_days(first: date, last: date) -> None:
    """Show own dates, in one step of the history; for callbacks."""
    shown: Shown = st.session_state[_SHOWN]
    own = shown.with_days(Days(first, last))
    st.session_state[_SHOWN] = own
    query_params.update(own.address())


def step_bound(snapshot: Snapshot, days: Days, zone: ZoneInfo) -> date:
    """Return the day that a step back from some days must not pass.

    Where the data begin; where they begin earlier anyway, some earlier day with data.
    """
    # Reading all rows takes seconds; to find one row of the year before, hardly any.
    midnight = to_utc(datetime.combine(days.first, datetime.min.time()), zone)
    found = engine.collect(growth.year_before(snapshot.frames, midnight), snapshot.rows)
    if found.is_empty():
        return beginning(snapshot, zone)
    return to_local(found.item(), zone).date()


def beginning(snapshot: Snapshot, zone: ZoneInfo) -> date:
    """Return the day on which the data begins in earnest."""
    first, _ = reader.beginning(snapshot, zone)
    return first


def caption(
    query: Query,
    now: datetime,
    granularity: str,
    shortest: Granularity | None = "hour",
    *,
    bots: bool,
    compares: bool,
    later: Mapping[str, date],
) -> str:
    """Return the dates of both periods and whatever is not as usual.

    `compares` is whether a comparison was asked for; `later` are the tables that begin
    within the days of what is shown.
    """
    parts = [
        f"{fmt.period(query.period)} · {count_days(query, now)}",
        _compared_with(query) if compares else "",
        begins_note(later),
        _why_longer(granularity, query, shortest),
        "bots included" if bots else "",
        "weekends hidden" if _hides_weekends(query, shortest) else "",
        query.zone.key,
    ]
    return " · ".join(part for part in parts if part)


def _hides_weekends(query: Query, shortest: Granularity | None) -> bool:
    """Return whether what a page draws by the day lacks them: weeks have seven days."""
    lengths = [*periods.GRANULARITIES]
    drawn = max(query.granularity, shortest or "month", key=lengths.index)
    return not query.weekends and drawn == "day"


def count_days(query: Query, now: datetime) -> str:
    """Return the number of days of the period, and whether today is among them.

    Just after midnight it is not, while the data still ends on the day before; of late
    data it is said where this ends.
    """
    late = _data_until(query)
    if query.period.begins_within_a_day:
        hours = f"{query.period.length / timedelta(hours=1):.0f} hours"
        return f"{hours}, {late}" if late else hours
    days = Days(query.period.first_day, query.period.last_day)
    count = counted(len(days), "day")
    if late:
        return f"{count}, {late}"
    today = to_local(now, query.zone).date()
    if days.last >= today:
        return f"{count}, including today so far"
    yesterday = today - periods.DAY
    return f"{count}, excluding today" if days.last == yesterday else count


def _data_until(query: Query) -> str:
    if query.data_ends is None:
        return ""
    end = to_local(query.data_ends, query.zone)
    return f"data until {fmt.day_of(end)}, {end:%H:%M}"


def _compared_with(query: Query) -> str:
    if query.comparison is None:
        begins = query.data_begins
        return periods.not_compared(begins) if begins else ""
    before = Days(query.comparison.first_day, query.comparison.last_day)
    now = Days(query.period.first_day, query.period.last_day)
    differs = len(before) != len(now) and not query.period.begins_within_a_day
    count = f" ({counted(len(before), 'day')})" if differs else ""
    return f"compared with {fmt.period(query.comparison)}{count}"


# Why a page has no shorter buckets than these.
_SHORTEST = {"day": "by day", "week": "by week: rates need many votes"}


def _why_longer(asked: str, query: Query, shortest: Granularity | None) -> str:
    """Say so where a period or a page has no buckets as short as those asked for."""
    lengths = [*periods.GRANULARITIES]
    if shortest and lengths.index(query.granularity) < lengths.index(shortest):
        return _SHORTEST[shortest]
    # Charts say what they draw instead: some need longer buckets than others.
    is_longer = asked not in {periods.AUTO, query.granularity}
    return f"too long for {asked}s" if is_longer else ""
