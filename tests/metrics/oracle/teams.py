"""How teams estimate: consensus, agreement, convergence, time, auto-flip."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import combinations, groupby, pairwise
from statistics import mean, median

from tests.metrics.oracle.world import MINIMUM_SAMPLE, Vote, World, rate

Figures = dict[str, float | None]


def hide_small_samples(value: float, n: int) -> float | None:
    return value if n >= MINIMUM_SAMPLE else None


def consensus(world: World) -> Figures:
    steps = [r.steps for r in world.votes if r.amount >= 2]
    n = len(steps)
    same, near, split = (
        (
            sum(test)
            for test in zip(*((s == 0, s <= 1, s >= 3) for s in steps), strict=True)
        )
        if steps
        else (0, 0, 0)
    )
    return {
        "rounds": n,
        "consensus_rounds": same,
        "near_rounds": near,
        "split_rounds": split,
        "consensus": rate(same, n),
        "near_consensus": rate(near, n),
        "split": rate(split, n),
        "mean_steps": mean(steps) if n >= MINIMUM_SAMPLE else None,
    }


def agreement(world: World) -> Figures:
    votes = [r for r in world.votes if r.amount >= 2]
    agreeing = outliers = estimates = covered = 0
    for vote_ in votes:
        places = [g.place for g in vote_.found if g.place is not None]
        if not places:
            continue
        middle = median(places)
        estimates += len(places)
        agreeing += max(Counter(places).values())
        outliers += sum(abs(place - middle) >= 2 for place in places)
        covered += len(places) == vote_.amount
    pairs, same, near = all_pairs(votes)
    return {
        "estimation_pairs": pairs,
        "matching_pairs": same,
        "near_pairs": near,
        "matching_pair_share": rate(same, pairs),
        "near_pair_share": rate(near, pairs),
        "rounds": len(votes),
        "covered_rounds": covered,
        "estimates": estimates,
        "agreeing": agreeing,
        "outliers": outliers,
        "coverage": rate(covered, len(votes)),
        "agreement": rate(agreeing, estimates),
        "outlier_share": rate(outliers, estimates),
    }


def all_pairs(votes: Iterable[Vote]) -> tuple[int, int, int]:
    """Pairs of estimations in a vote, those on one card, those within a step."""
    apart = [
        abs(a - b)
        for vote_ in votes
        for a, b in combinations(
            [g.place for g in vote_.found if g.place is not None], 2
        )
    ]
    return len(apart), apart.count(0), apart.count(0) + apart.count(1)


def convergence(world: World) -> Figures:
    apart = again = closer = 0
    following = {
        id(one): other
        for one, other in pairwise(world.estimated)
        if one.room == other.room
    }
    near = followed = 0
    re_votes: list[tuple[Vote, Vote]] = []
    for vote_ in world.estimated:
        if vote_.amount < 2:
            continue
        after = following.get(id(vote_))
        follows = after is not None and _is_about_the_same(vote_, after)
        if vote_.steps < 2:
            near += 1
            followed += follows
            continue
        apart += 1
        if after is not None and follows:
            again += 1
            closer += after.steps < vote_.steps
            re_votes.append((vote_, after))
    expected = [*_by_chance(world, re_votes)]
    return {
        "agreeing_rounds": near,
        "followed_rounds": followed,
        "follow_rate": rate(followed, near),
        "compared_re_votes": len(expected),
        "expected_convergence": (
            mean(expected) if len(expected) >= MINIMUM_SAMPLE else None
        ),
        "apart_rounds": apart,
        "re_votes": again,
        "converged": closer,
        "re_vote_rate": rate(again, apart),
        "convergence": rate(closer, again),
    }


def _by_chance(world: World, re_votes: Sequence[tuple[Vote, Vote]]) -> Iterator[float]:
    """How many other votes of the room and size are closer than the wide one."""
    for wide, after in re_votes:
        pool = [
            r.steps < wide.steps
            for r in world.estimated
            if (r.room, r.amount) == (wide.room, after.amount)
            and r.amount >= 2
            and r is not wide
            and r is not after
        ]
        if pool:
            yield sum(pool) / len(pool)


def _is_about_the_same(vote_: Vote, after: Vote) -> bool:
    soon = timedelta(0) <= after.began - vote_.at <= timedelta(minutes=10)
    here, there = ({g.who for g in r.found} for r in (vote_, after))
    # Jaccard of 0.8 or more, in whole numbers.
    alike = here and there and 10 * len(here & there) >= 8 * len(here | there)
    return soon and bool(alike)


def round_time(world: World) -> Figures:
    seconds = sorted(r.duration for r in world.estimated)
    n, talks, meetings, met = len(seconds), [], 0, 0.0
    for _, votes in groupby(world.estimated, key=lambda r: r.room):
        before: Vote | None = None
        for vote_ in votes:
            if before and vote_.at - before.at < timedelta(minutes=60):
                talks.append(max(0.0, (vote_.began - before.at).total_seconds()))
                met += (vote_.at - before.at).total_seconds()
            else:
                meetings += 1
                met += min(vote_.duration, 3600)
            before = vote_
    long = sum(s > 3600 for s in seconds)
    return {
        "rounds_with_estimate": n,
        "long_rounds": long,
        "meetings": meetings,
        "talks": len(talks),
        "duration_median_seconds": median(seconds) if seconds else None,
        "duration_p90_seconds": _quantile(seconds, 0.9) if seconds else None,
        "long_share": rate(long, n),
        "talk_median_seconds": median(talks) if talks else None,
        "rounds_per_meeting_hour": hide_small_samples(n / met * 3600 if met else 0, n),
    }


def _quantile(values: Sequence[int], share: float) -> float:
    """The value at that share of the way from the first to the last of sorted ones."""
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def auto_flip(world: World) -> Figures:
    effects, compared = [], 0
    for _, held in groupby(world.estimated, key=lambda r: r.room):
        votes = list(held)
        auto, by_hand = (
            [r.duration for r in votes if r.flip is flip] for flip in (True, False)
        )
        if len(auto) >= 5 and len(by_hand) >= 5:
            compared += len(votes)
            effects.append(median(auto) - median(by_hand))
    n, flipped = len(world.estimated), sum(r.flip for r in world.estimated)
    return {
        "rounds_with_estimate": n,
        "auto_flip_rounds": flipped,
        "auto_flip_share": flipped / n if n else None,
        "compared_rooms": len(effects),
        "compared_rounds": compared,
        "auto_flip_effect_seconds": median(effects)
        if len(effects) >= MINIMUM_SAMPLE
        else None,
    }
