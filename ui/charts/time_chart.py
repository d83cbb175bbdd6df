"""One number over time: whole and cut buckets, the comparison, weekends and notes.

Buckets reach the browser as milliseconds on a UTC axis, and their dates as text:
whatever its time zone, a mark is at the tick of its own day.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self, cast

import altair as alt
import polars as pl

from metrics.frames import Period, instant
from metrics.query import Granularity
from metrics.sentences import counted, listed
from metrics.subject import Unit
from metrics.time_axis import INTERVALS, place_of_first
from store.notes import Note
from ui import format as fmt
from ui.charts.anomaly_marks import RULE
from ui.charts.axes import Chart, from_zero, milliseconds, value_axis, wide_targets
from ui.charts.labelled_bars import labelled_bars
from ui.charts.rendering import Layer, layered
from ui.charts.theme import ACCENT, CHART_HEIGHT, CUT, DASH, MUTED, PALETTE

MOST_BUCKETS = 1_200
"""With more, a line looks like an area."""
ZOOM = "zoom"
"""The selection of a span by dragging."""
_SHORTEST_DRAG = 0.005
"""Of the width of a chart: 3 to 10 pixels."""
AT = "at"
"""The column of a bucket's start in milliseconds, as a UTC axis takes it."""
_WHEN: Mapping[str, str] = {
    "hour": "%a %-d %b %Y, %H:%M",
    "day": "%a %-d %b %Y",
    "week": "week of %-d %b %Y",
    "month": "%B %Y",
}
_FEW_TICKS = 10
# Vega divides four months and more by months, less by weeks that begin on Sundays.
_MOST_WEEKS = 17
_UTC = alt.Scale(type="utc", nice=False)
UNEQUAL = f"{fmt.NOTHING} (unequal parts)"
"""The change between buckets of which the two periods have parts of other lengths."""
HOURS = (
    "utchours({clock}) == 0 ? utcFormat({clock}, '%a %-d %b')"
    " : utcFormat({clock}, '%H:%M')"
)
_TICK_HOURS = (1, 3, 6, 12, 24)
_NONE, _HOUR, _DAY = timedelta(), timedelta(hours=1), timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
_MILLISECOND, _FRIDAY = timedelta(milliseconds=1), 5
# Weekends of more days are stripes too narrow to see.
_SHADED_DAYS = 100
MOST_NOTES = 8
"""Notes that are written out at a flag and in a legend."""


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """The time that a chart covers: its buckets, its period and what happened in it.

    Everything in the wall time of the dashboard's zone, as buckets are.
    """

    granularity: Granularity
    period: Period
    """Buckets that it cuts at either end are drawn as parts."""
    now: datetime
    notes: tuple[Note, ...] = ()
    instants: Period | None = None
    """The period in UTC, in which buckets of hours are given."""

    @classmethod
    def of(
        cls,
        granularity: Granularity,
        period: Period,
        now: datetime,
        notes: tuple[Note, ...] = (),
    ) -> Self:
        """Return the axis of a period of any zone, in wall time."""
        wall = Period(period.wall(period.start), period.wall(period.end))
        return cls(granularity, wall, period.local(now), notes, period)

    def place(self, frame: pl.DataFrame, by: str | None = None) -> pl.DataFrame:
        """Add at (milliseconds), when (text) and whole to rows with `bucket`.

        Hidden weekends become rows of null, of each value of `by`: a line has a gap
        there.
        """
        every = INTERVALS[self.granularity]
        start = pl.col("bucket").cast(pl.Datetime("us"))
        if self.instants is not None and self.granularity == "hour":
            # Hours are evenly spaced, even when the clocks change; their names jump.
            passed = pl.duration(microseconds=self._ahead())
            frame = frame.with_columns(bucket=start + passed)
        if "cut" in frame.columns:
            whole = pl.col("cut").is_null()
            running = pl.col("cut").str.ends_with("running").fill_null(value=False)
        else:
            end = start.dt.offset_by(every)
            last, now = instant(min(self.period.end, self.now)), instant(self.now)
            whole = (start >= instant(self.period.start)) & (end <= last)
            running = (start <= now) & (end > now)
        # Only part of the bucket is in the period.
        suffix = (
            pl.when(whole)
            .then(pl.lit(""))
            .when(running)
            .then(pl.lit(", so far"))
            .otherwise(pl.lit(", in part"))
        )
        text = self._clock().dt.strftime(_WHEN[self.granularity])
        if self.granularity == "hour":
            # Clocks that go back show an hour twice.
            again = start.rank("dense").over(self._clock()) > 1
            text += pl.when(again).then(pl.lit(" again")).otherwise(pl.lit(""))
        return _without_holes(frame, self.granularity, by).with_columns(
            milliseconds(start).alias(AT),
            when=text + suffix,
            whole=whole,
        )

    def to_both_ends(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add the period's first and last day where weekends are hidden at its ends.

        The comparison may have working days beside them.
        """
        days = frame["bucket"]
        ends = {self.period.first_day, self.period.last_day}
        hidden = ends.difference(days.head(1), days.tail(1))
        if self.granularity != "day" or not hidden:
            return frame
        rows = pl.DataFrame({"bucket": [*hidden]})
        return pl.concat([frame, rows], how="diagonal").sort("bucket")

    def inside(self) -> pl.Expr:
        """Return the time that a placed bucket has inside the period."""
        start = pl.col("bucket").cast(pl.Datetime("us"))
        end = start.dt.offset_by(INTERVALS[self.granularity])
        length = self.period.length
        if self.instants is not None and self.granularity == "hour":
            # Hours are placed evenly: on the wall, the end jumps with the clocks.
            length = self.instants.length
        first, last = instant(self.period.start), instant(self.period.start + length)
        return pl.min_horizontal(end, last) - pl.max_horizontal(start, first)

    def days_of(self, placed: pl.DataFrame) -> pl.Series:
        """Return the days that the period has of each placed bucket, in words."""
        start = pl.col("bucket").cast(pl.Datetime("us"))
        last = start.dt.offset_by(INTERVALS[self.granularity]) - _MICROSECOND
        ends = placed.select(
            start.cast(pl.Date).clip(lower_bound=self.period.first_day),
            last=last.cast(pl.Date).clip(upper_bound=self.period.last_day),
        )
        return pl.Series([fmt.days(*row) for row in ends.iter_rows()], dtype=pl.String)

    def position(self, beside: "TimeAxis | None" = None) -> pl.Expr:
        """Return a number that placed buckets of two periods beside each other share.

        The first day is beside the first, whatever their dates, also where a hidden
        weekend begins one of them; a week or month is beside the one nearest to as many
        days after its period's first day. Hours are beside those that the clocks show:
        a day of 25 hours would else be beside later ones of 24. `beside` is the axis
        that these are positions on, where it is another one.
        """
        if self.granularity == "day":
            first = pl.lit(self.period.first_day)
            return (pl.col("bucket").cast(pl.Date) - first).dt.total_days()
        if self.granularity != "hour":
            ahead = 0 if beside is None else beside.place_of_first(self)
            return pl.int_range(pl.len()) + ahead
        on = beside or self
        midnight = datetime.combine(on.period.first_day, datetime.min.time())
        midnight -= on.after(self)
        hour = (self._clock() - pl.lit(midnight)).dt.total_hours()
        # Clocks that go back show an hour twice.
        return 10 * hour + pl.col("bucket").rank("dense").over(hour)

    def hours_left_out(
        self, frame: pl.DataFrame, earlier: pl.DataFrame, on: "TimeAxis"
    ) -> list[str]:
        """Return the hours of a comparison that are beside none: "02:00 again".

        Clocks skip or repeat an hour as they change. Without a change on either axis,
        and for longer buckets, there are none.
        """
        ends = [axis.instants or axis.period for axis in (self, on)]
        changed = self.period.length - ends[0].length, on.period.length - ends[1].length
        if self.granularity != "hour" or not any(changed):
            return []
        shown = self.place(frame).select(position=self.position())
        theirs = on.place(earlier).select("when", position=on.position(self))
        names = theirs.join(shown, on="position", how="anti", maintain_order="left")
        # Of one day, the legend has the date.
        one_day = on.period.length <= _DAY
        return [
            when.split(", ")[1] if one_day else when.removesuffix(", in part")
            for when in names["when"]
        ]

    def after(self, other: "TimeAxis") -> timedelta:
        """Return how many whole days its period begins after that of another axis.

        The last 24 hours may begin an hour more or less after those before.
        """
        return round((self.period.start - other.period.start) / _DAY) * _DAY

    def place_of_first(self, other: "TimeAxis") -> int:
        """Return beside which of this axis' buckets the first one of another is."""
        days = self.period.first_day, other.period.first_day
        return place_of_first(self.granularity, *days)

    def _clock(self) -> pl.Expr:
        """Return what clocks show at the start of a placed `bucket`."""
        start = pl.col("bucket").cast(pl.Datetime("us"))
        if self.instants is None or self.granularity != "hour":
            return start
        seconds = (start.dt.timestamp("us") - self._ahead()) // 1_000_000
        local = self.instants.local_seconds(seconds)
        return (local * 1_000_000).cast(pl.Datetime("us"))

    def _ahead(self) -> int:
        """Return the microseconds that the wall is ahead of UTC at the start."""
        ahead = self.period.start - (self.instants or self.period).start
        return ahead // timedelta(microseconds=1)

    def encoding(self, placed: pl.DataFrame) -> alt.X:
        """Return the encoding of placed rows with the axis of the chart.

        Few buckets, or the Mondays of more days, are its ticks.
        """
        # Charts of several lines have a row per line.
        starts = placed["bucket"].unique().sort().cast(pl.Datetime("us"))
        hours = self.granularity == "hour"
        names = self._names_of_hours(starts) if hours else alt.Undefined
        if starts.len() > _FEW_TICKS and self.granularity == "day":
            # Ticks at Mondays: every seventh day, wherever the period begins.
            starts = starts.filter(starts.dt.weekday() == 1)
        elif hours:
            starts = self._whole_hours(starts)
        few = 0 < starts.len() <= _MOST_WEEKS
        axis = alt.Axis(
            title=None,
            grid=False,
            tickCount=8,
            format=alt.Undefined if hours else self._tick_format(),
            labelExpr=names,
            labelOverlap=True,
            values=[_instant(start) for start in starts] if few else alt.Undefined,
        )
        return alt.X(f"{AT}:T", scale=_UTC, axis=axis)

    @staticmethod
    def plain(column: str = AT) -> alt.X:
        """Return the encoding of a layer whose axis is that of another layer.

        The same axis in each layer would be sent, and put together again, each time.
        """
        return alt.X(f"{column}:T", scale=_UTC, title=None)

    def _whole_hours(self, starts: pl.Series) -> pl.Series:
        """Return the hours that get a tick: midnight, and others as there is room."""
        hour = self._clock().dt.hour()
        most = 1.5 * _FEW_TICKS
        each = next(n for n in _TICK_HOURS if starts.len() / n <= most or n == 24)
        return starts.to_frame("bucket").filter(hour % each == 0)["bucket"]

    def _names_of_hours(self, starts: pl.Series) -> str:
        """Return the expression that names a tick as the clocks do."""
        clock = "time(datum.value)"
        shown = starts.to_frame("bucket").select(
            at=milliseconds(pl.col("bucket")), clock=milliseconds(self._clock())
        )
        ahead = pl.col("clock") - pl.col("at")
        # The first hour of a day whose clocks skip midnight is one o'clock.
        by = ahead - ahead.shift(fill_value=0)
        changes = shown.select("at", by=by).filter(pl.col("by") != 0)
        for at, by in changes.iter_rows():
            clock += f" + (datum.value >= {at:.0f} ? {by:.0f} : 0)"
        return HOURS.format(clock=f"({clock})")

    def _tick_format(self) -> str:
        if self.granularity == "month":
            return "%b %Y"
        # A year on each tick is noise while there is only one.
        same_year = self.period.start.year == self.period.last_day.year
        return "%-d %b" if same_year else "%-d %b %Y"

    def weekends(self, placed: pl.DataFrame) -> Iterator[alt.Chart]:
        """Yield the shade behind Saturdays and Sundays, for days and hours."""
        if self.granularity in {"week", "month"}:
            return
        # A day's mark is in the middle of its shade; an hour's is at its start.
        half, whole = (_DAY / 2, _DAY) if self.granularity == "day" else (_NONE, _HOUR)
        first, last = (pl.lit(ms) for ms in (placed[AT].min(), placed[AT].max()))
        start = pl.col(AT).min() - half / _MILLISECOND
        end = pl.col(AT).max() + (whole - half) / _MILLISECOND
        days = placed.group_by(day=self._clock().cast(pl.Date), maintain_order=True)
        spans = days.agg(start=start.clip(first, last), end=end.clip(first, last))
        if spans.height > _SHADED_DAYS:
            return
        weekend = pl.col("day").dt.weekday() > _FRIDAY
        shades = spans.filter(weekend).select("start", "end")
        if shades.height:
            shade = Layer(shades).mark_rect(color=MUTED, opacity=0.1, aria=False)
            yield shade.encode(self.plain("start"), alt.X2("end:T"))

    def shown_notes(self) -> tuple[Note, ...]:
        """Return the notes of the period."""
        first, last = self.period.first_day, self.period.last_day
        return tuple(n for n in self.notes if n.first <= last and n.last >= first)

    def flags(self, placed: pl.DataFrame, x: alt.X) -> Iterator[alt.Chart]:
        """Yield a flag per bucket in which notes begin; its tooltip has the first."""
        notes = self.shown_notes()
        if not notes or placed.is_empty():
            return
        starts = placed.group_by(day=self._clock().cast(pl.Date)).agg(pl.col(AT).min())
        days, positions = (column.to_list() for column in starts.sort("day"))
        begun: dict[float, list[Note]] = {}
        for note in notes:
            # A note in the middle of a week belongs to that week's bucket, and one
            # before all buckets to the first.
            place = max(bisect_right(days, note.first) - 1, 0)
            begun.setdefault(positions[place], []).append(note)
        rows = [
            {
                AT: at,
                "title": "; ".join(first_notes([note.title for note in here])),
                "dates": "; ".join(
                    first_notes([fmt.days(note.first, note.last) for note in here])
                ),
                "link": here[0].link,
            }
            for at, here in begun.items()
        ]
        data = pl.DataFrame(rows, schema_overrides={"link": pl.String})
        tooltip = [
            alt.Tooltip("dates:N", title="Date"),
            alt.Tooltip("title:N", title="Note"),
        ]
        base = Layer(data)
        yield base.mark_rule(
            color=PALETTE[3], strokeWidth=1.5, strokeDash=[2, 2], aria=False
        ).encode(x)
        flag = base.mark_text(
            text="⚑", y=2, baseline="top", align="left", dx=-1, fontSize=15
        )
        linked = {"href": alt.Href("link:N")} if any(n.link for n in notes) else {}
        yield flag.encode(
            x, color=alt.ColorValue(PALETTE[3]), tooltip=tooltip, **linked
        )

    def is_click(self, at: Sequence[float], frame: pl.DataFrame) -> bool:
        """Return whether a dragged span is a click by a hand that moved a little."""
        drawn = self.place(frame)[AT].sort()
        width: float = drawn[-1] - drawn[0]
        return abs(at[0] - at[-1]) < _SHORTEST_DRAG * width

    def days_between(
        self, at: Sequence[float], frame: pl.DataFrame
    ) -> tuple[date, date]:
        """Return the days of the buckets between two ends of a dragged span."""
        placed = self.place(frame)
        # A drag ends between two marks.
        nearest = (placed.sort((pl.col(AT) - end).abs())[AT][0] for end in at)
        ends = sorted(nearest)
        inside = placed.filter(pl.col(AT).is_between(ends[0], ends[-1]))
        every, start = INTERVALS[self.granularity], self._clock()
        last = start.dt.offset_by(every) - _MICROSECOND
        first_day, last_day = inside.select(
            first=start.min().cast(pl.Date), last=last.max().cast(pl.Date)
        ).row(0)
        return max(first_day, self.period.first_day), min(
            last_day, self.period.last_day
        )


def time_chart(
    frame: pl.DataFrame,
    value: str,
    title: str,
    unit: Unit,
    axis: TimeAxis,
    *,
    before: tuple[pl.DataFrame, TimeAxis] | None = None,
    marks: pl.DataFrame | None = None,
    sample_size: str | None = None,
) -> Chart:
    """Draw a value per bucket, and that of the comparison as a grey dashed line.

    Buckets of which the period has only a part, and the running one, are dashed. A
    gap stays one; a value between two gaps is a point. `marks` are unusual days
    (bucket, value, low, high), `sample_size` is the column of a rate's cases. A span
    can be chosen by dragging (`ZOOM`).
    """
    if frame.height == 1:
        return _one_bucket(frame, value, title, unit, axis, before)
    data = _rows(frame, value, unit, axis, before, sample_size)
    # No reader can tell more buckets apart.
    if data.height > MOST_BUCKETS:
        raise ValueError(f"{data.height} buckets in a chart: use longer ones")
    x = axis.plain()
    base = Layer()
    ends = {"value", "before_solid", "before_part", "before_alone"}
    values = data.select(c for c in data.columns if c in ends)
    scale = from_zero(values)
    layers = [*axis.weekends(data)]
    if before is not None:
        line = base.mark_line(color=MUTED, strokeDash=DASH, strokeWidth=1.5)
        layers.append(line.encode(x, alt.Y("before_solid:Q", title=None)))
        if data["before_part"].count():
            part = base.mark_line(color=MUTED, strokeDash=CUT, strokeWidth=1.5)
            layers.append(part.encode(x, alt.Y("before_part:Q", title=None)))
    layers += [
        base.mark_area(opacity=0.1, color=ACCENT).encode(
            x,
            alt.Y("solid:Q", axis=value_axis(unit, values), scale=scale, title=None),
        ),
        base.mark_line(color=ACCENT, strokeWidth=2).encode(
            x, alt.Y("solid:Q", title=None)
        ),
    ]
    if data["part"].count():
        part = base.mark_line(color=ACCENT, strokeDash=CUT, strokeWidth=2)
        layers.append(part.encode(x, alt.Y("part:Q", title=None)))
    if data["alone"].count():
        point = base.mark_point(color=ACCENT, filled=True, size=45, opacity=1)
        layers.append(point.encode(x, alt.Y("alone:Q", title=None)))
    if before is not None and data["before_alone"].count():
        point = base.mark_point(color=MUTED, filled=True, size=35, opacity=1)
        layers.append(point.encode(x, alt.Y("before_alone:Q", title=None)))
    tooltip = _tooltip(title, data, compared=before is not None)
    places = axis.encoding(data)
    hover = wide_targets(base, data.height, places, tooltip, read_out=True)
    layers.append(hover.add_params(zoom_selection()))
    layers += axis.flags(data, x)
    if marks is not None and marks.height:
        layers.append(_diamonds(marks, title, axis, x))
    return layered(*layers, data=data, height=CHART_HEIGHT)


def first_notes(texts: Sequence[str]) -> list[str]:
    """Return the first of texts about notes, and how many more there are."""
    more = len(texts) - MOST_NOTES
    if more <= 0:
        return list(texts)
    return [*texts[:MOST_NOTES], f"{counted(more, 'more note')} on the Data page"]


def legend(
    axis: TimeAxis,
    before: TimeAxis | None = None,
    *,
    shorter: bool = False,
    longer: bool = False,
    earlier: bool = False,
    left_out: Sequence[str] = (),
    marked: bool = False,
    incomplete: str = "",
    as_lines: bool = True,
    says_granularity: bool = False,
) -> str:
    """Return the legend of a chart in words, as Markdown.

    `shorter`: the comparison has fewer buckets, so that its line ends early; `longer`:
    it has more of them than the chart has places; `earlier`: its first one is before
    them; `left_out`: hours of it that the clocks did not show in the period;
    `incomplete`: how buckets are drawn as parts (`incomplete_in`). `as_lines`: whether
    both periods are lines. `says_granularity`: for charts whose title does not say it.
    """
    # A mark or a month at the end of a line would be apart from its meaning.
    line = "—\u00a0" if before is not None and as_lines else ""
    buckets = f", by {axis.granularity}" if says_granularity else ""
    parts = [f"{line}{_unbroken(fmt.period(axis.period))}{buckets}"]
    if before is not None:
        # Thirty days from a Monday have a week less than thirty from a Thursday.
        own, theirs = (
            on.period.last_day - on.period.first_day for on in (axis, before)
        )
        end = ""
        if shorter:
            end = ", shorter" if theirs < own else ", its line ends early"
        elif longer:
            end = f", {'longer: ' if theirs > own else ''}its end is not drawn"
        first = f", its first {axis.granularity} is not drawn" if earlier else ""
        hours = f", not drawn: {listed(left_out)}" if left_out else ""
        dates = _unbroken(fmt.period(before.period))
        sign = "┄" if as_lines else "compared with"
        parts.append(f"{sign}\u00a0{dates}{first}{hours}{end}")
    if incomplete:
        parts.append(incomplete)
    if marked:
        parts.append(":orange[◆]\u00a0unusual for its weekday")
    parts += first_notes(
        [
            f":violet[⚑]\u00a0{_unbroken(fmt.days(note.first, note.last))}: "
            f"{fmt.linked(note.title, note.link)}"
            for note in axis.shown_notes()
        ]
    )
    return " \u2002 ".join(parts)


def incomplete_in(chart: Chart, axis: TimeAxis, frame: pl.DataFrame) -> str:
    """Return what a legend says of buckets that the period cuts, "" without any."""
    said = f"incomplete {axis.granularity}"
    if _has_dotted_ends(chart):
        return f"⋯\u00a0{said}"
    # A single bucket is drawn as points, which look the same.
    cut = frame["bucket"].n_unique() == 1 and not axis.place(frame)["whole"].all()
    return said if cut else ""


def _has_dotted_ends(chart: Chart) -> bool:
    # Of two groups of lines each is a chart in layers of its own.
    if isinstance(chart, alt.LayerChart):
        return any(_has_dotted_ends(cast("Chart", layer)) for layer in chart.layer)
    return getattr(chart.mark, "strokeDash", None) == CUT


def _unbroken(dates: str) -> str:
    # Lines end after a dash, also where a no-break space follows it.
    return dates.replace(" ", "\u00a0").replace("–", "–\N{WORD JOINER}")


def _rows(
    frame: pl.DataFrame,
    value: str,
    unit: Unit,
    axis: TimeAxis,
    before: tuple[pl.DataFrame, TimeAxis] | None,
    sample_size: str | None,
) -> pl.DataFrame:
    """Return the placed rows with everything that the layers draw and print."""
    size = [pl.col(sample_size).alias("n")] if sample_size else []
    shown = frame if before is None else axis.to_both_ends(frame)
    data = axis.place(shown).select(
        "bucket",
        AT,
        "when",
        "whole",
        pl.col(value).cast(pl.Float64).alias("value"),
        *size,
        length=axis.inside(),
        position=axis.position(),
    )
    if before is not None:
        number, on = pl.col(value).cast(pl.Float64), before[1]
        earlier = on.place(before[0]).select(
            before=number,
            before_when="when",
            before_whole="whole",
            before_length=on.inside(),
            position=on.position(axis),
        )
        data = data.join(earlier, on="position", how="left", maintain_order="left")
        whole = pl.col("before_whole")
        data = data.with_columns(
            before_solid=pl.when(whole).then("before"),
            before_part=_dotted(whole, "before"),
            before_alone=_alone("before"),
            # Whole months are compared, however long they are.
            alike=(whole & pl.col("whole"))
            | (pl.col("length") == pl.col("before_length")),
        )
    data = lone_values(data)
    texts: dict[str, list[str | None]]
    if before is None:
        texts = {"text": [fmt.number(v, unit) for v in data["value"]]}
    else:
        pairs = [*zip(data["value"], data["before"], data["alike"], strict=True)]
        texts = {
            # As on a tile: 1.6 min before 2.4 min, and not 99 s.
            "text": [fmt.number(now, unit, then) for now, then, _ in pairs],
            "before_text": [fmt.number(then, unit, now) for now, then, _ in pairs],
            # A week of two days grew by nothing because another has three.
            "change": [
                UNEQUAL if alike is False else fmt.change(now, then, unit)
                for now, then, alike in pairs
            ],
        }
    if sample_size:
        counts = data["n"]
        texts["n"] = [None if n is None else fmt.cases(n, sample_size) for n in counts]
    drawn = data.drop(_NOT_DRAWN, strict=False)
    return drawn.with_columns(pl.Series(name, each) for name, each in texts.items())


_NOT_DRAWN = ("length", "position", "before", "before_whole", "before_length", "alike")


def lone_values(data: pl.DataFrame, by: str | None = None) -> pl.DataFrame:
    """Add solid, part and alone: what a line, a dashed line and points draw of `value`.

    Parts are buckets that are not whole, with the ones beside them: a line needs two
    ends. Each value of `by` is a line of its own. Needs `value` and `whole`.
    """

    def along(column: pl.Expr) -> pl.Expr:
        return column if by is None else column.over(by)

    whole = pl.col("whole")
    lines = data.with_columns(
        solid=pl.when(whole).then("value"), part=along(_dotted(whole, "value"))
    )
    # So few points are seen better than the angles between them.
    few = data["bucket"].n_unique() <= _FEW_TICKS
    lone_part = pl.when(~whole & pl.col("part").is_null()).then("value")
    lone = pl.coalesce(along(_alone("solid")), lone_part)
    return lines.with_columns(alone=pl.col("value") if few else lone)


def _dotted(whole: pl.Expr, value: str) -> pl.Expr:
    """Return the values of buckets that are not whole, and of those beside them.

    No line has one end: one whose neighbours have no value is left out.
    """
    number = pl.col(value)
    cut = ~whole & number.is_not_null()
    near = cut | cut.shift(1, fill_value=False) | cut.shift(-1, fill_value=False)
    part = pl.when(near).then(number)
    is_line = part.shift(1).is_not_null() | part.shift(-1).is_not_null()
    return pl.when(is_line).then(part)


def _alone(column: str) -> pl.Expr:
    """Return the values with a gap on both sides: a line does not show them."""
    value = pl.col(column)
    return pl.when(value.shift(1).is_null() & value.shift(-1).is_null()).then(value)


def _without_holes(
    frame: pl.DataFrame, granularity: Granularity, by: str | None
) -> pl.DataFrame:
    """Add a row of null for each day that is missing between the first and the last."""
    if granularity != "day" or frame.is_empty():
        return frame
    buckets = frame["bucket"]
    first, last = cast("date", buckets.min()), cast("date", buckets.max())
    if by is None and frame.height == (last - first).days + 1:
        return frame
    days = pl.select(bucket=pl.date_range(first, last))
    keys = ["bucket"] if by is None else ["bucket", by]
    if by is not None:
        days = frame.select(pl.col(by).unique(maintain_order=True)).join(
            days, how="cross"
        )
    return days.join(
        frame, on=keys, how="left", maintain_order="left", nulls_equal=True
    )


def _instant(start: datetime) -> alt.DateTime:
    """Return an instant as the values of a UTC axis take it."""
    return alt.DateTime(
        year=start.year, month=start.month, date=start.day, hours=start.hour, utc=True
    )


def _one_bucket(
    frame: pl.DataFrame,
    value: str,
    title: str,
    unit: Unit,
    axis: TimeAxis,
    before: tuple[pl.DataFrame, TimeAxis] | None,
) -> Chart:
    """Draw a bar per bucket of both periods: a single point is no line."""
    drawn = [(frame, axis), *([before] if before else [])]
    placed = [(on.place(rows), on) for rows, on in drawn]
    bars = pl.concat(
        rows.select(
            "bucket",
            pl.col("when").alias("date"),
            pl.col(value).cast(pl.Float64).alias("value"),
            days=on.days_of(rows),
        )
        for rows, on in placed
    )
    texts = fmt.beside_each_other(bars["value"], unit)
    # Parts of one month have its name: their dates tell them apart.
    named = pl.when(pl.col("bucket").is_duplicated()).then("days").otherwise("date")
    bars = bars.with_columns(date=named, text=pl.Series(texts, dtype=pl.String))
    return labelled_bars(
        bars.drop("bucket", "days"), "date", "value", title, "datum.text"
    )


def _tooltip(title: str, data: pl.DataFrame, *, compared: bool) -> list[alt.Tooltip]:
    now = [alt.Tooltip("when:N", title="When"), alt.Tooltip("text:N", title=title)]
    if "n" in data.columns:
        now.append(alt.Tooltip("n:N", title="Based on"))
    if not compared:
        return now
    return [
        *now,
        alt.Tooltip("before_when:N", title="Compared with"),
        alt.Tooltip("before_text:N", title="Before"),
        alt.Tooltip("change:N", title="Change"),
    ]


def zoom_selection() -> alt.Parameter:
    """Return a selection of a span by the mouse; a finger scrolls the page."""
    return alt.selection_interval(
        name=ZOOM,
        encodings=["x"],
        on="[mousedown[!event.button], window:mouseup] > window:mousemove!",
        translate=False,
        zoom=False,
        clear="dblclick",
    )


def _diamonds(marks: pl.DataFrame, title: str, axis: TimeAxis, x: alt.X) -> alt.Chart:
    """Return a diamond on each unusual day; its tooltip gives the reason."""
    data = (
        axis.place(marks.sort("bucket"))
        .drop_nulls("value")
        .with_columns(
            expected=pl.format(
                "{}–{}", fmt.counts(pl.col("low")), fmt.counts(pl.col("high"))
            ),
            rule=pl.lit(RULE),
        )
    )
    diamond = Layer(data).mark_point(
        shape="diamond", filled=True, size=110, color=PALETTE[1], opacity=1
    )
    drawn: alt.Chart = diamond.encode(
        x,
        alt.Y("value:Q"),
        tooltip=[
            alt.Tooltip("when:N", title="Unusual"),
            alt.Tooltip("value:Q", title=title, format=","),
            alt.Tooltip("expected:N", title="Expected"),
            alt.Tooltip("rule:N", title="Rule"),
        ],
    )
    return drawn
