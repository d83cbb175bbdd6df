"""What lives on: room health, retention."""

from datetime import date, datetime, timedelta
from statistics import median

from tests.metrics.oracle.teams import all_pairs
from tests.metrics.oracle.world import World, rate

SPAN = timedelta(days=28)
FIRST_MONDAY = date(2024, 6, 3)


def health(world: World, now: datetime) -> dict[int, float]:
    """The points of each room with a vote until now."""
    known = [r for r in world.estimated if r.at < now]
    return {room: _points(world, room, now) for room in {r.room for r in known}}


def _points(world: World, room: int, now: datetime) -> float:
    lately = [r for r in world.estimated if r.room == room and now - SPAN <= r.at < now]
    if not lately:
        return 0.0
    weeks = {(now - r.at - timedelta.resolution) // timedelta(days=7) for r in lately}
    users = median(r.amount for r in lately)
    pairs, _, close = all_pairs(lately)
    near = close / pairs if pairs else 0.0
    idle = (now - max(r.at for r in lately)) / SPAN
    return 25 * (min(len(weeks) / 2, 1) + min(users / 4, 1) + near + max(0, 1 - idle))


def gone_quiet(world: World, now: datetime) -> list[int]:
    """Rooms that exist, with 70 points four weeks ago and less than 40 now."""
    before, after = health(world, now - SPAN), health(world, now)
    is_so = {r for r, points in before.items() if points >= 70 > 40 > after[r]}
    return sorted(is_so & world.spaces.keys())


def retention(
    world: World, now: datetime, who: str, weeks: int, cohorts: int
) -> list[tuple[date, int, int, int | None, float | None, int | None]]:
    """Cohort, size, age, alive, share, alive then or later; oldest cohort first."""
    lives = _lives(world, now, who, weeks)
    first = {key: min(buckets) for key, buckets in lives.items()}
    latest = _bucket(now - timedelta.resolution, weeks)
    cells = []
    for cohort in range(latest - cohorts + 1, latest + 1):
        members = [key for key, began in first.items() if began == cohort]
        for age in range(cohorts):
            there = sum(cohort + age in lives[key] for key in members)
            alive = there if cohort + age <= latest else None
            share = None if alive is None else rate(alive, len(members))
            start = FIRST_MONDAY + timedelta(weeks=weeks * cohort)
            still = sum(max(lives[key]) >= cohort + age for key in members)
            later = None if alive is None else still
            cells.append((start, len(members), age, alive, share, later))
    return cells


def _lives(
    world: World, now: datetime, who: str, weeks: int
) -> dict[int | str, set[int]]:
    lives: dict[int | str, set[int]] = {}
    if who == "rooms":
        acts = [(r.room, r.at) for r in world.votes if r.amount >= 2]
    else:
        acts = [(g.who, g.at) for r in world.votes for g in r.own]  # type: ignore[misc]
    for key, time in acts:
        if time < now:
            lives.setdefault(key, set()).add(_bucket(time, weeks))
    return lives


def _bucket(time: datetime, weeks: int) -> int:
    return (time.date() - FIRST_MONDAY).days // (7 * weeks)
