"""What changed between two periods, and how much figures usually change, in loops."""

import calendar
import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import mean, stdev

from tests.metrics.oracle.statistics import (
    comparisons,
    corrected,
    t_quantile,
    two_sided,
    verdict,
)
from tests.metrics.oracle.world import MINIMUM_SAMPLE

WEEKDAYS = [*calendar.day_name]
DIMENSIONS = ("country", "source", "room", "weekday")


@dataclass(frozen=True)
class Seen:
    """A page view: of whom, on which day, in which room, from where."""

    who: str
    day: date
    room: int | None
    source: str | None


@dataclass(frozen=True)
class Held:
    """A vote."""

    day: date
    room: int


type Days = Sequence[date]
"""All days of a period."""
type Found = dict[tuple[str, object], tuple[object, ...]]


def what_moved(
    views: Sequence[Seen],
    votes: Sequence[Held],
    countries: Mapping[str, str | None],
    now: Days,
    before: Days,
) -> Found:
    """Dimension and label (of rooms the id) → all other figures of the table.

    Rank, now, before, change, verdict, total before, contribution, explained.
    """
    both = [view for view in views if view.day in {*now, *before}]
    team: dict[str, int] = {}
    for view in both:
        if view.room is not None:
            team.setdefault(view.who, view.room)
    cells: dict[str, dict[object, dict[object, list[float]]]] = {
        name: defaultdict(lambda: defaultdict(lambda: [0.0, 0.0]))
        for name in DIMENSIONS
    }
    for side, days in enumerate((now, before)):
        for who in {view.who for view in both if view.day in days}:
            cells["country"][countries[who]][team.get(who, who)][side] += 1
        for view in both:
            if view.day in days:
                cluster = team.get(view.who, view.who)
                cells["source"][view.source][cluster][side] += 1
        for vote in votes:
            if vote.day in days:
                number = (vote.day - days[0]).days
                cells["room"][vote.room][number][side] += 1
                scale = _same_weekdays(now, vote.day) / _same_weekdays(before, vote.day)
                weekday = WEEKDAYS[vote.day.weekday()]
                cells["weekday"][weekday][vote.room][side] += scale if side else 1
    if min(len(now), len(before)) < 7:
        # Days of one weekday would be compared with those of another.
        cells["weekday"].clear()
    return _judged({name: _changes(cells[name]) for name in DIMENSIONS})


def _same_weekdays(days: Days, day: date) -> int:
    return max(1, sum(each.weekday() == day.weekday() for each in days))


@dataclass(frozen=True)
class Change:
    """A label's counts, and the p-value of their difference."""

    label: object
    now: int
    before: int
    p: float | None

    @property
    def change(self) -> int:
        return self.now - self.before


def _changes(labels: Mapping[object, Mapping[object, Sequence[float]]]) -> list[Change]:
    found = []
    for label, clusters in labels.items():
        counts = [*clusters.values()]
        # Scaled counts are rounded, halves up.
        now, before = (
            math.floor(round(sum(each[side] for each in counts), 6) + 0.5)
            for side in (0, 1)
        )
        error = math.sqrt(sum((a - b) ** 2 for a, b in counts))
        larger = [max(each) for each in counts]
        telling = sum(larger) ** 2 / sum(size**2 for size in larger)
        known = telling >= 6 and error > 0
        p = two_sided((now - before) / error, telling) if known else None
        found.append(Change(label, now, before, p))
    return found


def _judged(dimensions: Mapping[str, Sequence[Change]]) -> Found:
    changed = {
        (name, each.label): each
        for name, labels in dimensions.items()
        for each in labels
        if each.change
    }
    known: dict[Hashable, float] = {
        key: c.p for key, c in changed.items() if c.p is not None
    }
    ps = corrected(known, comparisons(known))
    found: Found = {}
    for name, labels in dimensions.items():
        total = sum(each.before for each in labels)
        whole = sum(each.change for each in labels)
        enough = total >= MINIMUM_SAMPLE
        moved = [each for each in labels if each.change]
        moved.sort(key=lambda c: (-abs(c.change), c.label is None, c.label))
        for rank, each in enumerate(moved, 1):
            found[name, each.label] = (
                *(rank, each.now, each.before, each.change),
                verdict(ps.get((name, each.label)), each.change),
                total,
                each.change / total if enough else None,
                each.change / whole if enough and whole else None,
            )
    return found


def usual_range(
    values: Callable[[Days], float | None],
    periods: Iterable[tuple[Days, Days]],
    cases: Callable[[Days], float | None],
    *,
    share: bool,
    begins_earlier: bool,
) -> tuple[int, float | None, float | None]:
    """Earlier pairs, and between which changes one more is in 95 of 100 cases.

    `begins_earlier`: there are rows before all pairs. Of few `cases` there is none.
    """
    pairs, changes, fell = [*periods], [], False
    known = [bool(cases(before)) for _, before in pairs]
    if True in known and not (known[-1] and begins_earlier):
        # The data may begin in the middle of that period.
        pairs = pairs[: len(known) - 1 - known[::-1].index(True)]
    for now, before in pairs:
        a, b = values(now), values(before)
        if a is None or b is None:
            continue
        if share:
            changes.append(a - b)
        elif a > 0 and b > 0:
            changes.append(math.log(a / b))
        elif b > 0:
            fell = True
    n = len(changes)
    # Each week after the one before: a rise is followed by a fall.
    freedom = 2 / 3 if periods_touch(pairs) else 1 / 2
    if (
        n < 6
        or mean(cases(days) or 0 for pair in pairs for days in pair) < MINIMUM_SAMPLE
    ):
        return n, None, None
    half = t_quantile(freedom * (n - 1)) * stdev(changes) * math.sqrt(1 + 1 / n)
    low, high = mean(changes) - half, mean(changes) + half
    # One end a hundred times the other, or a hundred points above it: no news.
    if high - low > (1 if share else math.log(100)):
        return n, None, None
    # What has been before is no news.
    low, high = min(low, *changes), max(high, *changes)
    if share:
        return n, max(low, -1), min(high, 1)
    return n, -1 if fell else math.exp(low) - 1, math.exp(high) - 1


def periods_touch(pairs: Sequence[tuple[Days, Days]]) -> bool:
    return len(pairs) > 1 and [*pairs[0][1]] == [*pairs[1][0]]


def earlier(now: Days, before: Days) -> Iterable[tuple[Days, Days]]:
    """The twelve earlier pairs of periods: moved back by whole weeks."""
    step = timedelta(weeks=-(-len(now) // 7))
    for back in range(1, 13):
        yield [day - back * step for day in now], [day - back * step for day in before]
