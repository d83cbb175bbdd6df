"""Time zones: days and hours as the clocks of a place show them.

Rows keep their UTC timestamps. Only what asks for a day, a weekday or an hour adds the
zone's offset, so that order and durations are exact when the clocks change, and a day
has 23 or 25 hours.
"""

from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo, ZoneInfoNotFoundError

import polars as pl
from polars import selectors
from polars.exceptions import ComputeError

UTC_ZONE = ZoneInfo("UTC")
_INSTANT = pl.Series([0], dtype=pl.Datetime("us", "UTC"))
LONGEST_NAME = 64
"""Characters of a zone's name that are looked up; real ones have up to 32."""
# Clocks never change twice within.
_STEP = timedelta(days=7)
# Changes that are compared one by one; more are searched.
_FEW = 3


def zone_of(name: str) -> ZoneInfo | None:
    """Return the zone of an IANA name such as Europe/Berlin or utc; else None.

    A blank is read as the plus of Etc/GMT+3, which a link loses, or as the underscore
    of America/New_York.
    """
    # Without a name the folder of all zones would be searched for it. Over a wrong name
    # Polars works for a second per 1,000 characters.
    if not name or len(name) > LONGEST_NAME:
        return None
    # No zone's name has a blank.
    names = [name.replace(" ", sign) for sign in "+_"] if " " in name else [name]
    return next(filter(None, map(_known, names)), None)


def _known(name: str) -> ZoneInfo | None:
    return _zone(name) or _zone(name.upper()) or _zone(_spelled(name))


def _spelled(name: str) -> str:
    """Return the name as the system's files spell it: US/Eastern for us/eastern."""
    for root in TZPATH:
        place = Path(root)
        for part in name.casefold().split("/"):
            files = place.iterdir() if place.is_dir() else ()
            found = [file for file in files if file.name.casefold() == part]
            if not found:
                break
            place = found[0]
        else:
            return place.relative_to(root).as_posix()
    return name.title()


def _zone(name: str) -> ZoneInfo | None:
    try:
        # Polars does not know a system's own names, such as localtime or posix/UTC.
        _INSTANT.dt.convert_time_zone(name)
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, ComputeError):
        return None


def to_local(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return a UTC instant as the clocks of the zone show it.

    On the first and last day that dates can have it stays as it is.
    """
    try:
        return moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return moment


def to_utc(clock: datetime, zone: ZoneInfo) -> datetime:
    """Return when the clocks of the zone first show this time, in UTC.

    A time that the clocks skip is read as if they did so later: midnight, where they
    skip an hour from midnight on, is the instant of the skip.
    """
    # Python reads a skipped or repeated time with the offset before the change.
    return clock.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def in_zone(frame: pl.DataFrame, zone: ZoneInfo) -> pl.DataFrame:
    """Return a finished table with its UTC timestamps in the zone: the same instants.

    Their type carries the zone, so that a heading can name it and a CSV has the offset.
    """
    times = selectors.datetime(time_zone=None)
    return frame.with_columns(
        times.dt.replace_time_zone("UTC").dt.convert_time_zone(zone.key)
    )


def as_clocks_show(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table `in_zone` with its timestamps as clocks there show them."""
    return frame.with_columns(
        selectors.datetime(time_zone="*").dt.replace_time_zone(None)
    )


def local_seconds(
    seconds: pl.Expr, zone: ZoneInfo, start: datetime, end: datetime
) -> pl.Expr:
    """Return seconds since 1970 as the clocks of the zone count them.

    Exact for instants from `start` to `end` (UTC); a longer span costs more.
    Polars' own conversion takes fifteen times as long: it looks up each row's offset
    in the rules of the zone, instead of comparing with a few changes of the clock.
    """
    first, changes = clock_changes(zone, start, end)
    local = seconds + first if first else seconds
    # Decades have a hundred changes: a search beats as many comparisons per row.
    if len(changes) > _FEW:
        offsets = list(accumulate((by for _, by in changes), initial=first))
        whens = pl.lit(pl.Series([when for when, _ in changes], dtype=pl.Int64))
        place = whens.search_sorted(seconds, "right")
        return seconds + pl.lit(pl.Series(offsets, dtype=pl.Int64)).gather(place)
    for when, by in changes:
        local += (seconds >= when).cast(pl.Int64) * by
    return local


def clock_changes(
    zone: ZoneInfo, start: datetime, end: datetime
) -> tuple[int, list[tuple[int, int]]]:
    """Return the offset at `start`, and each change until `end`: when, by how much.

    All in seconds, `when` since 1970. A change in the week after `end` may be there.
    """
    moment = start.replace(tzinfo=UTC)
    first = offset = _offset(moment, zone)
    changes: list[tuple[int, int]] = []
    if zone == UTC_ZONE:
        return 0, changes
    while moment < end.replace(tzinfo=UTC):
        after = moment + _STEP
        if _offset(after, zone) != offset:
            low, high = int(moment.timestamp()), int(after.timestamp())
            # The clocks change once within the step; halving finds the second.
            while high - low > 1:
                middle = (low + high) // 2
                same = _offset(datetime.fromtimestamp(middle, UTC), zone) == offset
                low, high = (middle, high) if same else (low, middle)
            changes.append((high, _offset(after, zone) - offset))
            offset += changes[-1][1]
        moment = after
    return first, changes


def _offset(moment: datetime, zone: ZoneInfo) -> int:
    offset = moment.astimezone(zone).utcoffset() or timedelta()
    return int(offset.total_seconds())
