"""Intervals and verdicts as docs/insights.md defines them, in plain loops."""

import math
from collections.abc import Collection, Hashable, Iterable, Mapping
from statistics import NormalDist, median

type Sums = Mapping[Hashable, tuple[float, float]]
"""Cluster (a room) → how many of its cases count, and how many there are."""
FEWEST_CASES, FEWEST_CLUSTERS = 20, 6


def per_cluster(cases: Iterable[tuple[Hashable, float]]) -> Sums:
    """Cases, each with its cluster and whether it counts (0.5: half of it)."""
    sums: dict[Hashable, tuple[float, float]] = {}
    for cluster, counts in cases:
        part, n = sums.get(cluster, (0.0, 0.0))
        sums[cluster] = part + counts, n + 1
    return sums


def totals(sums: Sums) -> tuple[float, float]:
    return sum(part for part, _ in sums.values()), sum(n for _, n in sums.values())


def share(sums: Sums) -> float:
    part, n = totals(sums)
    return part / n


def together(groups: Iterable[Sums]) -> Sums:
    whole: dict[Hashable, tuple[float, float]] = {}
    for sums in groups:
        for cluster, (part, n) in sums.items():
            before = whole.get(cluster, (0.0, 0.0))
            whole[cluster] = before[0] + part, before[1] + n
    return whole


def equal(sizes: Iterable[float]) -> float:
    """How many of equal size would tell as much: (sum)² / sum of squares."""
    known = [*sizes]
    squares = sum(size**2 for size in known)
    return sum(known) ** 2 / squares if squares else 0.0


def sides(sums: Sums) -> tuple[float, float, float]:
    """Effective clusters of the cases, of those that count, of those that do not."""
    pairs = sums.values()
    return (
        equal(n for _, n in pairs),
        equal(part for part, _ in pairs),
        equal(n - part for part, n in pairs),
    )


def squares(sums: Sums, share: float) -> float:
    return sum((part - share * n) ** 2 for part, n in sums.values())


def t_quantile(df: float, alpha: float = 0.05) -> float:
    bend = (8 * df + 3) / (8 * df + 1)
    z = NormalDist().inv_cdf(1 - alpha / 2)
    return math.sqrt(df * (math.exp((bend * z) ** 2 / df) - 1))


def two_sided(t: float, df: float) -> float:
    z = (8 * df + 1) / (8 * df + 3) * math.sqrt(df * math.log1p(t**2 / df))
    return math.erfc(z / math.sqrt(2))


def wilson(sums: Sums) -> tuple[float, float] | None:
    counts, n = totals(sums)
    clusters = min(each for each in sides(sums) if each) if sums else 0
    if n < FEWEST_CASES or clusters < FEWEST_CLUSTERS:
        return None
    share = counts / n
    alone = share * (1 - share) / n
    variance = squares(sums, share) / n**2 * clusters / (clusters - 1)
    effect = max(1.0, variance / alone if alone else n / clusters)
    independent, c = n / effect, t_quantile(clusters - 1)
    middle = (share + c**2 / (2 * independent)) / (1 + c**2 / independent)
    root = share * (1 - share) / independent + c**2 / (4 * independent**2)
    half = c / (1 + c**2 / independent) * math.sqrt(root)
    return max(0.0, middle - half), min(1.0, middle + half)


def telling(side: Sums, whole: Sums) -> float:
    """Clusters that one side rests on: found, or likely if it were like the whole."""
    portion = totals(side)[1] / totals(whole)[1]
    cases, *found = sides(side)
    _, *of_all = sides(whole)
    likely = [
        max(own, portion * every) for own, every in zip(found, of_all, strict=True)
    ]
    return min(cases, *(each for each in likely if each))


def correction(clusters: float, side: Sums) -> float:
    """What a variance is multiplied by, since few clusters of unequal size have it."""
    cases, *_ = sides(side)
    return max(clusters / (clusters - 1), cases / (cases - 3))


def variance_if_alike(side: Sums, whole: Sums) -> float:
    """The variance of one side's share if it is that of the whole."""
    (counts, n), (all_counts, all_n) = totals(side), totals(whole)
    common = (all_counts + 1) / (all_n + 2)
    clusters = telling(side, whole)
    few = correction(clusters, side)
    if min(sides(side)[1:]) < FEWEST_CLUSTERS:
        return squares(whole, common) / all_n / n * few
    share = counts / n
    raised = max(1.0, common * (1 - common) / (share * (1 - share)))
    return squares(side, share) / n**2 * raised * few


def difference(own: Sums, others: Sums) -> tuple[float, float, float] | None:
    """A label minus all the others together, with its error and degrees of freedom."""
    whole, both = together([own, others]), (own, others)
    n = [totals(side)[1] for side in both]
    if min(n) < FEWEST_CASES:
        return None
    clusters = [telling(side, whole) for side in both]
    if min(clusters) < FEWEST_CLUSTERS:
        return None
    share = [totals(side)[0] / cases for side, cases in zip(both, n, strict=True)]
    mine, theirs = (variance_if_alike(side, whole) for side in both)
    alike = sum(
        math.prod(
            (both[i][cluster][0] - share[i] * both[i][cluster][1]) / n[i]
            for i in (0, 1)
        )
        for cluster in own.keys() & others.keys()
    )
    few = math.sqrt(math.prod(map(correction, clusters, both)))
    counts, cases = totals(whole)
    common = (counts + 1) / (cases + 2)
    alone = common * (1 - common) * (1 / n[0] + 1 / n[1])
    error = math.sqrt(max(mine + theirs - 2 * few * alike, alone))
    parts = mine**2 / (clusters[0] - 1) + theirs**2 / (clusters[1] - 1)
    df = (mine + theirs) ** 2 / parts if parts else min(clusters) - 1
    return share[0] - share[1], error, df


def p_value(own: Sums, others: Sums) -> float | None:
    """The p-value of a label against all the others together."""
    found = difference(own, others)
    if found is None:
        return None
    value, error, df = found
    return two_sided(value / error, df)


def detectable(own: Sums, others: Sums, comparisons: int) -> float | None:
    """The difference of which 80% of so many comparisons find one."""
    found = difference(own, others)
    if found is None:
        return None
    _, error, df = found
    power = NormalDist().inv_cdf(0.8)
    return (t_quantile(df, 0.05 / comparisons) + power) * error


def p_values(labels: Mapping[Hashable, Sums]) -> dict[Hashable, float]:
    """Those of all labels that can be compared, each with the others, corrected."""
    known = {
        label: p
        for label, sums in labels.items()
        if (p := p_value(sums, others_than(label, labels))) is not None
    }
    return corrected(known, comparisons(known))


def others_than(label: Hashable, labels: Mapping[Hashable, Sums]) -> Sums:
    """All labels but one, together."""
    return together(sums for key, sums in labels.items() if key != label)


def comparisons(known: Collection[object]) -> int:
    """How many comparisons labels are: two of them are compared once."""
    return 1 if len(known) == 2 else len(known)


def corrected(ps: Mapping[Hashable, float], many: int) -> dict[Hashable, float]:
    """Holm: p times the number of comparisons left, never below one before."""
    result: dict[Hashable, float] = {}
    largest = 0.0
    for place, label in enumerate(sorted(ps, key=lambda key: ps[key])):
        largest = max(largest, ps[label] * max(many - place, 1))
        result[label] = min(largest, 1.0)
    return result


def verdict(p: float | None, difference: float) -> str | None:
    if p is None:
        return None
    if p >= 0.05:
        return "no clear difference"
    return "higher" if difference > 0 else "lower"


type Cases = Iterable[tuple[Hashable, float]]
"""Each with its cluster and its value."""


def median_interval(cases: Cases) -> tuple[float, float] | None:
    """From quantile to quantile, as far as the share below the median may be off."""
    known = [*cases]
    values = sorted(value for _, value in known)
    halves = above(known, median(values))
    limits = wilson(per_cluster(halves))
    if limits is None:
        return None
    share, last = sum(part for _, part in halves) / len(values), len(values) - 1
    # Where more are above, fewer are below: the upper limit is the lower end.
    low, high = (round((0.5 + share - limit) * last) for limit in reversed(limits))
    low, high = min(low, last // 2), max(high, (last + 1) // 2)
    return values[max(low, 0)], values[min(high, last)]


def above(cases: Cases, middle: float) -> list[tuple[Hashable, float]]:
    return [
        (cluster, 1.0 if value > middle else 0.5 * (value == middle))
        for cluster, value in cases
    ]
