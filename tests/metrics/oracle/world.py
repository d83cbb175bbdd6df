"""A small world of votes and users, drawn at random, as rows and as objects."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hypothesis import strategies as st

from metrics.frames import Frames
from tests.metrics import building

START = datetime(2026, 10, 5)
"""A Monday; all users are new on it."""
DAYS = 27
SCALE = (1, 2, 3, 5, 8, 13, 21)
MINIMUM_SAMPLE = 20
USERS = "abcdefgh"
DEVICES = (None, "desktop", "bot")


@dataclass(frozen=True)
class Given:
    """A row of one user in a vote: an estimation, an empty one, or a spectator's."""

    who: str
    at: datetime
    place: int | None
    watches: bool = False


@dataclass(frozen=True)
class Vote:
    """A vote and the rows that were written when it ended."""

    room: int
    at: datetime
    duration: int
    flip: bool
    rows: Sequence[Given]

    @property
    def own(self) -> list[Given]:
        """What users estimated themselves."""
        return [g for g in self.rows if g.place is not None and not g.watches]

    @property
    def amount(self) -> int:
        return len(self.own)

    @property
    def watching(self) -> int:
        return sum(given.watches for given in self.rows)

    @property
    def steps(self) -> int:
        places = [given.place for given in self.own if given.place is not None]
        return max(places) - min(places)

    @property
    def began(self) -> datetime:
        return self.at - timedelta(seconds=self.duration)

    @property
    def found(self) -> list[Given]:
        """Own estimations within two seconds of the end; votes are minutes apart."""
        near = timedelta(seconds=2)
        return [given for given in self.own if abs(given.at - self.at) <= near]


@dataclass(frozen=True)
class World:
    """All that happened."""

    votes: Sequence[Vote]
    acts: Sequence[tuple[str, datetime, str]]
    """Who did what when."""
    devices: Mapping[str, str | None]
    spaces: Mapping[int, datetime]
    """Rooms and when they were first used."""

    @property
    def estimated(self) -> list[Vote]:
        """Votes with an estimation, per room in order of time."""
        held = [vote_ for vote_ in self.votes if vote_.amount]
        return sorted(held, key=lambda r: (r.room, r.at))

    @property
    def given(self) -> list[tuple[int, Given]]:
        """All rows with their rooms, in order of time."""
        rows = [(r.room, given) for r in self.votes for given in r.rows]
        return sorted(rows, key=lambda row: row[1].at)

    @property
    def frames(self) -> Frames:
        """The same world as tables."""
        return building.frames(*self._rows())

    def _rows(self) -> Iterator[building.Row]:
        for who, device in self.devices.items():
            yield building.user(who, f"{START}", device=device)
        for room, first in self.spaces.items():
            yield building.room(room, f"room {room}", f"{first}")
        for who, time, what in self.acts:
            yield building.event(who, f"{time}", what)
        for vote_ in self.votes:
            yield _vote(vote_)
            for given in vote_.rows:
                value = None if given.place is None else SCALE[given.place]
                yield building.estimation(
                    given.who,
                    f"{given.at}",
                    value,
                    room=vote_.room,
                    spectator=given.watches,
                )


def _vote(vote_: Vote) -> building.Row:
    places = [given.place for given in vote_.own if given.place is not None]
    return building.vote(
        f"{vote_.at}",
        room=vote_.room,
        low=SCALE[min(places)] if places else 21,
        high=SCALE[max(places)] if places else 1,
        amount=len(places),
        spectators=vote_.watching,
        duration=vote_.duration,
        flip=vote_.flip,
    )


def day(number: int) -> date:
    return START.date() + timedelta(days=number)


def rate(part: int, n: int) -> float | None:
    """A share, hidden below 20 cases."""
    return part / n if n >= MINIMUM_SAMPLE else None


@st.composite
def _votes(draw: st.DrawFn, room: int) -> Vote:
    # Minutes that belong to one room: no two votes of the world end together.
    minute = 540 + 3 * draw(st.integers(0, 50)) + room
    ended = START + timedelta(days=draw(st.integers(0, DAYS)), minutes=minute)
    users = draw(st.sets(st.sampled_from(USERS), min_size=1))
    near = st.integers(-1, 1) | st.sampled_from([-3, -2, 0, 0, 0, 2, 3])
    place = st.sampled_from([None, *range(7), 2, 3, 2, 3])
    rows = [
        Given(
            who,
            ended + timedelta(seconds=draw(near)),
            draw(place),
            draw(st.integers(0, 5)) == 0,
        )
        for who in sorted(users)
    ]
    duration = draw(st.sampled_from([5, 30, 60, 120, 170, 900, 4000]))
    return Vote(room, ended, duration, draw(st.booleans()), rows)


_ACTS = st.tuples(
    st.sampled_from(USERS),
    st.integers(0, 60 * 24 * DAYS).map(lambda m: START + timedelta(minutes=m)),
    st.sampled_from(
        ["ENTERED_NEW_ROOM", "ENTERED_EXISTING_ROOM", "COPIED_ROOM_LINK", "LEFT_ROOM"]
    ),
)
VOTES = st.lists(
    st.integers(1, 3).flatmap(_votes),
    max_size=45,
    unique_by=lambda vote_: vote_.at,
)
WORLDS = st.builds(
    World,
    VOTES,
    st.lists(_ACTS, max_size=25),
    st.fixed_dictionaries({who: st.sampled_from(DEVICES) for who in USERS}),
    st.fixed_dictionaries(
        {room: st.just(START + timedelta(days=room)) for room in (1, 2)}
    ),
)


def _meetings() -> Iterator[Vote]:
    """Yield votes of one team, minutes apart, and votes that one user gives alone."""
    for number in range(96):
        alone = number % 8 == 7
        ended = START + timedelta(days=number // 32, minutes=540 + 3 * number)
        # Now and then all estimations are lost but those of another time.
        off = timedelta(seconds=3 if number % 9 == 0 else 0)
        places = [(number * number + 3 * seat * (number % 3)) % 7 for seat in range(5)]
        rows = [
            Given(who, ended + off, place)
            for who, place in zip("h" if alone else USERS, places, strict=False)
        ]
        yield Vote(3 if alone else 1, ended, 60, number % 4 == 0, rows)


MEETINGS = World(
    [*_meetings()],
    [(who, START + timedelta(hours=8), "ENTERED_EXISTING_ROOM") for who in USERS],
    dict.fromkeys(USERS),
    {1: START, 3: START + timedelta(days=1)},
)
"""What chance hardly ever draws: enough votes for rates, and second votes."""
