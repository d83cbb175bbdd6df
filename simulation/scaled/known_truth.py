"""Small histories of teams and visitors whose effects are known: none, or planted ones.

Teams start and end, and every team has its own way, so votes of one room are alike.
Nothing else differs: a reader who finds that talking, team size, a source, a country, a
weekday or the second half of a period makes a difference has found chance, unless
`Truth` says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from metrics.card_scale import SCALE
from metrics.tables import (
    BY_NAME,
    ESTIMATIONS,
    EVENTS,
    PAGE_VIEWS,
    ROOMS,
    USER,
    USERS,
    VOTES,
)
from simulation.scaled.draw import Flags, Ints, counted_up
from simulation.timeline import DAY

type Floats = npt.NDArray[np.float64]

WEEKS = 18
"""How long a history is."""
LAST = 28
"""Days before its end with planted effects over time: the second half of them,
or all of them."""
# Teams that meet in a week, on average.
_TEAMS = 150
# Weeks that a team exists, on average.
_LIFETIME = 26
_VOTES = 6
# Visitors without a team per day.
_VISITORS = 60
_MOBILE = 0.3
_WORTH = (0.14, 0.22, 0.22, 0.18, 0.12, 0.08, 0.04)
SOURCES = (
    "https://teams.microsoft.com/",
    "https://www.google.com/",
    "github.com",
    "cv",
)
COUNTRIES = ("DE", "AT", "FR", "BR")
DEVICES = ("desktop", "mobile")
# A Monday.
_ENDS = datetime(2026, 11, 23)


@dataclass(frozen=True, slots=True)
class Truth:
    """What makes a difference in a history; the defaults are no effect at all."""

    talking: float = 1.0
    """By what the spread of a vote after a wide one is multiplied."""
    re_voting: float = 1.0
    """How many agreeing votes are followed at once, of those that wide ones are."""
    large_teams: float = 1.0
    """By what the spread in teams of seven or more is multiplied."""
    later_spread: float = 1.0
    """The same for all teams in the second half of the last 28 days."""
    later_duration: float = 1.0
    """By what durations are multiplied in that half."""
    later_spectators: float = 0.0
    """Which part of estimators watches instead in that half."""
    later_talking: float = 1.0
    """By what the spread of re-votes is multiplied in that half."""
    auto_flip: float = 1.0
    """By what durations are multiplied where cards turn automatically."""
    source: float = 1.0
    """How many times as many team members come from the first source."""
    country: float = 0.0
    """Which part of the teams of the first country meets once only."""
    device: float = 0.0
    """Which part of mobile users stays away after the first meeting."""
    source_leaves: float = 0.0
    """Which part of users from the last source stays away after the first meeting."""
    weekday: float = 0.0
    """Which part of the teams moves its meeting to a Tuesday."""
    hour: float = 0.0
    """Which part of the teams moves its meeting to ten in the morning."""
    growth: float = 1.0
    """By what visitors of the second source are multiplied in the last 28 days."""
    outage: bool = False
    """Whether nothing happens on the tenth day before the end."""
    last_week: bool = False
    """Whether the last 7 days are others: twice the visitors and votes, which take
    twice as long and are a card higher, all with auto-flip, and 30% of estimators
    watch."""


@dataclass(frozen=True, slots=True)
class History:
    """The six tables by name, with users' numbers, and when they end."""

    tables: Mapping[str, pl.DataFrame]
    end: datetime


def history(seed: int, truth: Truth) -> History:
    """Return a history drawn from this seed."""
    return _Draw(np.random.default_rng(seed), truth).history()


class _Draw:
    """The dice of one history; times are seconds since its first day, a Monday."""

    def __init__(self, rng: np.random.Generator, truth: Truth) -> None:
        self.rng, self.truth = rng, truth
        self.begin = _ENDS - timedelta(weeks=WEEKS)
        self.end = WEEKS * 7 * DAY
        self.late = self.end - LAST // 2 * DAY
        self.last_week = self.end - 7 * DAY if truth.last_week else self.end
        self.mobile: Flags = np.zeros(0, dtype=bool)
        """Which members of teams use a phone."""
        self.source: Ints = np.zeros(0, dtype=np.int64)
        """Where they came from."""

    def history(self) -> History:
        teams = self._teams()
        count = int(teams["size"].sum())
        self.mobile = self.rng.random(count) < _MOBILE
        weights = np.array([self.truth.source, *[1.0] * (len(SOURCES) - 1)])
        self.source = self.rng.choice(len(SOURCES), count, p=weights / weights.sum())
        room, starts = self._meetings(teams)
        votes, rows = self._votes(teams, room, starts)
        visits = self._visitors(self.mobile.size)
        members = self._members(teams, room, starts)
        views = self._alive(pl.concat([members["views"], visits["views"]]), "viewed_at")
        used = room[np.unique(room, return_index=True)[1]]
        rooms = pl.DataFrame(
            {
                "id": used,
                "number": used + 1000,
                "name": [f"room {n}" for n in used],
                "first_used_at": [int(starts[room == n].min()) for n in used],
                "last_used_at": [int(starts[room == n].max()) for n in used],
            }
        )
        tables = {
            USERS.name: pl.concat([members["users"], visits["users"]]),
            ROOMS.name: rooms,
            PAGE_VIEWS.name: views,
            EVENTS.name: pl.DataFrame(
                schema={"event": pl.String, "event_at": pl.Int64, USER: pl.Int64}
            ),
            VOTES.name: self._alive(votes, "voted_at"),
            ESTIMATIONS.name: self._alive(rows, "estimated_at"),
        }
        return History(
            {name: self._typed(name, frame) for name, frame in tables.items()}, _ENDS
        )

    def _teams(self) -> dict[str, Ints]:
        """Draw every team that meets in the history, some from long before it."""
        rng, before = self.rng, 4 * _LIFETIME
        count = rng.poisson(_TEAMS / _LIFETIME * (WEEKS + before))
        first = rng.uniform(-before, WEEKS, count)
        weeks = rng.exponential(_LIFETIME, count)
        country = rng.integers(0, len(COUNTRIES), count)
        once = (country == 0) & (rng.random(count) < self.truth.country)
        weeks = np.where(once, 0.01, weeks)
        here = first + weeks > 0
        size = 2 + rng.poisson(3.2, count)
        moved = rng.random(count) < self.truth.weekday
        day = np.where(moved, 1, rng.integers(0, 7, count))
        at_ten = rng.random(count) < self.truth.hour
        of_day = np.where(at_ten, 10 * 3600, rng.integers(0, DAY, count))
        second = day * DAY + of_day
        return {
            "first": np.ceil(first[here]).astype(np.int64),
            "weeks": np.maximum(weeks[here], 0.01).astype(np.int64) + 1,
            "size": size[here],
            "second": second[here],
            "country": country[here],
        }

    def _meetings(self, teams: dict[str, Ints]) -> tuple[Ints, Ints]:
        """Return room and start of each meeting: one a week, one in eight left out."""
        room = np.repeat(np.arange(teams["size"].size), teams["weeks"])
        week = teams["first"][room] + counted_up(teams["weeks"])
        start = week * 7 * DAY + teams["second"][room]
        held = (week >= 0) & (week < WEEKS) & (self.rng.random(room.size) < 0.875)
        # Users are new at their first meeting, which is always held.
        held |= (counted_up(teams["weeks"]) == 0) & (week >= 0) & (week < WEEKS)
        return room[held], start[held]

    def _votes(
        self, teams: dict[str, Ints], room: Ints, starts: Ints
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Draw the votes of each meeting, and a row per member and vote."""
        rng, truth = self.rng, self.truth
        many = 1 + rng.poisson(np.where(starts >= self.last_week, 2, 1) * _VOTES)
        meeting, order = np.repeat(np.arange(room.size), many), counted_up(many)
        of = room[meeting]
        usual = rng.lognormal(-0.45, 0.35, teams["size"].size)
        large = np.where(teams["size"] >= 7, truth.large_teams, 1.0)
        late = starts[meeting] >= self.late
        last = starts[meeting] >= self.last_week
        spread = (usual * large)[of] * np.where(late, truth.later_spread, 1.0)
        watching = rng.random(int(teams["size"].sum())) < 0.1
        base = np.cumsum(teams["size"]) - teams["size"]
        seats = teams["size"][of]
        number = np.repeat(np.arange(of.size), seats)
        member = base[of][number] + counted_up(seats)
        once = np.isin(np.arange(room.size), np.unique(room, return_index=True)[1])
        stays = self.mobile & (rng.random(self.mobile.size) < truth.device)
        from_last = self.source == len(SOURCES) - 1
        stays |= from_last & (rng.random(self.source.size) < truth.source_leaves)
        there = once[meeting][number] | ~stays[member]
        number, member = number[there], member[there]
        lazy = np.where(late, truth.later_spectators, 0.0) + np.where(last, 0.3, 0.0)
        watches = watching[member] | (rng.random(number.size) < lazy[number])
        worth = np.searchsorted(np.cumsum(_WORTH), rng.random(of.size) * 0.999) + last
        noise = rng.standard_normal(number.size)
        place = _places(worth, spread, number, noise)
        wide = _wide(place, number, watches, of.size)
        again = np.zeros(of.size, dtype=bool)
        if truth.talking != 1 or truth.later_talking != 1:
            again[1:] = wide[:-1] & (order[1:] > 0) & (rng.random(of.size - 1) < 0.7)
            # A re-vote is about the same story, and the team has talked.
            before = np.maximum(np.arange(of.size) - 1, 0)
            worth = np.where(again, worth[before], worth)
            talking = np.where(late, truth.later_talking, truth.talking)
            tighter = np.where(again, talking, 1.0)
            place = _places(worth, spread * tighter, number, noise)
        flips = self._flips(teams["size"].size, room)[meeting] | last
        pace = rng.lognormal(3.6, 0.25, teams["size"].size)[of]
        factor = np.where(flips, truth.auto_flip, 1.0)
        factor = factor * np.where(late, truth.later_duration, 1.0)
        factor = factor * np.where(last, 2.0, 1.0)
        duration = (rng.lognormal(0, 0.5, of.size) * pace * factor).astype(np.int64) + 2
        pause = rng.exponential(60, of.size).astype(np.int64)
        slow = ~np.concatenate(([True], wide[:-1])) & (
            rng.random(of.size) > truth.re_voting
        )
        pause = np.where(slow, pause + 700, pause)
        took = np.cumsum(duration + pause)
        first = np.concatenate(([0], took))[(np.cumsum(many) - many)[meeting]]
        ends = starts[meeting] + took - first
        rows = pl.DataFrame(
            {
                "vote": number,
                USER: member,
                "room_id": of[number],
                "estimation": np.array(SCALE, dtype=np.int16)[place],
                "spectator": watches,
                "estimated_at": ends[number],
            }
        ).with_columns(pl.when(~pl.col("spectator")).then("estimation"))
        value = pl.col("estimation")
        summed = rows.group_by("vote").agg(
            avg_estimation=value.mean().fill_null(0),
            max_estimation=value.max().fill_null(1),
            min_estimation=value.min().fill_null(21),
            amount_of_estimations=value.count(),
            amount_of_spectators=pl.col("spectator").sum(),
        )
        votes = pl.DataFrame(
            {
                "vote": np.arange(of.size),
                "room_id": of,
                "duration": duration,
                "was_auto_flip": flips,
                "voted_at": ends,
            }
        )
        return votes.join(summed, on="vote", maintain_order="left"), rows

    def _flips(self, teams: int, room: Ints) -> Flags:
        """Draw which meetings turn cards automatically; half of the teams use both."""
        kind = self.rng.integers(0, 4, teams)[room]
        either = self.rng.random(room.size) < 0.5
        return np.where(kind == 0, False, np.where(kind == 1, True, either))

    def _members(
        self, teams: dict[str, Ints], room: Ints, starts: Ints
    ) -> dict[str, pl.DataFrame]:
        """Draw the members of teams, who view their room at each meeting."""
        count = int(teams["size"].sum())
        team = np.repeat(np.arange(teams["size"].size), teams["size"])
        users = self._users(
            np.arange(count), teams["country"][team], self.source, self.mobile
        )
        first = np.full(teams["size"].size, self.end)
        np.minimum.at(first, room, starts)
        # Teams from before the history are not new in it.
        born = np.where(teams["first"] < 0, -DAY, first - 60)[team]
        seats = teams["size"][room]
        base = (np.cumsum(teams["size"]) - teams["size"])[room]
        at = np.repeat(np.arange(room.size), seats)
        who = base[at] + counted_up(seats)
        views = pl.DataFrame(
            {
                USER: who,
                "route": ["ROOM"] * who.size,
                "room_id": room[at],
                "viewed_at": starts[at] - 30,
            }
        )
        is_first = pl.col("viewed_at") == pl.col("viewed_at").min().over(USER)
        source = pl.when(is_first).then(pl.col("source"))
        views = views.join(users.select(USER, "source"), on=USER).with_columns(source)
        return {
            "users": users.with_columns(created_at=pl.Series(born)).drop("source"),
            "views": views.select(USER, "route", "room_id", "source", "viewed_at"),
        }

    def _visitors(self, members: int) -> dict[str, pl.DataFrame]:
        """Draw visitors without a team: each views one page."""
        rng = self.rng
        last = np.arange(WEEKS * 7) * DAY >= self.last_week
        per_day = rng.poisson(np.where(last, 2, 1) * _VISITORS)
        day = np.repeat(np.arange(per_day.size), per_day)
        at = day * DAY + rng.integers(0, DAY, day.size)
        users = self._users(
            members + np.arange(day.size),
            rng.integers(0, len(COUNTRIES), day.size),
            rng.integers(0, len(SOURCES), day.size),
            rng.random(day.size) < _MOBILE,
        ).with_columns(created_at=pl.Series(at))
        views = users.select(
            USER,
            route=pl.lit("HOME"),
            room_id=pl.lit(None, pl.Int64),
            source="source",
            viewed_at="created_at",
        )
        more = self.truth.growth - 1
        lately = pl.col("viewed_at") >= self.end - LAST * DAY
        extra = views.filter(lately, pl.col("source") == SOURCES[1])
        copies = pl.concat([views, *[extra] * round(more)])
        return {"users": users.drop("source"), "views": copies}

    def _users(
        self, numbers: Ints, country: Ints, source: Ints, mobile: Flags
    ) -> pl.DataFrame:
        return pl.DataFrame(
            {
                USER: numbers,
                "country": np.array(COUNTRIES)[country],
                "device": np.array(DEVICES)[mobile.astype(np.int64)],
                "source": np.array(SOURCES)[source],
            }
        )

    def _alive(self, frame: pl.DataFrame, time: str) -> pl.DataFrame:
        """Leave out what the outage prevented, and what is not over."""
        day = pl.col(time) // DAY
        down = self.truth.outage & (day == WEEKS * 7 - 10)
        return frame.filter(pl.col(time).is_between(0, self.end - 1), ~down)

    def _typed(self, name: str, frame: pl.DataFrame) -> pl.DataFrame:
        table = BY_NAME[name]
        schema = table.numbered_schema
        frame = frame.sort(table.time, maintain_order=True)
        if "id" not in frame.columns and "id" in schema:
            frame = frame.with_row_index("id", offset=1)
        times = [c for c, dtype in schema.items() if dtype.is_temporal()]
        known = frame.with_columns(
            *(
                pl.lit(None, dtype).alias(column)
                for column, dtype in schema.items()
                if column not in frame.columns
            ),
            *(
                (pl.lit(self.begin) + pl.duration(seconds=column)).alias(column)
                for column in times
                if column in frame.columns
            ),
        )
        return known.select(schema.names()).cast(schema)


def _places(worth: Ints, spread: Floats, number: Ints, noise: Floats) -> Ints:
    off = np.rint(noise * spread[number])
    places: Ints = np.clip(worth[number] + off, 0, len(SCALE) - 1).astype(np.int64)
    return places


def _wide(place: Ints, number: Ints, watches: Flags, votes: int) -> Flags:
    low, high = np.full(votes, len(SCALE)), np.full(votes, -1)
    np.minimum.at(low, number[~watches], place[~watches])
    np.maximum.at(high, number[~watches], place[~watches])
    wide: Flags = high - low >= 2
    return wide
