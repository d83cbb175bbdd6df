"""Votes: how many, when, how large, how long, how far apart.

On the pages an empty vote (stored as minimum 21, maximum 1, average 0) counts as a
vote and is left out of every average, distribution and spread.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

import polars as pl

from metrics.activity_key import seconds
from metrics.card_scale import (
    SCALE,
    STEPS,
    average_hundredths,
    cards_of_vote,
    estimated,
    has_spread,
    is_estimation,
    steps,
)
from metrics.expressions import (
    MINIMUM_SAMPLE,
    Bins,
    count_where,
    divided,
    mean_of,
    ninth_decile,
    ratio,
    rounded,
    row_count,
    share,
    total,
)
from metrics.formats import digits_in_print, fixed
from metrics.frames import Frames, Period, instant
from metrics.query import Granularity, Query, SharedPlans, Unfinished
from metrics.sentences import counted, listed
from metrics.subject import Definition, Unit, table
from metrics.tables import ESTIMATIONS, VOTES
from metrics.time_axis import (
    ANY_UTC,
    axis,
    axis_of,
    by_number,
    clocks_shown,
    local_date,
    local_hour,
    number_of,
    on_the_clock,
    parts_of,
    per_day,
    same_weekdays,
    series_of,
    totals_of,
)
from metrics.time_zone import clock_changes
from metrics.uncertainty import (
    FEWEST_CLUSTERS,
    HIGHER,
    LOWER,
    Difference,
    in_place,
    verdicts,
)

WEEKDAYS = (
    *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    *("Saturday", "Sunday"),
)
DURATIONS = Bins(
    labels=(
        *("under 15 s", "15–30 s", "30–60 s", "1–2 min", "2–5 min", "5–15 min"),
        *("15–60 min", "1 h or more"),
    ),
    edges=(15, 30, 60, 120, 300, 900, 3600),
)
_COUNTS = ("votes", "rounds_with_estimate", "rounds_without_estimate", "estimations")

_VOTES = (VOTES.name,)
_EMPTY = "Empty votes."
_WITHOUT_SPREAD = (
    "Votes with fewer than two estimations, or whose highest card is below their "
    "lowest."
)
_API_KEEPS = (
    "Empty votes. (`GET /api` and the statistics of a room keep them, with minimum 21, "
    "maximum 1 and average 0.)"
)


def _mean_and_median(key: str, name: str, what: str) -> tuple[Definition, Definition]:
    """Define a mean over votes and the median beside it."""
    return (
        Definition(
            key,
            f"Mean {name}",
            "number",
            f"Mean {what}.",
            _VOTES,
            _API_KEEPS,
            neutral=True,
        ),
        Definition(
            f"{key}_median",
            f"Median {name}",
            "number",
            f"Median {what}: half of the votes are lower.",
            _VOTES,
            _EMPTY,
            neutral=True,
        ),
    )


def _duration(key: str, title: str, formula: str) -> Definition:
    return Definition(
        f"duration_{key}_seconds",
        title,
        "seconds",
        formula,
        _VOTES,
        _API_KEEPS if key == "mean" else _EMPTY,
        neutral=True,
    )


def _of_votes(
    key: str, title: str, formula: str, unit: Unit = "count", excludes: str = "Nothing."
) -> Definition:
    return Definition(key, title, unit, formula, _VOTES, excludes)


DEFINITIONS = (
    _of_votes("votes", "Votes", "Finished rounds of estimating, including empty ones."),
    *(
        Definition("votes", "Votes", "count", formula, _VOTES, excludes, only_in=name)
        for name, formula, excludes in (
            ("spread", "Votes with this spread.", _WITHOUT_SPREAD),
            ("team_sizes", "Votes with so many estimations.", _EMPTY),
            ("round_durations", "Votes of this length.", _EMPTY),
        )
    ),
    _of_votes(
        "estimations",
        "Estimations",
        "Cards played in all votes, without spectators.",
    ),
    _of_votes(
        "rounds_with_estimate",
        "Non-empty votes",
        "Votes with at least one estimation.",
        excludes=_EMPTY,
    ),
    Definition(
        "rounds_without_estimate",
        "Empty votes",
        "count",
        "Votes that ended without any estimation.",
        _VOTES,
        less_is_better=True,
    ),
    *_mean_and_median(
        "estimations_per_vote", "team size", "number of estimations per vote"
    ),
    *_mean_and_median(
        "spectators_per_vote", "spectators", "number of spectators per vote"
    ),
    *_mean_and_median(
        "avg_min_estimation", "low card", "of each vote's lowest estimation"
    ),
    *_mean_and_median(
        "avg_estimation", "estimation", "of each vote's average estimation"
    ),
    # Its rows are single votes.
    Definition(
        "avg_estimation",
        "Average estimation",
        "number",
        "Average of the vote's estimations.",
        _VOTES,
        _EMPTY,
        only_in="rounds",
    ),
    *_mean_and_median(
        "avg_max_estimation", "high card", "of each vote's highest estimation"
    ),
    _duration(
        "mean",
        "Mean duration",
        "Mean time from the start of a vote to its end; idle rooms inflate it: see the "
        "median.",
    ),
    _duration("median", "Median duration", "Half of the votes are shorter."),
    _duration(
        "p90", "P90 duration", "9 in 10 votes are shorter (interpolated between two)."
    ),
    Definition(
        "auto_flip_share",
        "Auto-flip votes",
        "share",
        "Share of votes whose cards turned automatically once all had estimated.",
        _VOTES,
        _EMPTY,
        neutral=True,
    ),
    _of_votes(
        "days",
        "Days",
        "How often the weekday is in the period, from midnight to midnight.",
        excludes="Days that the period cuts, such as today, and the first day of the "
        "data.",
    ),
    _of_votes(
        "votes_per_day",
        "Votes per day",
        "Mean number of votes on this weekday, or in this hour of it, in the period.",
        "number",
        "The first day of the data, of an hour only where there are others; days that "
        "the period cuts, such as today, of an hour those without it.",
    ),
    _of_votes("estimators", "Team size", "Estimators in one vote.", excludes=_EMPTY),
    Definition(
        "steps",
        "Spread",
        "count",
        "Steps from the lowest to the highest estimation of a vote. A step is one "
        "place on the scale 1, 2, 3, 5, 8, 13, 21; 0 means that all match.",
        _VOTES,
        _WITHOUT_SPREAD,
    ),
    _of_votes(
        "spectators",
        "Spectators (n)",
        "Spectators of votes with an estimation, added up.",
        excludes="Empty votes.",
    ),
    _of_votes(
        "duration", "Duration", "Time from the start of a vote to its end.", "seconds"
    ),
    _of_votes("amount_of_estimations", "Team size", "Estimations played in the vote."),
    _of_votes("amount_of_spectators", "Spectators", "Spectators of the vote."),
    _of_votes("min_estimation", "Low card", "Lowest estimation of the vote."),
    _of_votes("max_estimation", "High card", "Highest estimation of the vote."),
)
LABELS = (
    *("bucket", "cut", "order", "length", "estimation", "weekday", "weekday_name"),
    *("hour", "id", "room_id", "voted_at", "was_auto_flip"),
)


def legacy(frames: Frames) -> pl.LazyFrame:
    """Return the old service's figures in one row, empty votes included.

    Columns: total_votes, total_estimations, and means, 0 where there is no vote:
    avg_estimations_per_vote, avg_spectators_per_vote, avg_duration_per_vote
    (minutes), avg_estimation, avg_min_estimation, avg_max_estimation.
    """
    means = rounded(
        avg_estimations_per_vote=pl.col("amount_of_estimations").mean(),
        avg_spectators_per_vote=pl.col("amount_of_spectators").mean(),
        avg_duration_per_vote=divided(pl.col("duration").mean(), 60),
        avg_estimation=divided(average_hundredths().mean(), 100),
        avg_min_estimation=pl.col("min_estimation").mean(),
        avg_max_estimation=pl.col("max_estimation").mean(),
    )
    return frames.votes.select(
        total_votes=row_count(),
        total_estimations=total("amount_of_estimations"),
        means=means,
    ).unnest("means")


def legacy_estimations(frames: Frames) -> pl.LazyFrame:
    """Return how often each card was played, ascending: estimation, count."""
    played = frames.estimations.filter(pl.col("estimation").is_not_null())
    return _per_card(played).sort("estimation")


def _per_card(participations: pl.LazyFrame) -> pl.LazyFrame:
    return participations.group_by("estimation").agg(count=row_count())


def legacy_weekdays(frames: Frames) -> pl.LazyFrame:
    """Return votes per weekday that has any, Monday first: weekday_name, votes."""
    counts = _per_weekday(frames.votes, ANY_UTC)
    return counts.join(_weekdays(), on="weekday", maintain_order="left").select(
        "weekday_name", "votes"
    )


def totals(query: Query, shared: SharedPlans) -> Unfinished:
    """Return the figures of the period's votes in one row.

    Columns: votes, rounds_with_estimate, rounds_without_estimate, estimations,
    estimations_per_vote, estimations_per_vote_median, spectators_per_vote,
    avg_estimation, avg_min_estimation, avg_max_estimation, each with _median,
    duration_mean_seconds, duration_median_seconds, duration_p90_seconds,
    auto_flip_share. Averages are null where all votes are empty.
    """
    periods, plan = per_period(shared, shared.beside(query.period), _COLUMNS)

    def finish(found: pl.DataFrame) -> pl.DataFrame:
        row = by_number(found).get(periods.index(query.period), {})
        return totals_of(row, _COLUMNS)

    return Unfinished(plan, finish)


def over_time(query: Query, shared: SharedPlans) -> Unfinished:
    """Return `totals` per bucket, averages taken per bucket: bucket, …, cut."""
    period, every = query.period, query.granularity
    periods = shared.beside(period)
    _, plan = per_period(shared, periods, _COLUMNS, every)
    earlier = parts_of(shared, periods[: periods.index(period)], every)
    buckets = axis_of(shared, period, every)

    def finish(found: pl.DataFrame) -> pl.DataFrame:
        return series_of(query, buckets, by_number(found), _COLUMNS, len(earlier))

    return Unfinished(plan, finish)


def by_weekday(query: Query, shared: SharedPlans) -> Unfinished:
    """Return all seven weekdays, Monday first.

    Columns: weekday (1-7), weekday_name, votes, share, days (how many of them are
    wholly in the period), votes_per_day (of these days; null without one),
    votes_per_day_verdict (against the average day; rooms are its clusters). A day that
    still runs would make its weekday look quiet, as would the first one of the data.
    """
    query = _since_votes(query)
    votes = shared.within(query.period).votes.with_columns(
        weekday=local_date("voted_at", query.period).dt.weekday()
    )
    days = _days(query)
    whole = pl.col("count").filter(_is_whole(pl.col("day"), query)).sum()
    rooms = _rooms(votes, days.select("weekday", part=share("days")))
    weekdays = (
        _weekdays()
        .pipe(_add, _per_weekday(votes, query.period, whole_votes=whole))
        .pipe(_add, days)
        .with_columns(pl.exclude("weekday", "weekday_name").fill_null(0))
        .select(
            *("weekday", "weekday_name", "votes"),
            share=share("votes"),
            days="whole_days",
            votes_per_day=ratio("whole_votes", "whole_days"),
            whole_votes="whole_votes",
        )
        .join(rooms, how="cross", maintain_order="left")
    )

    def finish(found: pl.DataFrame) -> pl.DataFrame:
        columns = ["whole_votes", "rooms"]
        votes, rooms = found.select(columns).get_columns()
        judged = _verdicts([*votes], [*found["days"]], rooms[0])
        return in_place(found, columns, ["votes_per_day_verdict"], zip(judged))

    return Unfinished(weekdays, finish)


def by_weekday_and_hour(query: Query, shared: SharedPlans) -> Unfinished:
    """Return all 168 hours of the week, from Monday 0:00 in the query's zone.

    Columns: weekday (1-7), weekday_name, hour (0-23), votes, votes_per_day (votes
    divided by how often this hour of this weekday is in the period, at least in part,
    both without the first day of the data; null where it is not),
    hour_verdict (that hour of all weekdays, against the average hour of the time in the
    period: 168 cells are too many to compare one with the others).
    """
    hours = pl.LazyFrame({"hour": range(24)}, schema={"hour": pl.Int8})
    by = ["weekday", "hour"]
    held = shared.within(query.period).votes.with_columns(
        weekday=local_date("voted_at", query.period).dt.weekday(),
        hour=local_hour("voted_at", query.period),
    )
    known = _known_hours(_since_votes(query))
    late = pl.col("voted_at") >= instant(known.start)
    # Hours of today that are still to come are not quiet.
    cells = (
        _weekdays()
        .join(hours, how="cross", maintain_order="left_right")
        .with_columns(pl.Series("days", _days_with_hours(known)))
    )
    inside = _hours_inside(known)
    parts = hours.with_columns(part=pl.Series(inside) / sum(inside))
    rooms = _rooms(held.filter(late), parts)
    per_hour = (
        cells.join(
            held.group_by(by).agg(votes=row_count(), known=count_where(late)),
            on=by,
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.col("votes", "known").fill_null(0))
        .with_columns(votes_per_day=ratio("known", "days"))
        .select("weekday", "weekday_name", "hour", "votes", "votes_per_day", "known")
        .join(rooms, how="cross", maintain_order="left")
    )

    def finish(found: pl.DataFrame) -> pl.DataFrame:
        of_hour = [0] * 24
        for hour, votes in found.select("hour", "known").iter_rows():
            of_hour[hour] += votes
        judged = _verdicts(of_hour, inside, found.get_column("rooms")[0])
        rows = [(judged[hour],) for hour in found.get_column("hour")]
        return in_place(found, ["known", "rooms"], ["hour_verdict"], rows)

    return Unfinished(per_hour, finish)


def _rooms(votes: pl.LazyFrame, parts: pl.LazyFrame) -> pl.LazyFrame:
    """Return how many rooms with a single vote tell as much as these votes: rooms.

    `parts` has the weekdays or hours and, as part, the share of the time of each. A
    room meets when it likes: one that always meets on the same weekday is one case,
    however many votes it has, and one that meets on several is more. So the squares of
    what rooms have above their parts are compared with those of single votes. In one
    row; null without votes, and where there are too few rooms to say how they differ.
    """
    cell = next(iter(parts.collect_schema()))
    own, part = pl.col("len").cast(pl.Float64), pl.col("part")
    per_room = (
        votes.group_by("room_id", cell)
        .len()
        .join(parts, on=cell, maintain_order="left")
        .group_by("room_id")
        .agg(size=own.sum(), squares=(own**2).sum(), expected=(own * part).sum())
    )
    of_parts = parts.select(of_parts=(part**2).sum())
    size, all_parts = pl.col("size"), pl.col("of_parts")
    off = pl.col("squares") - 2 * size * pl.col("expected") + size**2 * all_parts
    single = size.sum() ** 2 * (1 - all_parts.first())
    rooms = ratio(single, off.sum())
    return per_room.join(of_parts, how="cross").select(
        rooms=pl.when(pl.len() >= FEWEST_CLUSTERS).then(rooms)
    )


def _verdicts(
    votes: Sequence[int], parts: Sequence[float], rooms: float | None
) -> list[str | None]:
    """Return whether each weekday or hour has more votes than its part of the time."""
    return verdicts(
        [
            _above_expected(count / sum(votes), part / sum(parts), rooms)
            for count, part in zip(votes, parts, strict=True)
        ]
        if rooms is not None and rooms >= FEWEST_CLUSTERS and any(votes)
        else [None] * len(votes)
    )


def _above_expected(found: float, expected: float, rooms: float) -> Difference | None:
    # A weekday that the period does not have, or the only one that it has.
    if expected in {0, 1}:
        return None
    above = found - expected
    error = math.sqrt(expected * (1 - expected) / rooms)
    if above > 0:
        # Small shares are skewed: a few rooms at one hour are nothing rare. Arcs of
        # their roots are not; below the expected, arcs would make no votes too rare.
        arcs = math.asin(math.sqrt(found)) - math.asin(math.sqrt(expected))
        error = max(error, above / (2 * math.sqrt(rooms) * arcs))
    return Difference(above, error, rooms)


def estimations_by_card(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return how often each card was played, ascending: estimation, count, share.

    Every card of the scale is there, others where they occur. Spectators play none.
    """
    scale = pl.LazyFrame({"estimation": SCALE}, schema={"estimation": pl.Int16})
    played = shared.within(query.period).estimations.filter(is_estimation())
    return (
        scale.join(_per_card(played), on="estimation", how="full", coalesce=True)
        .with_columns(pl.col("count").fill_null(0))
        .with_columns(share=share("count"))
        .sort("estimation")
    )


def durations(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return how long votes with an estimation take: order, length, votes, share."""
    votes = shared.within(query.period).votes.filter(estimated())
    return DURATIONS.count(votes, pl.col("duration"), "votes")


def team_sizes(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return `team_sizes_of` the period's votes."""
    return team_sizes_of(shared.within(query.period).votes)


def team_sizes_of(votes: pl.LazyFrame) -> pl.LazyFrame:
    """Return votes per number of estimators, ascending: estimators, votes, share."""
    sizes = votes.filter(estimated()).group_by(estimators="amount_of_estimations")
    counts = sizes.agg(votes=row_count())
    return counts.with_columns(share=share("votes")).sort("estimators")


def spread(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return `spread_of` the period's votes."""
    return spread_of(shared.within(query.period).votes)


def spread_of(votes: pl.LazyFrame) -> pl.LazyFrame:
    """Return votes per distance between lowest and highest estimation.

    Only votes that have one. Columns: steps (0-6, all), votes, share.
    """
    counts = votes.filter(has_spread()).group_by(steps=steps()).agg(votes=row_count())
    return (
        pl.LazyFrame({"steps": STEPS}, schema={"steps": pl.Int8})
        .join(counts, on="steps", how="left")
        .with_columns(pl.col("votes").fill_null(0))
        .with_columns(share=share("votes"))
        .sort("steps")
    )


def newest_first(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return `newest_first_of` the period's votes."""
    return newest_first_of(shared.within(query.period).votes)


def newest_first_of(votes: pl.LazyFrame) -> pl.LazyFrame:
    """Return all votes, newest first.

    Columns: id, room_id, voted_at, amount_of_estimations, amount_of_spectators,
    min_estimation, avg_estimation, max_estimation, steps (null, like the three
    before, in an empty vote; also where the highest is below the lowest), duration
    (seconds), was_auto_flip.
    """
    return votes.sort("voted_at", "id", descending=True).select(
        *("id", "room_id", "voted_at"),
        *("amount_of_estimations", "amount_of_spectators"),
        *cards_of_vote(),
        *("duration", "was_auto_flip"),
    )


def per_period(
    shared: SharedPlans,
    periods: tuple[Period, ...],
    wanted: Collection[str],
    every: Granularity | None = None,
) -> tuple[tuple[Period, ...], pl.LazyFrame]:
    """Return a plan of the figures of `totals` for each of these periods.

    They must be in order of time and must not overlap; with `every`, it is their
    buckets that have figures. The plan comes with its periods, maybe more than these.
    Columns: number, which is the place of the period or bucket, those wanted. Without
    a vote it has no row.
    """

    def build() -> pl.LazyFrame:
        whole = Period(periods[0].start, periods[-1].end)
        place = number_of(seconds(pl.col("voted_at")), shared, periods, every)
        # Empty votes count; as nulls they are left out of every average.
        rows = shared.within(whole).votes.select(
            pl.when(estimated()).then(pl.col(_AVERAGED)),
            cards="amount_of_estimations",
            number=place,
        )
        return rows.group_by("number").agg(**{name: _FIGURES[name] for name in wanted})

    return shared.together(("votes", every, *wanted), periods, build)


_AVERAGED = (
    *("amount_of_estimations", "amount_of_spectators", "min_estimation"),
    *("max_estimation", "avg_estimation", "duration", "was_auto_flip"),
)


def _figures() -> dict[str, pl.Expr]:
    """Return counts, and the averages of a vote's columns, each with its median."""
    columns = {
        "estimations_per_vote": "amount_of_estimations",
        "spectators_per_vote": "amount_of_spectators",
        "avg_min_estimation": "min_estimation",
        "avg_max_estimation": "max_estimation",
    }
    hundredths, duration = average_hundredths(), pl.col("duration")
    with_estimate = pl.col("amount_of_estimations").count().cast(pl.Int64)
    return (
        {
            "votes": row_count(),
            "rounds_with_estimate": with_estimate,
            "rounds_without_estimate": row_count() - with_estimate,
            "estimations": total("cards"),
        }
        | {name: pl.col(column).mean() for name, column in columns.items()}
        | {f"{name}_median": pl.col(c).median() for name, c in columns.items()}
        | {
            "avg_estimation": mean_of(hundredths, 100),
            "avg_estimation_median": divided(hundredths.median(), 100),
            "duration_mean_seconds": duration.mean(),
            "duration_median_seconds": duration.median(),
            "duration_p90_seconds": ninth_decile(duration),
            "auto_flip_share": pl.col("was_auto_flip").mean(),
        }
    )


_FIGURES: Mapping[str, pl.Expr] = _figures()
_COLUMNS: Mapping[str, pl.DataType] = {
    name: pl.Int64() if name in _COUNTS else pl.Float64() for name in _FIGURES
}


def _weekday(column: str) -> pl.Expr:
    return pl.col(column).dt.weekday().alias("weekday")


def _per_weekday(
    votes: pl.LazyFrame, period: Period, **further: pl.Expr
) -> pl.LazyFrame:
    """Return weekday and votes, and `further` sums over its days: day, count."""
    counts = per_day(votes, "voted_at", period).group_by(_weekday("day"))
    return counts.agg(votes=pl.col("count").sum(), **further).sort("weekday")


def _weekdays() -> pl.LazyFrame:
    return pl.LazyFrame(
        {"weekday": range(1, 8), "weekday_name": WEEKDAYS},
        schema={"weekday": pl.Int8, "weekday_name": pl.String},
    )


def _add(frame: pl.LazyFrame, per_weekday: pl.LazyFrame) -> pl.LazyFrame:
    return frame.join(per_weekday, on="weekday", how="left", maintain_order="left")


def _since_votes(query: Query) -> Query:
    """Return a query whose data begins with the votes, where those begin later."""
    begins = query.later_begins.get(VOTES.name, query.data_begins)
    return replace(query, data_begins=begins)


def _days(query: Query) -> pl.LazyFrame:
    """Return weekday, days, and whole_days: how many are in the period, how many whole.

    A weekday without any has no row.
    """
    known, day = query.known, pl.col("bucket")
    days = axis(known.first_day, known.last_day, "day")
    return days.group_by(_weekday("bucket")).agg(
        days=row_count(), whole_days=count_where(_is_whole(day, query))
    )


def _known_hours(query: Query) -> Period:
    """Return the period after the first day of the data, if that is not all of it."""
    known, begins = query.known, query.data_begins
    if begins is None or not known.first_day == begins < known.last_day:
        return known
    after = begins + timedelta(days=1)
    return replace(known, start=Period.of_days(after, after, query.zone).start)


def _is_whole(day: pl.Expr, query: Query) -> pl.Expr:
    """Return whether days of a period are wholly in it, and after the data's first."""
    known = query.known
    first, last = known.first_day, known.last_day
    days = Period.of_days(first, last, query.zone)
    cut = days.start < known.start or first == query.data_begins
    return day.is_between(
        first + timedelta(days=cut), last - timedelta(days=known.end < days.end)
    )


def _hours_inside(period: Period) -> list[float]:
    """Return how often each hour of the day is in a period, in part as a fraction.

    As clocks show it: one that they skip as they change is not there on that day, and
    one that they repeat is there twice.
    """
    inside = [0.0] * 24
    for clocks in on_the_clock(period):
        for hour in range(24):
            before, after = (_times_passed(clock, hour) for clock in clocks)
            inside[hour] += after - before
    return inside


def _times_passed(clock: datetime, hour: int) -> float:
    """Return how often an hour of the day was over since the year 1, in part too."""
    midnight = datetime.combine(clock.date(), time.min)
    today = min(max((clock - midnight) / _HOUR - hour, 0.0), 1.0)
    return clock.toordinal() + today


def _days_with_hours(period: Period) -> list[int]:
    """Return how many days have each hour of the week in a period, at least in part.

    From Monday 0:00, by the clock: a day on which the clocks skip it does not have it.
    """
    if not period.length:
        return [0] * 7 * 24
    start, end = clocks_shown(period)
    counts = [
        same_weekdays(start, end, weekday, time(hour), _HOUR)
        for weekday in range(1, 8)
        for hour in range(24)
    ]
    for skipped in _skipped_hours(period):
        if start < skipped + _HOUR and skipped < end:
            counts[24 * skipped.weekday() + skipped.hour] -= 1
    return counts


def _skipped_hours(period: Period) -> Iterator[datetime]:
    """Yield the whole hours that clocks never show, since they go forward."""
    # Clocks may skip the first hour of the period's first day.
    since = period.start - timedelta(seconds=1)
    offset, changes = clock_changes(period.zone, since, period.end)
    for when, by in changes:
        first = datetime(1970, 1, 1) + timedelta(seconds=when + offset)
        offset += by
        last = first + timedelta(seconds=by)
        hour = first.replace(minute=0, second=0)
        while hour + _HOUR <= last:
            if hour >= first:
                yield hour
            hour += _HOUR


_HOUR = timedelta(hours=1)


def busiest_weekday(frame: pl.DataFrame) -> str | None:
    """Name the weekdays with clearly more votes than the average day, or fewer."""
    if int(frame["votes"].sum()) < MINIMUM_SAMPLE:
        return None
    days = frame.drop_nulls("votes_per_day")
    # One weekday has none to be compared with.
    if days.height < 2:
        return None
    # Weighted by days: a mean of seven means would give a rare weekday too much.
    votes = (days["votes_per_day"] * days["days"]).round()
    average = int(votes.sum()) / int(days["days"].sum())
    parts: list[str] = []
    for verdict, word in ((HIGHER, "busier"), (LOWER, "quieter")):
        clear = days.filter(pl.col("votes_per_day_verdict") == verdict)
        if not clear.is_empty():
            parts.append(f"{_weekdays_named(clear, unit=not parts)} {word}")
    if parts:
        return f"{' and '.join(parts)} than the average day ({_average(average)})."
    if days["votes_per_day_verdict"].null_count() == days.height:
        return (
            f"Too few rooms to compare weekdays: about {_average(average)} votes a day."
        )
    return (
        f"No clear difference between weekdays: about {_average(average)} votes a day."
    )


def _weekdays_named(days: pl.DataFrame, *, unit: bool) -> str:
    """Return weekdays with their votes: "Mondays (2.0) are"; one day "was"."""
    names = [
        name if count == 1 else f"{name}s"
        for name, count in days.select("weekday_name", "days").iter_rows()
    ]
    are = "are" if min(days["days"]) > 1 else "was" if len(names) == 1 else "were"
    # A single day has a count, no average.
    once = max(days["days"]) == 1
    span = _span(days["votes_per_day"], 0 if once else 1)
    votes = " votes a day" if not once else " vote" if span == "1" else " votes"
    return f"{listed(names)} ({span}{votes if unit else ''}) {are}"


def _span(values: pl.Series, digits: int) -> str:
    low, high = (_average(value, digits) for value in (min(values), max(values)))
    return low if low == high else f"{low}–{high}"


def _average(votes: float, digits: int = 1) -> str:
    """Print votes a day with the digits that a rare one needs: 0.04."""
    return fixed(votes, digits_in_print(votes, digits))


def _busiest(hours: pl.DataFrame) -> str:
    """Return how many votes the busiest hours of the week have, and which one if one.

    `hours` has a row for each hour that no other one exceeds per day. Of a weekday that
    is there more often, another one may have more in all.
    """
    row = hours.row(0, named=True)
    # Where a weekday is there once, its count is no average.
    once = bool((hours["votes"] == hours["votes_per_day"]).all())
    votes = (
        counted(row["votes"], "vote")
        if once
        else f"{_average(row['votes_per_day'])} votes on average"
    )
    # With a tie, naming one hour would be arbitrary.
    if hours.height > 1:
        return f"{hours.height} hours of the week are the busiest: {votes} each"
    day = row["weekday_name"] if once else f"{row['weekday_name']}s"
    return f"The busiest hour was on {day}, {_runs(hours['hour'])}: {votes}"


def _runs(hours: pl.Series) -> str:
    """Return whole hours, in order, as spans: those that follow each other are one."""
    first = hours.filter(hours.diff().fill_null(2) > 1)
    last = hours.filter(hours.diff(-1).fill_null(-2) < -1)
    return listed(
        [f"{a:02}:00–{b + 1:02}:00" for a, b in zip(first, last, strict=True)]
    )


def busiest_hour(frame: pl.DataFrame) -> str | None:
    """Name the hour of the week with most votes, and hours that clearly differ."""
    if int(frame["votes"].sum()) < MINIMUM_SAMPLE:
        return None
    most = frame["votes_per_day"].max()
    # All votes may be of the data's first day, which says nothing per day.
    if not most:
        return None
    start = _busiest(frame.filter(pl.col("votes_per_day") == most))
    parts: list[str] = []
    for verdict, word in ((HIGHER, "busier"), (LOWER, "quieter")):
        clear = frame.filter(pl.col("hour_verdict") == verdict)["hour"].unique().sort()
        if not clear.is_empty():
            than = "" if parts else " than the average hour"
            parts.append(f"clearly {word}{than}: {_runs(clear)}")
    if frame["hour_verdict"].null_count() == frame.height:
        return f"{start}; too few rooms to compare hours."
    if not parts:
        return f"{start}; no hour stands out clearly."
    # The hour of the week may be among these hours of the day: say what they are of.
    return f"{start}. All days together, {'; '.join(parts)}."


TABLES = (
    table("votes_totals", "Vote totals", totals, VOTES),
    table("votes_over_time", "Votes over time", over_time, VOTES),
    table(
        "votes_by_weekday",
        "Votes by weekday",
        by_weekday,
        VOTES,
        answer=busiest_weekday,
    ),
    table(
        "votes_by_weekday_and_hour",
        "Votes by weekday and hour",
        by_weekday_and_hour,
        VOTES,
        answer=busiest_hour,
    ),
    table("estimates", "Estimations by card", estimations_by_card, ESTIMATIONS),
    table("round_durations", "Duration", durations, VOTES),
    table("team_sizes", "Team size", team_sizes, VOTES),
    table("spread", "Spread", spread, VOTES),
    table("rounds", "Votes, newest first", newest_first, VOTES),
)
