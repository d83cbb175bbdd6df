"""Who did what and when, in one 64-bit number, so that one sort orders all three.

user * 2**32 and a little + second, times 4, + kind: MySQL's timestamps are whole
seconds from 1970 to 2106. The little makes it whole days, so that one division gives
user and day. Sorting these takes a fifteenth of the time of sorting two columns.
"""

from datetime import datetime, timedelta
from typing import Literal

import polars as pl

type Kind = Literal["view", "event", "estimation", "watching"]

_KINDS: dict[Kind, int] = {"view": 0, "event": 1, "estimation": 2, "watching": 3}
_EPOCH = datetime(1970, 1, 1)
_KIND = 4
_DAY = 86_400
# Days until the last second of 32 bits.
_DAYS = 49_711
_SPAN = _DAYS * _DAY
# The key of user `tables.MOST_USERS` - 1 still fits into 64 bits.


def seconds(time: pl.Expr) -> pl.Expr:
    """Return a timestamp as whole seconds since 1970."""
    return time.to_physical() // 1_000_000


def pack(user_number: pl.Expr, time: pl.Expr, kind: pl.Expr) -> pl.Expr:
    """Return an activity as one number; times outside 1970-2106 move to its ends."""
    # A stray second beyond the span would be one of another user.
    second = seconds(time).clip(0, _SPAN - 1).cast(pl.UInt64)
    return (user_number.cast(pl.UInt64) * _SPAN + second) * _KIND + kind


def kind(name: Kind) -> pl.Expr:
    """Return a kind as `pack` takes it."""
    return pl.lit(_KINDS[name], pl.UInt64)


def either(first: Kind, condition: pl.Expr, second: Kind) -> pl.Expr:
    """Return the first kind where a condition is known to be true, else the second."""
    return pl.when(condition).then(kind(first)).otherwise(kind(second))


def is_kind(act: pl.Expr, name: Kind) -> pl.Expr:
    """Return whether a packed number is of a kind."""
    return act % _KIND == _KINDS[name]


def is_of_estimations(act: pl.Expr) -> pl.Expr:
    """Return whether a packed number is a row of estimations, spectators included."""
    return act % _KIND >= _KINDS["estimation"]


def is_later(act: pl.Expr, time: datetime) -> pl.Expr:
    """Return whether a packed number is strictly later than a timestamp in UTC."""
    seconds = (time - _EPOCH) // timedelta(seconds=1)
    return act % (_KIND * _SPAN) >= (seconds + 1) * _KIND


def is_within(act: pl.Expr, start: datetime, end: datetime) -> pl.Expr:
    """Return whether a packed number is in a half-open span of whole seconds."""
    time = act % (_KIND * _SPAN)
    first, after = (-((_EPOCH - at) // timedelta(seconds=1)) for at in (start, end))
    return (time >= first * _KIND) & (time < after * _KIND)


def moment(act: pl.Expr) -> pl.Expr:
    """Return user and second: differences are seconds, or huge between users."""
    return act // _KIND


def user_number(act: pl.Expr) -> pl.Expr:
    """Return the user's number."""
    return act // (_KIND * _SPAN)


def second(moment: pl.Expr) -> pl.Expr:
    """Return the second of a moment, since 1970."""
    return moment % _SPAN


def at_local_time(act: pl.Expr, seconds: pl.Expr) -> pl.Expr:
    """Return a packed number with another second, at most a day away.

    Days and hours of it are those of another clock, such as a local one.
    """
    local = seconds.clip(0, _SPAN - 1)
    # Unsigned numbers have no difference below zero.
    ahead = (local - act_second(act) + _DAY).cast(pl.UInt64) * _KIND
    return act + ahead - _DAY * _KIND


def act_second(act: pl.Expr) -> pl.Expr:
    """Return the second of a packed number since 1970, as Int64."""
    return (act % (_KIND * _SPAN) // _KIND).cast(pl.Int64)


def user_day(act: pl.Expr) -> pl.Expr:
    """Return user and day of a packed number, like `owner_day`."""
    return act // (_KIND * _DAY)


def owner_day(owner: pl.Expr, day: pl.Expr) -> pl.Expr:
    """Return whose day it is and which, as one number that orders by both.

    Days outside 1970-2106 move to its ends.
    """
    return owner.cast(pl.Int64) * _DAYS + day.clip(0, _DAYS - 1)


def split_owner_day(key: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Return owner and day of `owner_day`."""
    return key // _DAYS, key % _DAYS


def changes(key: pl.Expr) -> pl.Expr:
    """Return whether a value differs from the one before; the first does."""
    return (key != key.shift()).fill_null(value=True)
