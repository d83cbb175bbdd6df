"""How sure a share, a median or a difference is, in closed form.

Votes of one room are alike, and so are users who came for the same room. Each figure
is therefore a ratio of sums over *clusters* (rooms), and its variance comes from how
the clusters differ. Nothing here assumes more independent votes than there are rooms.

A plan ends at sums: of a frame with a row per label (or bucket) and cluster, `sums`,
`sums_beside` and `sums_of_trend` make a struct per label, the column `{name}_sums`. A
step after the plan (`intervals`, `comparisons`, `trends`, …) puts the figures in its
place: they are arithmetic of a few rows. Of `n` cases, `part` count. A result needs at
least 20 cases and 6 effective clusters (a verdict: 6 expected ones); where there are
fewer, it is null.

Every figure called `name` gets columns whose names begin with it:

- `_low`, `_high`: the 95% interval;
- `_others`: the same figure over all other labels together;
- `_verdict`: "higher" or "lower" than that of the others, or "no clear difference";
- `_detectable`: the difference from which on 4 of 5 comparisons would be clear.

Over time, the two halves of the period are compared: `half` says in which of them a
bucket is, `_of_half`, `_of_half_low` and `_of_half_high` are the figure of that half,
and `_verdict` is that of this half against the other.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from statistics import NormalDist
from typing import NamedTuple, cast

import polars as pl
from polars.datatypes import DataType, DataTypeClass

from metrics.expressions import MINIMUM_SAMPLE, row_count
from metrics.query import Finish

CONFIDENCE = 0.95
HIGHER, LOWER, UNCLEAR = "higher", "lower", "no clear difference"
FEWEST_CLUSTERS = 6
"""Effective clusters below which the variance between them is not known."""
_POWER = 0.8
# Errors below it are those of floats: the clusters do not differ.
_NOISE = 1e-9
_ALPHA = 1 - CONFIDENCE
_NORMAL = NormalDist()
_TWO_SIDED = _NORMAL.inv_cdf(1 - _ALPHA / 2)
_OF_POWER = _NORMAL.inv_cdf(_POWER)
FIRST, SECOND = "first", "second"
"""The halves of a period."""
type _Type = DataType | DataTypeClass
type Struct = Mapping[str, float]
"""Sums as they are in a row."""


def sums(part: str, n: str) -> pl.Expr:
    """Return what an interval is computed from: sums over clusters, as a struct.

    Fields: part, n, and the sums of their products yy, yn and nn, where y is what
    counts of the n cases of a cluster.
    """
    return pl.struct(_products(part, n))


def sums_beside(part: str, n: str) -> pl.Expr:
    """Return `sums` and what a comparison of labels needs besides, as a struct.

    A cluster may have cases of several labels (a room has small and large votes): in
    all of it, T of U cases count. Needs both as `{part}_whole` and `{n}_whole` (see
    `wholes`). Fields: those of `sums`, and the sums of products ty, tn, uy and un.
    """
    return pl.struct(_products(part, n) + _products_with_wholes(part, n))


def sums_of_trend(part: str, n: str) -> pl.Expr:
    """Return `sums_beside`, and what a comparison of halves needs, as a struct.

    A cluster has cases in several buckets of a half. Needs their sums as `{part}_half`
    and `{n}_half` (see `halves`). Fields: those of `sums_beside`, and the sums of
    products with these: yy_half, yn_half and nn_half.
    """
    y, cases = pl.col(part), pl.col(n)
    return pl.struct(
        _products(part, n) + _products_with_wholes(part, n),
        yy_half=y.dot(f"{part}_half"),
        yn_half=y.dot(f"{n}_half"),
        nn_half=cases.dot(f"{n}_half"),
    )


def _products(part: str, n: str) -> list[pl.Expr]:
    y, cases = pl.col(part), pl.col(n)
    return [
        y.sum().alias("part"),
        cases.sum().alias("n"),
        y.dot(y).alias("yy"),
        y.dot(cases).alias("yn"),
        cases.dot(cases).alias("nn"),
    ]


def _products_with_wholes(part: str, n: str) -> list[pl.Expr]:
    t, u = pl.col(f"{part}_whole"), pl.col(f"{n}_whole")
    return [
        t.dot(part).alias("ty"),
        t.dot(n).alias("tn"),
        u.dot(part).alias("uy"),
        u.dot(n).alias("un"),
    ]


def wholes(columns: Iterable[str], cluster: str, label: str | None = None) -> pl.Expr:
    """Return the sums of columns over the labels of a cluster, as `{column}_whole`.

    Cases whose `label` is null are no part of them.
    """
    counted = pl.col(*columns)
    if label is not None:
        counted = counted.filter(pl.col(label).is_not_null())
    return counted.sum().over(cluster).name.suffix("_whole")


def halves(
    columns: Iterable[str], cluster: str, middle: date, of: Sequence[str] = ()
) -> tuple[pl.Expr, pl.Expr]:
    """Return the sums of columns over the buckets of a cluster.

    `{column}_whole` over all buckets, `{column}_half` over those of the same half. The
    second half begins with the bucket `middle`; `of` are columns that tell several
    series apart.
    """
    total = pl.col(*columns).sum()
    late = pl.col("bucket") >= middle
    return (
        total.over(*of, cluster).name.suffix("_whole"),
        total.over(*of, cluster, late).name.suffix("_half"),
    )


class Sums(NamedTuple):
    """The sums of part, n and their products over some clusters."""

    part: float = 0.0
    n: float = 0.0
    yy: float = 0.0
    yn: float = 0.0
    nn: float = 0.0

    @property
    def is_known(self) -> bool:
        """Whether there are cases enough for a share.

        Of damaged rows, with negative counts, more cases than there are may count.
        """
        return self.n >= MINIMUM_SAMPLE and 0 <= self.part <= self.n

    @property
    def share(self) -> float:
        """The share of cases that count."""
        return self.part / self.n

    @property
    def cases(self) -> float:
        """Clusters of equal size that tell as much: (sum)² / sum of squares."""
        return self.n**2 / self.nn

    @property
    def counting(self) -> float:
        """The same of the cases that count; 0 where none does."""
        return self.part**2 / self.yy if self.part else 0.0

    @property
    def missing(self) -> float:
        """The same of the cases that do not count; 0 where each one does."""
        rest = self.n - self.part
        return rest**2 / (self.nn - 2 * self.yn + self.yy) if rest else 0.0

    @property
    def clusters(self) -> float:
        """The least of the three, apart from what there is none of.

        A thousand visitors of whom three teams stay tell as much about staying as three
        teams.
        """
        return min(self.cases, *filter(None, (self.counting, self.missing)))

    def squares(self, share: float) -> float:
        """Return the sum over clusters of (y − share · n)²."""
        # Errors of floats can take it below 0.
        return max(0.0, self.yy - 2 * share * self.yn + share**2 * self.nn)


class Side(NamedTuple):
    """The sums of a label, and those of products with T and U of whole clusters."""

    own: Sums = Sums()
    ty: float = 0.0
    tn: float = 0.0
    uy: float = 0.0
    un: float = 0.0

    def others(self, whole: Sums) -> Sums:
        """Return the sums of all other labels: (T − y)² is T² − 2 T y + y²."""
        own = self.own
        return Sums(
            whole.part - own.part,
            whole.n - own.n,
            whole.yy - 2 * self.ty + own.yy,
            whole.yn - self.tn - self.uy + own.yn,
            whole.nn - 2 * self.un + own.nn,
        )


def whole_of(sides: Sequence[Side]) -> Sums:
    """Return the sums of all labels together.

    The sum of T² over clusters is that of T y over their labels.
    """
    return Sums(
        sum(side.own.part for side in sides),
        sum(side.own.n for side in sides),
        sum(side.ty for side in sides),
        sum(side.tn for side in sides),
        sum(side.un for side in sides),
    )


type Interval = tuple[float | None, float | None, float | None]
"""A figure, and the ends of its interval."""


def interval(own: Sums) -> Interval:
    """Return a share and its Wilson interval.

    The interval is that of n / d independent cases, where d, the design effect, is
    the variance between clusters divided by that of independent cases, at least 1.
    Where no case counts, or each one does, a cluster counts as one case.
    """
    if not own.is_known:
        return None, None, None
    share, clusters = own.share, own.clusters
    if clusters < FEWEST_CLUSTERS:
        return share, None, None
    alone = share * (1 - share) / own.n
    variance = own.squares(share) / own.n**2 * _few(clusters)
    effect = max(1.0, variance / alone if alone else own.n / clusters)
    cases, t = own.n / effect, student_quantile(clusters - 1)
    middle = (share + t**2 / (2 * cases)) / (1 + t**2 / cases)
    root = math.sqrt(share * (1 - share) / cases + t**2 / (4 * cases**2))
    half = t * root / (1 + t**2 / cases)
    return share, min(max(0, middle - half), share), max(min(1, middle + half), share)


def _few(clusters: float) -> float:
    """Return the correction for the mean being taken from the clusters themselves."""
    return clusters / (clusters - 1)


def _few_unequal(clusters: float, cases: float) -> float:
    """Return the same for clusters of unequal size, of which a comparison has few.

    The large ones pull the mean towards themselves, so that their errors look small. Of
    `cases`, the effective clusters by their cases, three are lost.
    """
    return max(_few(clusters), cases / (cases - 3))


class Difference(NamedTuple):
    """A difference, its standard error, and the degrees of freedom of that."""

    value: float
    error: float
    df: float

    @property
    def p(self) -> float:
        """The two-sided p-value."""
        return p_value(self.value / self.error, self.df)

    def detectable(self, comparisons: int) -> float:
        """Return the difference from which on 4 of 5 of them would be clear."""
        clear = student_quantile(self.df, _ALPHA / comparisons)
        return (clear + _OF_POWER) * self.error


def difference(side: Side, whole: Sums) -> Difference | None:
    """Return by how much a label's share is above that of all the others together.

    Clusters with cases of both are alike in both: their covariance comes off the
    variances. None with too few cases or clusters.
    """
    own, others = side.own, side.others(whole)
    if not (own.is_known and others.is_known):
        return None
    clusters = _telling(own, whole), _telling(others, whole)
    if min(clusters) < FEWEST_CLUSTERS:
        return None
    cases = own.cases, others.cases
    few, few_others = map(_few_unequal, clusters, cases)
    variance = _variance(own, whole) * few
    variance_others = _variance(others, whole) * few_others
    # The sum over clusters of (y − share · n) times the same of the others, T − y.
    products = (
        (side.ty - own.yy)
        - others.share * (side.uy - own.yn)
        - own.share * (side.tn - own.yn)
        + own.share * others.share * (side.un - own.nn)
    )
    covariance = products / (own.n * others.n) * math.sqrt(few * few_others)
    common = _common(whole)
    independent = common * (1 - common) * (1 / own.n + 1 / others.n)
    error = math.sqrt(max(variance + variance_others - 2 * covariance, independent))
    df = _welch((variance, variance_others), clusters)
    return Difference(own.share - others.share, error, df)


def _telling(side: Sums, whole: Sums) -> float:
    """Return the effective clusters that a comparison of one side rests on.

    Where hardly any case counts, few clusters have one, but many could have: as many
    as in all clusters together, in proportion. That they have none tells something.
    """
    portion = side.n / whole.n
    likely = (
        max(side.counting, portion * whole.counting),
        max(side.missing, portion * whole.missing),
    )
    return min(side.cases, *filter(None, likely))


def _common(whole: Sums) -> float:
    """Return the share of all labels together, never 0 or 1."""
    return (whole.part + 1) / (whole.n + 2)


def _variance(side: Sums, whole: Sums) -> float:
    """Return the variance that the share of one side has if all labels are alike.

    A share close to 0 or 1 varies less than the common one would, so its variance is
    raised in proportion to share · (1 − share). Where too few clusters have a case
    that counts (or one that does not), the variance is that of all clusters.
    """
    share, common = side.share, _common(whole)
    if min(side.counting, side.missing) < FEWEST_CLUSTERS:
        return whole.squares(common) / (whole.n * side.n)
    raised = max(1.0, common * (1 - common) / (share * (1 - share)))
    return side.squares(share) / side.n**2 * raised


def _welch(variances: tuple[float, float], clusters: tuple[float, float]) -> float:
    """Return the degrees of freedom of a difference (Welch and Satterthwaite)."""
    parts = sum(v**2 / (k - 1) for v, k in zip(variances, clusters, strict=True))
    return sum(variances) ** 2 / parts if parts else min(clusters) - 1


def p_value(t: float, df: float) -> float:
    """Return the two-sided p-value of Student's t (Wallace's approximation)."""
    # So many standard deviations of a normal are as rare as t.
    z = (8 * df + 1) / (8 * df + 3) * math.sqrt(df * math.log1p(t**2 / df))
    return math.erfc(z / math.sqrt(2))


def student_quantile(df: float, alpha: float = _ALPHA) -> float:
    """Return how many standard errors an interval reaches: Student's t for `df`.

    The inverse of `p_value`.
    """
    z = _TWO_SIDED if alpha == _ALPHA else _NORMAL.inv_cdf(1 - alpha / 2)
    bend = (8 * df + 3) / (8 * df + 1)
    return math.sqrt(df * (math.exp((bend * z) ** 2 / df) - 1))


def holm(ps: Sequence[float], comparisons: int) -> list[float]:
    """Return p-values corrected for the number of comparisons.

    The smallest is multiplied by that number, the next by one less, and so on, and none
    becomes smaller than the one before it.
    """
    corrected, least = [0.0] * len(ps), 0.0
    for place, row in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        least = max(least, ps[row] * max(1, comparisons - place))
        corrected[row] = min(least, 1.0)
    return corrected


def verdicts(
    found: Sequence[Difference | None], comparisons: int | None = None
) -> list[str | None]:
    """Return the verdict on each difference, corrected for their number (Holm).

    None where the difference is not known.
    """
    known = [each for each in found if each]
    number = number_of(found) if comparisons is None else comparisons
    corrected = iter(holm([each.p for each in known], number))
    return [each and _verdict(each.value, next(corrected)) for each in found]


def _verdict(value: float, p: float) -> str:
    if p >= _ALPHA:
        return UNCLEAR
    return HIGHER if value > 0 else LOWER


def number_of(found: Iterable[Difference | None]) -> int:
    """Return how many comparisons there are: of two labels, one decides on both."""
    known = sum(each is not None for each in found)
    return 1 if known == 2 else known


def intervals(*names: str) -> Finish:
    """Return the step that makes shares of their `sums`: name, _low and _high."""

    def finish(frame: pl.DataFrame) -> pl.DataFrame:
        for name in names:
            rows = [interval(_own(row)) for row in _structs(frame, name)]
            frame = in_place(frame, _of(name), _ends(name), rows)
        return frame

    return finish


def comparisons(name: str, label: str) -> Finish:
    """Return the step that compares labels by their `sums_beside`.

    Each is compared with all the others together; many labels are many comparisons
    (Holm). Cases without a label (null) have a share of their own, and are no part of
    the others. Columns: name, _low, _high, _others, _verdict, _detectable.
    """
    columns = (*_ends(name), *(name + ending for ending in COMPARED))

    def finish(frame: pl.DataFrame) -> pl.DataFrame:
        sides = [_side(row) for row in _structs(frame, name)]
        labels = frame.get_column(label)
        named = [
            Side() if of is None else side
            for of, side in zip(labels, sides, strict=True)
        ]
        rows = [
            (*interval(side.own), *beside)
            for side, beside in zip(sides, against_others(named), strict=True)
        ]
        return in_place(frame, _of(name), columns, rows)

    return finish


def comparison(name: str, other: str) -> Finish:
    """Return the step that compares two shares of a row by their `sums_beside`.

    Columns, instead of the sums of both: name, _low, _high, _verdict, _detectable.
    """
    columns = (*_ends(name), f"{name}_verdict", f"{name}_detectable")

    def finish(frame: pl.DataFrame) -> pl.DataFrame:
        pairs = zip(_structs(frame, name), _structs(frame, other), strict=True)
        rows = []
        for pair in pairs:
            side, theirs = map(_side, pair)
            (_, *beside), _ = against_others([side, theirs])
            rows.append((*interval(side.own), *beside))
        return in_place(frame, (*_of(name), *_of(other)), columns, rows)

    return finish


COMPARED = ("_others", "_verdict", "_detectable")
"""What the columns of `against_others` end with."""


def against_others(
    sides: Sequence[Side],
) -> list[tuple[float | None, str | None, float | None]]:
    """Return the share of all others, the verdict and the detectable difference."""
    whole = whole_of(sides)
    found = [difference(side, whole) for side in sides]
    number = number_of(found)
    return [
        (side.others(whole).share, verdict, each.detectable(number))
        if each
        else (None, None, None)
        for side, each, verdict in zip(sides, found, verdicts(found), strict=True)
    ]


def trends(name: str, middle: date, of: Sequence[str] = ()) -> Finish:
    """Return the step that compares the halves of a period by `sums_of_trend`.

    A row is a bucket; the second half begins with the bucket `middle`. Several series
    are several comparisons (Holm): `of` names the columns that tell them apart.
    Columns: name, _low, _high, half, _of_half, _of_half_low, _of_half_high, _verdict,
    _detectable.
    """
    columns = (
        *(*_ends(name), "half", *_ends(f"{name}_of_half")),
        *(f"{name}_verdict", f"{name}_detectable"),
    )

    def finish(frame: pl.DataFrame) -> pl.DataFrame:
        structs = _structs(frame, name)
        late = [bucket >= middle for bucket in frame.get_column("bucket")]
        series = frame.select(of).rows() if of else [()] * frame.height
        places = [*zip(series, late, strict=True)]
        keys = [*dict.fromkeys(series)]

        def side(key: tuple[object, ...], half: bool) -> Side:
            rows = zip(structs, places, strict=True)
            return _of_half(row for row, place in rows if place == (key, half))

        pairs = [[side(key, half) for half in (False, True)] for key in keys]
        figures = dict[tuple[object, bool], tuple[object, ...]]()
        for half in (False, True):
            found = [difference(pair[half], whole_of(pair)) for pair in pairs]
            # One comparison of a series, seen from either half.
            number = sum(each is not None for each in found)
            for key, pair, each, verdict in zip(
                keys, pairs, found, verdicts(found, number), strict=True
            ):
                least = each and each.detectable(number)
                figures[key, half] = (*interval(pair[half].own), verdict, least)
        rows = [
            (*interval(_own(row)), SECOND if half else FIRST, *figures[key, half])
            for row, (key, half) in zip(structs, places, strict=True)
        ]
        return in_place(frame, _of(name), columns, rows)

    return finish


def _of_half(buckets: Iterable[Struct]) -> Side:
    rows = [*buckets]
    totals, products = (
        [sum(row[field] for row in rows) for field in fields]
        for fields in (("part", "n", *_WITH_HALF), Side._fields[1:])
    )
    return Side(Sums(*totals), *products)


def median_sums(
    rows: pl.LazyFrame, label: str, cluster: str, value: str, name: str
) -> pl.LazyFrame:
    """Return what medians and their comparison are computed from, a row per label.

    Columns: the label, `{name}_sums` (`sums` of the cases above the label's own median,
    `sums_beside` of those above the common one) and `{name}_values` (in order).
    """
    each = pl.col(value)

    def above(middle: str) -> pl.Expr:
        # Polars 2.0, when it streams, finds no type for a number times a flag.
        equal = (each == pl.col(middle)).cast(pl.Float64)
        return ((each > pl.col(middle)) + 0.5 * equal).sum()

    clusters = (
        rows.with_columns(middle=each.median(), own_middle=each.median().over(label))
        .group_by(label, cluster)
        .agg(common=above("middle"), own=above("own_middle"), n=row_count())
        .with_columns(wholes(("common", "n"), cluster))
    )
    both = pl.struct(own=sums("own", "n"), common=sums_beside("common", "n"))
    ordered = rows.group_by(label).agg(each.sort().alias(f"{name}_values"))
    return (
        clusters.group_by(label)
        .agg(both.alias(f"{name}_sums"))
        .join(ordered, on=label, nulls_equal=True)
    )


def medians(name: str) -> Finish:
    """Return the step that compares the medians of labels by `median_sums`.

    The interval goes from one quantile to another, as far from the middle as the share
    of cases below the median may be off (Woodruff). The verdict is that on the share
    of cases above the common median (Mood), unclear where the medians do not differ in
    its direction. Columns: name, _low, _high, _verdict.
    """
    columns = (*_ends(name), f"{name}_verdict")

    def finish(frame: pl.DataFrame) -> pl.DataFrame:
        rows = _compared_medians(frame, name)
        return in_place(frame, _of(name), columns, rows)

    return finish


def median_trends(name: str, middle: date) -> Finish:
    """Return the step that compares the medians of the halves by `median_sums`.

    A row is a bucket. The label of a half is its first bucket, that of the second is
    `middle`; other buckets have no sums. Columns: half, _of_half, _of_half_low,
    _of_half_high and _verdict.
    """
    columns = ("half", *_ends(f"{name}_of_half"), f"{name}_verdict")

    def finish(frame: pl.DataFrame) -> pl.DataFrame:
        late = [bucket >= middle for bucket in frame.get_column("bucket")]
        found = _compared_medians(frame, name)
        rows = [(SECOND if half else FIRST, *found[late.index(half)]) for half in late]
        return in_place(frame, _of(name), columns, rows)

    return finish


def _compared_medians(frame: pl.DataFrame, name: str) -> list[tuple[object, ...]]:
    """Return the median, its interval and the verdict on it in each row."""
    values = frame.get_column(f"{name}_values")
    structs = frame.get_column(f"{name}_sums").to_list()
    beside = against_others(
        [_side(row["common"] if row else _NOTHING) for row in structs]
    )
    medians = [
        _median(of, row["own"]) if row else _NO_MEDIAN
        for of, row in zip(values, structs, strict=True)
    ]
    known = [middle for middle, _, _ in medians if middle is not None]
    return [
        (*median, _of_medians(verdict, median[0], known))
        for median, (_, verdict, _) in zip(medians, beside, strict=True)
    ]


_NO_MEDIAN = None, None, None


def _of_medians(
    verdict: str | None, middle: float | None, known: Sequence[float]
) -> str | None:
    """Return the verdict, unclear where the medians do not differ in its direction.

    With many equal values more of one label may be above the common median, and both
    have the same median: it did not change.
    """
    if verdict is None or middle is None or verdict == UNCLEAR:
        return verdict
    agrees = middle > min(known) if verdict == HIGHER else middle < max(known)
    return verdict if agrees else UNCLEAR


def _median(values: pl.Series, above: Struct) -> tuple[float | None, object, object]:
    share, low, high = interval(_own(above))
    # Too few cases.
    if share is None:
        return _NO_MEDIAN
    # Of numbers, never of times or texts.
    middle, last = cast("float", values.median()), values.len() - 1
    if low is None or high is None:
        return middle, None, None
    # Of many equal values the share above the median is no half.
    first = min(round((0.5 + share - high) * last), last // 2)
    second = max(round((0.5 + share - low) * last), (last + 1) // 2)
    return middle, values[max(first, 0)], values[min(second, last)]


def median_excess(name: str) -> Finish:
    """Return the step that judges the median of independent differences, in one row.

    They are the column `{name}_values`, in order. The interval is that of the sign
    test: it goes from one of them to another. The verdict is "higher" or "lower" where
    0 is outside. Columns: name, _low, _high, _verdict; null below 20 differences.
    """
    columns = (*_ends(name), f"{name}_verdict")

    def finish(frame: pl.DataFrame) -> pl.DataFrame:
        values = frame.get_column(f"{name}_values")[0]
        n = values.len()
        row: tuple[object, ...] = (None,) * 4
        if n >= MINIMUM_SAMPLE:
            place = max(1, math.floor(n / 2 - _TWO_SIDED * math.sqrt(n) / 2))
            low, high = values[place - 1], values[n - place]
            verdict = HIGHER if low > 0 else LOWER if high < 0 else UNCLEAR
            row = values.median(), low, high, verdict
        return in_place(frame, _of(name), columns, [row])

    return finish


def excess(name: str) -> Finish:
    """Return the step that judges mean differences by `sums`, where `part` is signed.

    `part` sums, over `n` cases, what was found minus what was expected. Several rows
    are several comparisons (Holm). Columns: name, _low, _high (rounded to 9 decimals),
    _verdict (against 0).
    """
    columns = (*_ends(name), f"{name}_verdict")

    def finish(frame: pl.DataFrame) -> pl.DataFrame:
        found = [_own(row) for row in _structs(frame, name)]
        means = [_mean(own) for own in found]
        rows = [
            (*_around(own, mean), verdict)
            for own, mean, verdict in zip(found, means, verdicts(means), strict=True)
        ]
        return in_place(frame, _of(name), columns, rows)

    return finish


def _mean(own: Sums) -> Difference | None:
    """Return a mean with its error, where it can be told from 0."""
    if own.n < MINIMUM_SAMPLE or own.cases < FEWEST_CLUSTERS:
        return None
    variance = own.squares(own.share) / own.n**2 * _few(own.cases)
    error = math.sqrt(variance)
    return Difference(own.share, error, own.cases - 1) if error > _NOISE else None


def _around(own: Sums, mean: Difference | None) -> Interval:
    if own.n < MINIMUM_SAMPLE:
        return None, None, None
    if mean is None:
        return round(own.share, 9), None, None
    reach = student_quantile(mean.df) * mean.error
    # A sum of floats depends on the order of its rows, which threads decide.
    low, high = own.share - reach, own.share + reach
    return round(own.share, 9), round(low, 9), round(high, 9)


def judged(value: str, name: str) -> Finish:
    """Return the step that adds verdicts on differences with a standard error.

    A row has the difference, as `value`, its error and the effective clusters that it
    comes from, which `name` takes the place of. All rows are compared at once (Holm).
    Null where the error is not known, or comes from fewer than 6 clusters.
    """
    columns = (value, "error", "clusters")

    def finish(frame: pl.DataFrame) -> pl.DataFrame:
        rows = zip(*(frame.get_column(column) for column in columns), strict=True)
        found = [
            Difference(*row) if row[1] > 0 and row[2] >= FEWEST_CLUSTERS else None
            for row in rows
        ]
        return in_place(frame, columns[1:], (name,), zip(verdicts(found)))

    return finish


def _structs(frame: pl.DataFrame, name: str) -> list[Struct]:
    """Return the sums of each row; where there are none, all are 0."""
    rows = frame.get_column(f"{name}_sums").to_list()
    return [row or _NOTHING for row in rows]


def _own(row: Struct) -> Sums:
    return Sums(*(row[field] for field in Sums._fields))


def _side(row: Struct) -> Side:
    return Side(_own(row), *(row[field] for field in Side._fields[1:]))


_WITH_HALF = ("yy_half", "yn_half", "nn_half")
# Without any case, 0 of 0 count.
_NOTHING: Struct = dict.fromkeys((*Sums._fields, *Side._fields[1:], *_WITH_HALF), 0)


def _ends(name: str) -> tuple[str, str, str]:
    return name, f"{name}_low", f"{name}_high"


def _of(name: str) -> tuple[str, str]:
    """Return the columns that the figures of a name are computed from."""
    return f"{name}_sums", f"{name}_values"


def in_place(
    frame: pl.DataFrame,
    gone: Sequence[str],
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
) -> pl.DataFrame:
    """Put columns in the place of others, from the values of each row.

    A column that the frame has already stays as it is.
    """
    held = frame.get_columns()
    inside = [series.dtype for series in held if series.name in gone]
    # The quantiles of whole seconds are whole seconds.
    ends = next((of.inner for of in inside if isinstance(of, pl.List)), pl.Float64)
    values = zip(*rows, strict=True) if frame.height else [()] * len(columns)
    # Series by series: a step of a query would be planned, for a few rows.
    new = [
        pl.Series(column, of_rows, _type_of(column, ends))
        for column, of_rows in zip(columns, values, strict=True)
        if column not in frame.columns
    ]
    place = next(n for n, series in enumerate(held) if series.name in gone)
    kept = [series for series in held[place:] if series.name not in gone]
    return pl.DataFrame([*held[:place], *new, *kept])


def _type_of(column: str, ends: _Type) -> _Type:
    if column == "half" or column.endswith("_verdict"):
        return pl.String
    return ends if column.endswith(("_low", "_high")) else pl.Float64
