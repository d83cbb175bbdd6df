"""The report as HTML for mail, as Markdown for chat, and as JSON for programs."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from html import escape
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Literal, NamedTuple, get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from metrics.expressions import DELETED, NO_NAME, NOT_SET, named
from metrics.formats import (
    change,
    in_one_line,
    isolated,
    link_target,
    number,
    usual_span,
)
from metrics.frames import Period
from metrics.periods import (
    NO_COMPARISON,
    Days,
    describe,
    describe_period,
    not_compared,
    previous,
)
from metrics.report import (
    Change,
    ChartBucket,
    Figure,
    GrownRoom,
    Note,
    QuietRoom,
    Report,
    UnusualDay,
)
from metrics.sentences import ONE_OF, begins_note, counted, day_of, missing_note
from metrics.tables import ROOMS
from metrics.time_axis import place_of_first
from metrics.time_zone import to_local
from metrics.usual_change import MEANING

Format = Literal["html", "md", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)
MIME: dict[Format, str] = {
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json",
}
NOTHING_HERE = "No data in this period."
_BARS = "▁▂▃▄▅▆▇█"
_INVISIBLE = "\u200b"
_IN_CHAT = {c: f"\\{c}" for c in "\\`*_[]#~|!$^"} | {
    "<": "&lt;",
    ">": "&gt;",
    "&": "&amp;",
}
# Marks of direction.
_TURNS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def write(report: Report, form: Format) -> str:
    """Return the report in one of `FORMATS`."""
    return {"html": to_html, "md": to_markdown, "json": to_json}[form](report)


def to_json(report: Report) -> str:
    """Return all values: ISO dates, raw numbers, null for what is not known.

    Times are of the report's zone, with its offset.
    """
    zone = report.period.zone
    content = {
        **_span(report.period),
        "comparison": report.comparison and _span(report.comparison),
        "data_begins": report.data_begins and f"{report.data_begins}",
        "data_until": report.until and _instant(report.until, zone),
        "missing": report.missing,
        "later_begins": {live: f"{day}" for live, day in report.later_begins.items()},
        "bots": report.bots,
        "figures": [
            {
                "key": figure.definition.key,
                "title": figure.definition.title,
                "unit": figure.definition.unit,
                "value": figure.value,
                "before": figure.before,
                "change": figure.change,
                "usual": figure.usual,
                "unusual": figure.is_unusual,
            }
            for figure in report.figures
        ],
        "chart": {
            "title": chart_title(report),
            "granularity": report.granularity,
            "values": [
                {"date": _iso(at, zone), "votes": votes, "cut": cut}
                for at, votes, cut in report.series
            ],
            "before": [bucket.votes for bucket in report.series_before],
            "dates_before": [_iso(bucket.at, zone) for bucket in report.series_before],
            "cut_before": [bucket.cut for bucket in report.series_before],
        },
        "what_changed": {
            "answer": report.what_changed,
            "rows": [
                {name: getattr(row, name) for name in row.__slots__}
                for row in report.changes
            ],
        },
        "unusual_days": [_json_of_day(row) for row in report.unusual_days],
        "unusual_days_before": [_json_of_day(row) for row in report.unusual_before],
        "notes": [
            {
                "from": f"{note.first}",
                "to": f"{note.last}",
                "title": note.title,
                "link": note.link,
            }
            for note in report.notes
        ],
        "rooms_grown": [
            {name: getattr(room, name) for name in room.__slots__}
            | {"link": _link(room, report)}
            for room in report.grown
        ],
        "rooms_grown_count": report.grown_count,
        "rooms_quiet": [
            {
                "name": room.name,
                "number": room.number,
                "room_id": room.room_id,
                "last_vote_at": _instant(room.last_vote_at, zone),
                "link": _link(room, report),
            }
            for room in report.quiet
        ],
        "rooms_quiet_count": report.quiet_count,
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=2)


def _json_of_day(row: UnusualDay) -> dict[str, str | int]:
    names = ("measure", "value", "low", "high")
    return {"date": f"{row.day}"} | {name: getattr(row, name) for name in names}


def _iso(at: date, zone: ZoneInfo) -> str:
    """Return a bucket: the date of a day, the instant of an hour."""
    return _instant(at, zone) if isinstance(at, datetime) else at.isoformat()


def _instant(at: datetime, zone: ZoneInfo) -> str:
    """Return a UTC instant in the zone, with its offset."""
    return at.replace(tzinfo=UTC).astimezone(zone).isoformat()


def _span(period: Period) -> dict[str, str]:
    return {"from": f"{period.first_day}", "to": f"{period.last_day}"}


# Makes harmless what strangers typed; our own words need none.
type _Escape = Callable[[str], str]


class _Line(NamedTuple):
    """A line of a list, ready to be written, and where it leads."""

    text: str
    link: str | None = None


def _sections(report: Report, safe: _Escape) -> Iterator[tuple[str, list[_Line]]]:
    """Yield the lists of the report that have anything in them, with their titles."""
    changes = [_Line(_line_of_change(row, report, safe)) for row in report.changes]
    if report.what_changed:
        changes.insert(0, _Line(safe(report.what_changed)))
    lists = {
        "What changed most?": changes,
        "Unusual days": _lines_of_days(report.unusual_days),
        "Unusual days in the comparison": _lines_of_days(report.unusual_before),
        "Notes": [_line_of_note(note, safe) for note in report.notes],
        _part("Rooms that grew", report.grown, report.grown_count): [
            _Line(_line_of_room(room, report, safe), _link(room, report))
            for room in report.grown
        ],
        _part("Rooms that went quiet", report.quiet, report.quiet_count): [
            _Line(_line_of_quiet(room, report, safe), _link(room, report))
            for room in report.quiet
        ],
    }
    return ((title, lines) for title, lines in lists.items() if lines)


def _part(title: str, listed: Sequence[object], count: int) -> str:
    """Return the title of a list, with how many of all it has where it lacks some."""
    return f"{title} ({len(listed)} of {count:,})" if len(listed) < count else title


def _line_of_change(row: Change, report: Report, safe: _Escape) -> str:
    # A room whose name is blank is there.
    is_gone = row.dimension == "room" and row.label is None
    label = _no_name(report) if is_gone else named(row.label)
    if row.dimension == "room" and label in {_no_name(report), NOT_SET}:
        # Several rooms are called so.
        label = f"{label} (ID {row.room_id})"
    if row.dimension == "country":
        label = report.country_names.get(label, label)
    count = counted(row.now, ONE_OF[row.measure])
    # Months differ in how many Mondays they have.
    scaled = f" on as many {safe(label)}s" if row.dimension == "weekday" else ""
    return (
        f"{row.dimension.capitalize()} {safe(label)}: {count}, "
        f"{row.before:,}{scaled} before"
    )


def _lines_of_days(days: Iterable[UnusualDay]) -> list[_Line]:
    by_day = groupby(days, attrgetter("day"))
    return [_Line(_line_of_day(day, rows)) for day, rows in by_day]


def _line_of_day(day: date, rows: Iterable[UnusualDay]) -> str:
    counts = ", ".join(
        f"{counted(row.value, ONE_OF[row.measure])} ({row.low:,}–{row.high:,} expected)"
        for row in rows
    )
    return f"{day:%A}, {day_of(day)}: {counts}"


def _line_of_note(note: Note, safe: _Escape) -> _Line:
    days = describe(Days(note.first, note.last))
    return _Line(f"{days}: {safe(note.title)}", note.link)


def _line_of_room(room: GrownRoom, report: Report, safe: _Escape) -> str:
    votes = counted(room.votes, "vote")
    return f"{_name(room, report, safe)}: {votes}, {room.before:,} before"


def _line_of_quiet(room: QuietRoom, report: Report, safe: _Escape) -> str:
    last = day_of(to_local(room.last_vote_at, report.period.zone).date())
    return f"{_name(room, report, safe)}: last non-empty vote {last}"


def _link(room: GrownRoom | QuietRoom, report: Report) -> str | None:
    """Return the address of a room's page in the report's period and zone."""
    if not report.address:
        return None
    chosen = {
        "room": room.room_id,
        **_span(report.period),
        # Without it the page would be in the team's zone.
        "tz": report.period.zone.key,
    }
    # Own dates are compared with the days before them, a period to date is not: "17
    # votes, 0 before" would open "17, from 6".
    days = Days(report.period.first_day, report.period.last_day)
    if report.comparison and report.comparison.first_day != previous(days).first:
        chosen["compare"] = NO_COMPARISON
    return f"{report.address}/room?{urlencode(chosen)}"


def _name(room: GrownRoom | QuietRoom, report: Report, safe: _Escape) -> str:
    name = _no_name(report) if room.name is None else named(room.name)
    # A room without a name still is one room.
    which = f"ID {room.room_id}" if room.number is None else f"#{room.number}"
    return f"{safe(name)} ({which})"


def _no_name(report: Report) -> str:
    """Return what a room without a name is: see `Query.knows_rooms`."""
    return NO_NAME if ROOMS.name in {*report.missing, *report.later_begins} else DELETED


def _heading(report: Report) -> str:
    compared = report.comparison
    than = f", compared with {describe_period(compared)}" if compared else ""
    if report.data_begins:
        than = f", {not_compared(report.data_begins)}"
    bots = ", bots included" if report.bots else ""
    if note := begins_note(report.later_begins):
        bots += f"; {note}"
    return f"{describe_period(report.period)} ({report.period.zone.key}){than}{bots}"


def _until(report: Report) -> str:
    if report.until is None:
        return "No data yet."
    zone = report.period.zone
    until = to_local(report.until, zone)
    return f"Data until {day_of(until.date())}, {until:%H:%M} {zone.key}."


def _value(figure: Figure) -> str:
    return number(figure.value, figure.definition.unit, figure.before)


def _earlier(figure: Figure) -> str:
    return number(figure.before, figure.definition.unit, figure.value)


def _change(figure: Figure) -> str:
    return change(figure.value, figure.before, figure.definition.unit)


def _usual(figure: Figure) -> str:
    """Return the usual changes in words, "" where they are not known."""
    judged, where = figure.judged_change, figure.beside_usual
    if figure.usual is None or judged is None or where is None:
        return ""
    span = usual_span(*figure.usual, judged, figure.definition.unit)
    return f"{where} the usual {span}"


def _last_line(report: Report) -> str:
    """Return where the data ends, and what "usual" means where a figure says it."""
    usual = f"{MEANING} " if any(map(_usual, report.figures)) else ""
    return f"{usual}{_until(report)}"


def _nothing(report: Report) -> str:
    """Say that nothing happened, and where the data ends: perhaps before the period."""
    return f"{NOTHING_HERE} {_until(report)}" if report.until else NOTHING_HERE


def chart_title(report: Report) -> str:
    """Return the title of the report's chart."""
    hides = report.granularity == "day" and not report.weekends
    return f"Votes per {report.granularity}{', weekends hidden' if hides else ''}"


def to_markdown(report: Report) -> str:
    """Return the report for a chat: lists only, and no character of a name acts."""
    lines = [f"**FPP Analytics: {_heading(report)}**", ""]
    if report.missing:
        lines += [missing_note(report.missing), ""]
    if report.is_empty:
        return "\n".join([*lines, _nothing(report), ""])
    lines += [_figure_in_markdown(figure, report) for figure in report.figures]
    if report.series:
        counts = [bucket.votes for bucket in report.series]
        low, high = min(counts), max(counts)
        span = f"{low:,}–{high:,}" if low < high else f"{low:,}"
        bars = f"`{_sparkline(counts)}` {span}"
        bars += f"; {parts}" if (parts := _not_whole(report)) else ""
        lines += ["", f"**{chart_title(report)}**", "", bars]
    for title, rows in _sections(report, in_chat):
        lines += ["", f"**{title}**", "", *(_in_markdown(row) for row in rows)]
    return "\n".join([*lines, "", _last_line(report), ""])


def _not_whole(report: Report) -> str:
    """Say which buckets are not whole: "the first week and the last week are …"."""
    every, cut = report.granularity, [bucket.cut for bucket in report.series]
    if len(cut) == 1:
        return f"this {every} is not whole" if cut[0] else ""
    # The data may begin within the first one, the last one may still run.
    names = [
        f"the {end} {every}" for end, at in (("first", 0), ("last", -1)) if cut[at]
    ]
    if not names:
        return ""
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} not whole"


def _figure_in_markdown(figure: Figure, report: Report) -> str:
    line = f"- {figure.definition.title}: **{_value(figure)}**"
    # Beside a dash "n/a from –" would say nothing.
    if report.comparison is None or figure.before is None:
        return line
    detail = f"{_change(figure)} from {_earlier(figure)}"
    usual = _usual(figure)
    return f"{line} ({detail}{', ' + usual if usual else ''})"


def _in_markdown(line: _Line) -> str:
    if line.link is None:
        return f"- {line.text}"
    return f"- [{line.text}]({link_target(line.link)})"


def in_chat(text: str) -> str:
    """Return a text as Markdown that formats nothing, links nowhere, calls no member.

    Chats differ in what they take for a link or a mention, and not all heed a
    backslash: an invisible space takes the meaning from "@all" and "https://".
    """
    # After each @, colon and slash, and before what may end a domain: "@all", "https://"
    # and "e.org" lose their meaning, as does "#12", which is an issue even with a
    # backslash. Within "==a==" and "++a++", which mark a text. And before "- a" and
    # "1. a", which begin a list.
    acts = r"(?<=[@:/])|(?<=#)(?=\w)|(?i:(?<=www))(?=\.)|(?<=\w)(?=\.[^\W\d_]{2})"
    acts += r"|(?<==)(?==)|(?<=\+)(?=\+)"
    lists = r"^(?=([-+]|\d+[.)])(\s|$))"
    plain = re.sub(f"{acts}|{lists}", _INVISIBLE, one_line(text))
    written = "".join(_IN_CHAT.get(c, c) for c in plain)
    # Some take the space for a letter of the domain; none of them an escaped dot.
    return written.replace(f"{_INVISIBLE}.", f"{_INVISIBLE}\\.")


def one_line(text: str) -> str:
    """Return a text without line breaks, and without marks that turn what follows."""
    # A line break would start a list or a quote in Markdown.
    return isolated(in_one_line(_TURNS.sub("", text)))


def _sparkline(values: Sequence[int]) -> str:
    # All zeros would divide by zero.
    most = max(values) or 1
    return "".join(_BARS[round((len(_BARS) - 1) * v / most)] for v in values)


def to_html(report: Report) -> str:
    """Return a whole document that needs no other file, for mail and print."""
    title = f"FPP Analytics: {describe_period(report.period)}"
    body = _MAY_BREAK.sub("\n", to_fragment(report))
    return (
        '<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title></head>"
        f'<body style="{_BODY}"><h1 style="font-size:22px;margin:0">FPP Analytics</h1>'
        f"{body}</body></html>\n"
    )


# Mail has lines of 998 bytes: some servers refuse longer ones, others cut them. Before
# items, in the tags of cells, and between the counts of the chart.
_MAY_BREAK = re.compile(r"(?=<li>)|(?<=<t[dh])(?= )|(?<=\d,)(?= )")


def to_fragment(report: Report) -> str:
    """Return the document's body below its title, for a page of ours."""
    heading = f"<p>{escape(_heading(report))}</p>"
    if report.missing:
        heading += f"<p>{escape(missing_note(report.missing, mark=''))}</p>"
    if report.is_empty:
        return f"{heading}<p>{escape(_nothing(report))}</p>"
    parts = [heading + _table(report)]
    if report.series:
        parts.append(f'<h2 style="{_H2}">{chart_title(report)}</h2>{_chart(report)}')
    parts += [
        f'<h2 style="{_H2}">{escape(title)}</h2><ul style="{_LIST}">'
        f"{''.join(_in_html(line) for line in lines)}</ul>"
        for title, lines in _sections(report, _in_page)
    ]
    whole = "".join(f'<div style="{_PART}">{part}</div>' for part in parts)
    return f'{whole}<p style="opacity:0.75">{escape(_last_line(report))}</p>'


# Styles stand in the elements: mail programs drop style sheets. The colours keep a
# contrast of 4.5 on white and on the dark theme.
_ACCENT, _GREY = "#3b7fd4", "#7d8590"
_BODY = (
    "font:15px/1.5 system-ui,sans-serif;max-width:720px;margin:24px auto;padding:0 12px"
)
# A title goes with what it is about, to the next column or sheet: Firefox and Safari do
# not heed `break-after`.
_PART = "break-inside:avoid"
_H2 = "font-size:17px;margin:24px 0 8px;padding:0"
# A long name without a blank would be wider than a phone.
_LIST = "margin:0;padding-left:20px;overflow-wrap:break-word"
_LONG = 11
"""Characters of a number beyond which three are wider than the table on a phone."""
# The table fits a mail window of 320 pixels.
_CELL = "padding:4px 4px 4px 0;border:0;border-bottom:1px solid #8884;text-align:"
# Of two rows that are about one figure, a line is below the second only.
_UPPER_CELL = "padding:4px 4px 0 0;border:0;text-align:"
_LOWER_CELL = f"font-size:12.5px;opacity:0.75;{_CELL}".replace(":4px 4px", ":0 4px")


def _table(report: Report) -> str:
    compares = report.comparison is not None
    titles = ["Value", *(("Before", "Change") if compares else ())]
    # Screen readers call an empty one of `th` a title.
    head = f'<td style="{_CELL}left"></td>' + "".join(
        f'<th scope="col" style="{_CELL}right">{title}</th>' for title in titles
    )
    rows = "".join(_row(figure, compares=compares) for figure in report.figures)
    return (
        '<table style="border-collapse:collapse;border:0;width:100%;margin:0">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(figure: Figure, *, compares: bool) -> str:
    title = escape(figure.definition.title)
    cells = [f"<strong>{_breakable(escape(_value(figure)))}</strong>"]
    usual = ""
    if compares:
        # A line does not end within the range.
        usual = escape(_usual(figure)).replace(" to ", "\u00a0to\u00a0")
        cells += [_breakable(_earlier(figure)), _breakable(_change(figure))]
    # Words have a row of their own: on a phone the column of changes has room for one.
    height, line = (' rowspan="2" valign="top"', _UPPER_CELL) if usual else ("", _CELL)
    row = (
        f'<tr><th scope="row"{height} style="{_CELL}left;font-weight:normal">{title}'
        f"</th>{''.join(f'<td style="{line}right">{cell}</td>' for cell in cells)}</tr>"
    )
    if not usual:
        return row
    below = f'<td colspan="{len(cells)}" style="{_LOWER_CELL}right">{usual}</td>'
    return f"{row}<tr>{below}</tr>"


def _breakable(number: str) -> str:
    """Return a number that can break after its commas if it is long."""
    is_long = len(number) > _LONG
    return number.replace(",", ",<wbr>") if is_long else number


def _in_page(text: str) -> str:
    return escape(one_line(text))


def _in_html(line: _Line) -> str:
    if line.link is None:
        return f"<li>{line.text}</li>"
    return f'<li><a href="{escape(line.link)}" rel="noreferrer">{line.text}</a></li>'


_HEIGHT = 120
"""Of the chart in pixels."""
_FEW = 31
"""Buckets that have room for a wide gap between them."""


class _Side(NamedTuple):
    """What the chart draws of a period."""

    series: Sequence[ChartBucket]
    period: Period
    color: str


def _chart(report: Report) -> str:
    """Return the chart as a table: mail programs leave drawings and images out.

    Two bars a bucket, that of the comparison in grey.
    """
    sides = [_Side(report.series, report.drawn, _ACCENT)]
    if report.comparison is not None:
        sides.insert(0, _Side(report.series_before, report.comparison, _GREY))
    most = _rounded_up(max(bucket.votes for side in sides for bucket in side.series))
    placed = [
        dict(zip(_places(side, report), side.series, strict=True)) for side in sides
    ]
    places = sorted(set[_Place]().union(*placed))
    # On a phone the bars of 91 days are narrower than a gap.
    gap = 2 if len(places) <= _FEW else 1 if len(places) <= 2 * _FEW else 0
    bars = "".join(
        _bar(buckets.get(place), most, side.color, 0 if number else gap)
        for place in places
        for number, (side, buckets) in enumerate(zip(sides, placed, strict=True))
    )
    own = [places.index(place) for place in placed[-1]]
    dates = _dates_below(report, own, len(places), len(sides))
    flags = _flags(report, own, len(places), len(sides))
    told = ", ".join(
        f"{_tick(report, i)}: {bucket.votes:,}{' in part' if bucket.cut else ''}"
        for i, bucket in enumerate(report.series)
    )
    return (
        f'<p style="margin:0;font-size:13px">{_legend(report, sides, flags)}</p>'
        f'<table role="img" aria-label="{chart_title(report)}: {escape(told)}" '
        'style="border-collapse:collapse;border:0;width:100%;margin:8px 0;'
        f'table-layout:fixed">{flags}'
        f'<tr><td style="{_TICK};width:44px" valign="top">{most:,}</td>{bars}</tr>'
        f'<tr><td style="{_TICK}">0</td>{dates}</tr></table>'
    )


def _legend(report: Report, sides: Sequence[_Side], flags: str) -> str:
    """Return what the marks of the chart mean; `flags` are those of notes."""
    parts = [
        f'<span style="color:{side.color};{_KEPT}">■</span> '
        f"{escape(describe_period(side.period))}"
        for side in reversed(sides)
    ]
    # A hollow bar of nothing cannot be seen.
    if any(bucket.votes and bucket.cut for side in sides for bucket in side.series):
        parts.append(f"hollow: not a whole {report.granularity}")
    if flags:
        parts.append("⚑ notes")
    return " &nbsp; ".join(parts)


type _Place = tuple[int, int]


def _places(side: _Side, report: Report) -> list[_Place]:
    """Return numbers that buckets of both periods share which are beside each other.

    The first day is beside the first, also where weekends between are hidden, and a
    week or month beside the one nearest to as many days after its period's first day.
    Hours are beside those that clocks show so, of which one that they repeat has a
    second place.
    """
    of, starts = side.period, [bucket.at for bucket in side.series]
    if report.granularity == "day":
        return [((day - of.first_day).days, 0) for day in starts]
    if report.granularity != "hour":
        days = report.period.first_day, of.first_day
        ahead = place_of_first(report.granularity, *days)
        return [(number + ahead, 0) for number in range(len(starts))]
    midnight = datetime.combine(of.first_day, datetime.min.time())
    hours = [
        (of.local(at) - midnight) // timedelta(hours=1)
        for at in starts
        if isinstance(at, datetime)
    ]
    return [(hour, hours[:number].count(hour)) for number, hour in enumerate(hours)]


def _dates_below(report: Report, own: Sequence[int], places: int, sides: int) -> str:
    """Return the cells below the bars; `own` are the places of the period's buckets."""
    ticks = _ticks(len(own))
    starts, end = [own[i] for i in ticks], places
    # On a phone a time or a year goes below its date.
    texts = ["", *(_tick(report, i).replace(" ", "\u00a0", 1) for i in ticks), ""]
    aligned = ["left"] * len(texts)
    if len(ticks) > 1:
        # The last date ends below the last bar: after it there is no room.
        end, aligned[-2] = own[-1] + 1, "right"
        starts[-1] = (starts[-2] + end) // 2
    edges = pairwise([0, *starts, end, places])
    return "".join(
        f'<td colspan="{(after - start) * sides}" valign="top" style="{_TICK};'
        f'white-space:normal;text-align:{align}">{text}</td>'
        for text, align, (start, after) in zip(texts, aligned, edges, strict=True)
        if after > start
    )


def _flags(report: Report, own: Sequence[int], places: int, sides: int) -> str:
    """Return the row above the bars with a flag where each note begins, "" without.

    `own` are the places of the period's buckets.
    """
    starts = [
        to_local(at, report.period.zone).date() if isinstance(at, datetime) else at
        for at, *_ in report.series
    ]
    titles: dict[int, list[str]] = {}
    for note in report.notes:
        # Of the hours of a day the first; a bucket may begin before the period does.
        day = max((s for s in starts if s <= note.first), default=starts[0])
        titles.setdefault(own[starts.index(day)], []).append(one_line(note.title))
    if not titles:
        return ""
    cells = (
        f'<td colspan="{sides}" style="{_TICK}"'
        + (
            f' title="{escape("; ".join(titles[place]))}">⚑</td>'
            if place in titles
            else "></td>"
        )
        for place in range(places)
    )
    return f'<tr><td style="{_TICK};width:44px"></td>{"".join(cells)}</tr>'


# Systems with colours of their own take backgrounds away, and browsers do on paper.
_KEPT = "forced-color-adjust:none;print-color-adjust:exact"
_TICK = "border:0;padding:2px 0 0;font-size:12px;opacity:0.75;white-space:nowrap"


def _bar(bucket: ChartBucket | None, most: int, color: str, gap: int) -> str:
    """Return one bar, `gap` pixels after the one before it; hollow where it is cut.

    Its line height holds it open where heights are ignored.
    """
    height = round(_HEIGHT * bucket.votes / most) if bucket else 0
    fill = f"background:{color}"
    if bucket and bucket.cut:
        # A paler one would be too pale to see; a frame has no height of 0.
        frame = f"border:1px solid {color};border-bottom:0"
        fill = f"box-sizing:border-box;{frame if height > 1 else ''}"
    return (
        f'<td valign="bottom" style="height:{_HEIGHT}px;border:0;padding:0 0 0 {gap}px;'
        f'border-bottom:1px solid #8884"><div style="height:{height}px;'
        f'line-height:{height}px;font-size:1px;{fill};{_KEPT}">&nbsp;</div></td>'
    )


def _tick(report: Report, place: int) -> str:
    """Return a bucket as it is written below a chart: "22 Oct", "22 Oct 14:00".

    Hours are those of the report's zone. Where a year turns, dates have theirs.
    """
    at = report.series[place].at
    if isinstance(at, datetime):
        there = to_local(at, report.period.zone)
        return f"{there.day} {there:%b %H:%M}"
    if report.granularity == "month":
        return f"{at:%b %Y}"
    turns = report.series[0].at.year != report.series[-1].at.year
    return f"{at.day} {at:%b}{f' {at.year}' if turns else ''}"


def _rounded_up(most: int) -> int:
    """Return a tidy even number for the top of an axis."""
    tenth: float = 10 ** (len(str(most)) - 2)
    # Bars take two thirds of the height at least.
    steps = (round(n * tenth) for n in (10, 12, 16, 20, 30, 40, 60, 80, 100))
    return next(top for top in steps if top >= max(2, most) and top % 2 == 0)


def _ticks(count: int) -> list[int]:
    """Return the places below which a date is written."""
    if count < 3:
        return [*range(min(count, 1))]
    return [0, count // 2, count - 1]
