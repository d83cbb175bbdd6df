"""Teams: which there are, their members, how they estimate, and when they meet."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from simulation.places import BY_CODE, Country, any_country
from simulation.timeline import DAY, HOUR, MINUTE, TimeLine, random_for, weekday
from simulation.users import TEAMS, User, draw_user, invited_source, visitor_source

_DRIFTING = ("Apollo", "Gemini", "Mercury", "Skylab", "Soyuz", "Voyager")
WENT_QUIET = ("Phoenix", "Kraken", "Wombats")
"""Healthy teams that stop to meet."""
_BRAZILIAN = 9
_TEAMS_A_WEEK = (0.7, 1.7)
_FIRST_TEAMS = 7
_TRIALS_A_DAY = (0.5, 1.9)
_NEVER = 1 << 30
# Spread of the estimations of the drifting teams, before they drift.
_IN_AGREEMENT = 0.3
# Spread that the drift adds until today.
_DRIFT = 0.9
# Share of members who are replaced between two meetings.
_TURNOVER = 0.02

_AWKWARD_NAMES = (
    "=1+1",
    "<b>x</b>",
    "@équipe",
    "+grün",
    "-блок",
    'a,b;"c"',
    "スクラム",
)

_FIRST = (
    *("Atlas", "Blue", "Cargo", "Delta", "Echo", "Falcon", "Green", "Happy", "Iron"),
    *("Jade", "Kiwi", "Lunar", "Mango", "Nova", "Orbit", "Pixel", "Quick", "Red"),
    *("Sigma", "Tango", "Ultra", "Violet", "Wild", "Xenon", "Yeti", "Zen"),
)
_SECOND = (
    *("Bears", "Core", "Crew", "Devs", "Foxes", "Guild", "Hawks", "Lab", "Owls"),
    *("Pirates", "Squad", "Team", "Tribe", "Unit"),
)


@dataclass(slots=True)
class Team:
    """Users who share a room; a room that is tried once is a team of one day."""

    room: int
    name: str
    country: Country
    members: list[User]
    watches: set[int]
    """Which members, by place, are spectators."""
    spread: float
    """Standard deviation of first estimations, in steps of the scale."""
    days: tuple[int, ...]
    """On which days it plans to meet."""
    hour: float
    """When it meets, local time."""
    auto_flip_from: int
    """The day from which its room flips the cards by itself."""
    drifts: bool = False
    """Whether it agrees less and less in the last weeks."""
    undecided: bool = False
    """Whether auto-flip is on at some of its meetings and off at others."""
    trial: bool = False
    """Whether it only tries the product: few votes, no rhythm."""
    known: set[str] = field(default_factory=set)
    """Members who have been in the room before."""

    def spread_on(self, day: int, line: TimeLine) -> float:
        """Return the spread of that day; drifting teams drift faster and faster."""
        if not self.drifts or day < line.drift_since:
            return self.spread
        progress = (day - line.drift_since) / (line.today - line.drift_since)
        return self.spread + _DRIFT * progress**3

    def flips_on(self, day: int) -> bool:
        """Return whether the room flips the cards by itself on that day."""
        if self.undecided:
            # By fortnight: a team that meets every other week does both within four.
            return (day // 14 + self.room) % 2 == 0
        return day >= self.auto_flip_from

    def meetings(self, rng: random.Random, line: TimeLine) -> Iterator[int]:
        """Yield when its meetings start, leaving out holidays and the outage."""
        for day in self.days:
            jitter = rng.choice((0, 0, 0, 15, 30)) * MINUTE + rng.randrange(240)
            local = int(self.hour * HOUR) + jitter
            start = day * DAY + local - self.country.utc_offset * HOUR
            held = rng.random() < 0.95 * line.season(day)
            if held and day <= line.today and not line.is_down(start):
                yield start

    def replace_leavers(self, rng: random.Random) -> None:
        """Replace a member by a new user now and then."""
        for place in range(len(self.members)):
            if rng.random() < _TURNOVER:
                self.members[place] = draw_user(rng, self.country, invited_source(rng))


def sprint_days(first: int, last: int, step: int, also: int | None) -> tuple[int, ...]:
    """Return every `step`-th day, and with `also` a second day in each sprint."""
    days = range(first, last + 1, step)
    if also is None:
        return tuple(days)
    return tuple(d for day in days for d in (day, day + also) if d <= last)


@dataclass(frozen=True, slots=True)
class Plan:
    """A room before its first meeting."""

    days: tuple[int, ...]
    size: int
    country: Country
    name: str | None = None
    drifts: bool = False
    trial: bool = False


def teams(seed: int, line: TimeLine) -> list[Team]:
    """Return every team, with room ids in the order of their first meetings."""
    rng = random_for(seed, "teams")
    plans = [*_planted(rng, line), *_ordinary(rng, line), *_trials(rng, line)]
    plans.sort(key=lambda plan: plan.days[0])
    names = room_names(rng)
    return [
        _team(rng, room, plan, plan.name or next(names))
        for room, plan in enumerate(plans, start=1)
    ]


def _team(rng: random.Random, room: int, plan: Plan, name: str) -> Team:
    founder = TEAMS if rng.random() < 0.2 else visitor_source(rng)
    sources = [founder, *(invited_source(rng) for _ in range(plan.size - 1))]
    first = plan.days[0]
    life = plan.days[-1] - first
    return Team(
        room=room,
        name=name,
        country=plan.country,
        members=[draw_user(rng, plan.country, source) for source in sources],
        watches=_spectators(rng, plan.size),
        spread=_spread(rng, plan),
        days=plan.days,
        hour=min(max(rng.gauss(10.8, 1.9), 8), 15.75) // 0.25 * 0.25,
        auto_flip_from=rng.choice((0, _NEVER, _NEVER, first + int(life * 0.6))),
        drifts=plan.drifts,
        undecided=room % 3 > 0,
        trial=plan.trial,
    )


def _spread(rng: random.Random, plan: Plan) -> float:
    usual = rng.uniform(0.35, 0.85) + 0.035 * plan.size
    return _IN_AGREEMENT if plan.drifts else usual


def _spectators(rng: random.Random, size: int) -> set[int]:
    if size < 4 or rng.random() < 0.45:
        return set()
    return set(rng.sample(range(1, size), k=rng.choice((1, 1, 2))))


def _planted(rng: random.Random, line: TimeLine) -> Iterator[Plan]:
    """Yield the teams of the stories in the package's docstring."""
    for place, name in enumerate(_DRIFTING):
        first = line.monday - 7 * (50 + 3 * place) + 1 + place % 3
        country = any_country(rng)
        days = sprint_days(first, line.today, 7, 2)
        yield Plan(days, 7 + place % 3, country, name, drifts=True)
    for place, name in enumerate(WENT_QUIET):
        last = line.quiet_since - 1
        first = last - last % 7 - 7 * (40 + place)
        days = sprint_days(first + place, last, 7, 3)
        yield Plan(days, 5 + place, BY_CODE["DE"], name)
    for place in range(_BRAZILIAN):
        first = line.brazil_since + 2 * place
        first += 7 - first % 7 if first % 7 > 4 else 0
        days = sprint_days(first, line.today, 7, None)
        yield Plan(days, 4 + place % 4, BY_CODE["BR"])
    tel_aviv = sprint_days(line.monday - 7 * 30 - 1, line.today, 7, 3)
    yield Plan(tel_aviv, 5, BY_CODE["IL"])


def _ordinary(rng: random.Random, line: TimeLine) -> Iterator[Plan]:
    low, high = _TEAMS_A_WEEK
    for monday in range(0, line.today - 4, 7):
        starts = low + (high - low) * line.growth(monday) if monday else _FIRST_TEAMS
        for _ in range(int(starts) + (rng.random() < starts % 1)):
            yield _ordinary_plan(rng, monday)


def _ordinary_plan(rng: random.Random, monday: int) -> Plan:
    first = monday + rng.choices(range(5), weights=(1, 3, 3, 3, 1))[0]
    weeks = int(rng.expovariate(1 / 32)) + 1 if rng.random() < 0.75 else 2
    step, also = rng.choices(
        ((7, None), (14, None), (14, 7), (7, 2)), (40, 35, 15, 10)
    )[0]
    days = sprint_days(first, first + weeks * 7, step, also)
    size = rng.choices(range(2, 11), weights=(10, 18, 22, 20, 13, 8, 5, 2, 2))[0]
    return Plan(days, size, any_country(rng))


def _trials(rng: random.Random, line: TimeLine) -> Iterator[Plan]:
    low, high = _TRIALS_A_DAY
    for day in range(2, line.today + 1):
        starts = low + (high - low) * line.growth(day)
        starts *= weekday(day) * line.season(day)
        for _ in range(int(starts) + (rng.random() < starts % 1)):
            size = rng.choices((1, 2, 3, 4), weights=(45, 25, 18, 12))[0]
            again = (day, day + 7) if size > 2 and rng.random() < 0.4 else (day,)
            yield Plan(again, size, any_country(rng), trial=True)


def room_names(rng: random.Random) -> Iterator[str]:
    """Yield unique names of at most 15 characters, the awkward ones first."""
    yield from _AWKWARD_NAMES
    seen: set[str] = set()
    while True:
        name = _draw(rng)
        if name not in seen:
            seen.add(name)
            yield name


def _draw(rng: random.Random) -> str:
    if rng.random() < 0.55:
        return str(rng.randrange(100_000, 1_000_000))
    return f"{rng.choice(_FIRST)} {rng.choice(_SECOND)}"[:15]
