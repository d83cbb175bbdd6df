"""How sure a share, a median or a difference is, in closed form.

Votes of one room are alike, and so are users who came for the same room. Each figure
is therefore a ratio of sums over *clusters* (rooms), and its variance comes from how
the clusters differ. Nothing here assumes more independent votes than there are rooms.

Frames called `clusters` have one row per label and cluster, with the columns `part`
and `n`: of `n` cases, `part` count. A result needs at least 20 cases and 6 effective
clusters; where there are fewer, its interval and verdict are null.

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
from collections.abc import Sequence
from functools import reduce
from operator import mul
from statistics import NormalDist

import polars as pl

from metrics.expressions import MINIMUM_SAMPLE, aggregate, ratio

CONFIDENCE = 0.95
HIGHER, LOWER, UNCLEAR = "higher", "lower", "no clear difference"
FEWEST_CLUSTERS = 6
"""Effective clusters below which the variance between them is not known."""
_POWER = 0.8
# Errors below it are those of floats: the clusters do not differ.
_NOISE = 1e-9
_ALPHA = 1 - CONFIDENCE
_TWO_SIDED = NormalDist().inv_cdf(1 - _ALPHA / 2)
_OF_POWER = NormalDist().inv_cdf(_POWER)


def shares(clusters: pl.LazyFrame, by: Sequence[str], name: str) -> pl.LazyFrame:
    """Return the share of each group with its Wilson interval: `by`, name, _low, _high.

    The interval is that of n / d independent cases, where d, the design effect, is
    the variance between clusters divided by that of independent cases, at least 1.
    Where no case counts, or each one does, a cluster counts as one case.
    """
    part, n, within = pl.col("part"), pl.col("n"), pl.col("clusters")
    share = part / n
    binomial = share * (1 - share) / n
    effect = pl.when(binomial > 0).then(_spread(share) / binomial).otherwise(n / within)
    cases = n / effect.clip(1)
    c = t_quantile(within - 1)
    middle = (share + c**2 / (2 * cases)) / (1 + c**2 / cases)
    half = (
        c
        / (1 + c**2 / cases)
        * (share * (1 - share) / cases + (c / cases) ** 2 / 4).sqrt()
    )
    known = (n >= MINIMUM_SAMPLE) & (within >= FEWEST_CLUSTERS)
    return (
        _sums(clusters, by)
        .with_columns(clusters=_effective("part", "n", "yy", "yn", "nn"))
        .select(
            *by,
            pl.when(n >= MINIMUM_SAMPLE).then(share).alias(name),
            pl.when(known).then((middle - half).clip(0, share)).alias(f"{name}_low"),
            pl.when(known).then((middle + half).clip(share, 1)).alias(f"{name}_high"),
        )
    )


def excess(clusters: pl.LazyFrame, by: Sequence[str], name: str) -> pl.LazyFrame:
    """Return a mean difference with its interval and verdict, where `part` is signed.

    `part` sums, over `n` cases, what was found minus what was expected. Several groups
    are several comparisons (Holm). Columns: `by`, name, _low, _high (rounded to 9
    decimals), _verdict (against 0).
    """
    n, within, mean = pl.col("n"), pl.col("clusters"), pl.col("mean")
    error = pl.col("error")
    half = t_quantile(within - 1) * error
    known = (n >= MINIMUM_SAMPLE) & (within >= FEWEST_CLUSTERS) & (error > _NOISE)
    return (
        _sums(clusters, by)
        .with_columns(clusters=n**2 / pl.col("nn"), mean=pl.col("part") / n)
        .with_columns(error=_spread(mean).sqrt())
        .with_columns(p=pl.when(known).then(p_value(mean / error, within - 1)))
        .select(
            *by,
            # A sum of floats depends on the order of its rows, which threads decide.
            pl.when(n >= MINIMUM_SAMPLE).then(mean.round(9)).alias(name),
            pl.when(known).then((mean - half).round(9)).alias(f"{name}_low"),
            pl.when(known).then((mean + half).round(9)).alias(f"{name}_high"),
            _verdict(mean, holm()).alias(f"{name}_verdict"),
        )
    )


def difference_verdict(
    difference: pl.Expr, error: pl.Expr, clusters: pl.Expr
) -> pl.Expr:
    """Return whether a difference with a standard error is clear.

    All rows of the frame are compared at once (Holm). Null where the error is not
    known, or comes from fewer than 6 effective clusters.
    """
    known = (clusters >= FEWEST_CLUSTERS) & (error > 0)
    p = pl.when(known).then(p_value(difference / error, clusters))
    return _verdict(difference, _holm_of(p))


def compared(
    clusters: pl.LazyFrame, label: str, cluster: str, name: str
) -> pl.LazyFrame:
    """Return the share of each label beside that of all the others together.

    A cluster may have cases of several labels (a room has small and large votes): the
    variance of the difference is the sum over clusters of what each adds to it. Many
    labels are many comparisons, so their p-values are corrected (Holm). Cases without a
    label (null) have a share of their own, and are no part of the others.

    Columns: the label, name, and all the columns that the module describes.
    """
    labelled = clusters.filter(pl.col(label).is_not_null())
    others = _others(labelled, label, cluster).with_columns(
        difference=pl.col("share") - pl.col("others"),
        error=_error_of_difference().sqrt(),
        df=_welch(),
    )
    enough = pl.min_horizontal("n", "n_others") >= MINIMUM_SAMPLE
    known = enough & (
        pl.min_horizontal("clusters", "clusters_others") >= FEWEST_CLUSTERS
    )
    p = p_value(pl.col("difference") / pl.col("error"), pl.col("df"))
    tested = others.with_columns(p=pl.when(known).then(p)).with_columns(p=holm())
    least = t_quantile(pl.col("df"), _ALPHA / _comparisons(pl.col("p"))) + _OF_POWER
    verdicts = tested.select(
        label,
        pl.when(known).then("others").alias(f"{name}_others"),
        _verdict(pl.col("difference"), pl.col("p")).alias(f"{name}_verdict"),
        pl.when(known).then(least * pl.col("error")).alias(f"{name}_detectable"),
    )
    return shares(clusters, [label], name).join(verdicts, on=label, how="left")


def medians(
    rows: pl.LazyFrame, label: str, cluster: str, value: str, name: str
) -> pl.LazyFrame:
    """Return the median of each label beside that of the others.

    The interval goes from one quantile to another, as far from the middle as the share
    of cases below the median may be off (Woodruff). The verdict is that on the share
    of cases above the common median (Mood). Columns: the label, name, _low, _high,
    _verdict.
    """
    each = pl.col(value)
    over = (each > pl.col("middle")) + 0.5 * (each == pl.col("middle"))
    by_cluster = [label, cluster]

    def above(middle: pl.Expr, figure: str) -> pl.LazyFrame:
        return (
            rows.with_columns(middle=middle)
            .group_by(by_cluster)
            .agg(part=over.sum(), n=pl.len().cast(pl.Float64))
            .rename({"part": figure})
        )

    own = above(each.median().over(label), "part")
    limits = shares(own, [label], "below").drop("below")
    verdicts = compared(above(each.median(), "part"), label, cluster, name)
    ordered = rows.group_by(label).agg(pl.col(value).sort())

    def quantile(share: str) -> pl.Expr:
        last = each.list.len().cast(pl.Int64) - 1
        place = (pl.col(share) * last).round().cast(pl.Int64)
        return each.list.get(place, null_on_oob=True)

    return (
        ordered.join(limits, on=label, nulls_equal=True)
        .join(verdicts.select(label, f"{name}_verdict"), on=label, nulls_equal=True)
        .select(
            label,
            pl.when(each.list.len() >= MINIMUM_SAMPLE)
            .then(each.list.median())
            .alias(name),
            quantile("below_low").alias(f"{name}_low"),
            quantile("below_high").alias(f"{name}_high"),
            f"{name}_verdict",
        )
    )


def median_excess(value: pl.Expr, name: str) -> dict[str, pl.Expr]:
    """Return the median of independent differences, its interval, and its verdict.

    The interval is that of the sign test: it goes from one ordered value to another.
    The verdict is "higher" or "lower" where 0 is outside. Columns: name, _low,
    _high, _verdict; null below 20 values.
    """
    known, ordered = value.drop_nulls(), value.drop_nulls().sort()
    n = known.len().cast(pl.Float64)
    place = (n / 2 - _TWO_SIDED * n.sqrt() / 2).floor().cast(pl.Int64).clip(1)
    low = ordered.get(place - 1, null_on_oob=True).cast(pl.Float64)
    high = ordered.get(known.len().cast(pl.Int64) - place, null_on_oob=True).cast(
        pl.Float64
    )
    verdict = (
        pl.when(low > 0)
        .then(pl.lit(HIGHER))
        .when(high < 0)
        .then(pl.lit(LOWER))
        .otherwise(pl.lit(UNCLEAR))
    )
    figures = {name: known.median(), f"{name}_low": low, f"{name}_high": high}
    return {
        key: pl.when(n >= MINIMUM_SAMPLE).then(figure)
        for key, figure in (figures | {f"{name}_verdict": verdict}).items()
    }


def trend(
    clusters: pl.LazyFrame, buckets: pl.LazyFrame, cluster: str, name: str
) -> pl.LazyFrame:
    """Return a share per bucket, and how it changed from one half to the other.

    `clusters` has bucket, the cluster, part and n; `buckets` is the time axis. Columns:
    bucket, half, name, and those that the module describes.
    """
    halved = (
        _in_halves(clusters, buckets).group_by("half", cluster).agg(pl.sum("part", "n"))
    )
    changed = compared(halved, "half", cluster, name).drop(f"{name}_others")
    per_bucket = shares(clusters, ["bucket"], name)
    return _with_halves(buckets, per_bucket, changed, name)


def median_trend(
    rows: pl.LazyFrame, buckets: pl.LazyFrame, cluster: str, value: str, name: str
) -> pl.LazyFrame:
    """Return how a median changed from one half of the period to the other.

    `rows` has bucket, the cluster and the value; `buckets` is the time axis. Columns:
    bucket, half, and those of the halves that the module describes.
    """
    changed = medians(_in_halves(rows, buckets), "half", cluster, value, name)
    return _with_halves(buckets, None, changed, name)


FIRST, SECOND = "first", "second"


def _half(buckets: pl.LazyFrame) -> pl.LazyFrame:
    """Return bucket and half; the middle one of an odd number is in the second."""
    place, middle = pl.int_range(pl.len()), pl.len() // 2
    half = pl.when(place < middle).then(pl.lit(FIRST)).otherwise(pl.lit(SECOND))
    return buckets.sort("bucket").select("bucket", half=half)


def _in_halves(rows: pl.LazyFrame, buckets: pl.LazyFrame) -> pl.LazyFrame:
    return rows.join(_half(buckets), on="bucket")


def _with_halves(
    buckets: pl.LazyFrame,
    per_bucket: pl.LazyFrame | None,
    changed: pl.LazyFrame,
    name: str,
) -> pl.LazyFrame:
    figures = {
        figure: f"{name}_of_half{figure.removeprefix(name)}"
        for figure in (name, f"{name}_low", f"{name}_high")
    }
    series = _half(buckets)
    if per_bucket is not None:
        series = series.join(per_bucket, on="bucket", how="left")
    return series.join(changed.rename(figures), on="half", how="left")


def holm(p: str = "p") -> pl.Expr:
    """Return p-values corrected for their number; unknown ones are no comparison.

    The smallest is multiplied by the number of comparisons, the next by one less, and
    so on, and none becomes smaller than the one before it. Of two labels, one
    comparison decides on both.
    """
    return _holm_of(pl.col(p))


def _holm_of(p: pl.Expr) -> pl.Expr:
    rank = p.rank("ordinal").cast(pl.Int64) - 1
    factor = (_comparisons(p) - pl.int_range(pl.len())).clip(1)
    ordered = (p.sort(nulls_last=True) * factor).cum_max()
    return ordered.gather(rank).clip(0, 1)


def _comparisons(p: pl.Expr) -> pl.Expr:
    count = p.count().cast(pl.Int64)
    return pl.when(count == 2).then(1).otherwise(count.clip(1))


def p_value(t: pl.Expr, df: pl.Expr) -> pl.Expr:
    """Return the two-sided p-value of Student's t (Wallace's approximation)."""
    bend = (8 * df + 1) / (8 * df + 3)
    z = bend * (df * (1 + t**2 / df).log()).sqrt()
    # Zelen and Severo (Abramowitz and Stegun 26.2.17): off by less than 0.0000001.
    x = 1 / (1 + 0.2316419 * z)
    terms = (0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429)
    tail = reduce(lambda rest, term: (rest + term) * x, reversed(terms), pl.lit(0.0))
    return 2 / math.sqrt(2 * math.pi) * (-(z**2) / 2).exp() * tail


def t_quantile(df: pl.Expr, alpha: pl.Expr | None = None) -> pl.Expr:
    """Return how many standard errors an interval reaches: Student's t for `df`.

    The inverse of `p_value`; without `alpha`, of 95% confidence.
    """
    z = pl.lit(_TWO_SIDED) if alpha is None else _normal_quantile(alpha / 2)
    bend = (8 * df + 3) / (8 * df + 1)
    return (df * (((bend * z) ** 2 / df).exp() - 1)).sqrt()


def _normal_quantile(tail: pl.Expr) -> pl.Expr:
    """Return the standard normal quantile of a tail (Hastings): off by 0.0005."""
    t = (-2 * tail.log()).sqrt()
    above = 2.515517 + 0.802853 * t + 0.010328 * t**2
    return t - above / (1 + 1.432788 * t + 0.189269 * t**2 + 0.001308 * t**3)


def _verdict(difference: pl.Expr, p: pl.Expr) -> pl.Expr:
    way = pl.when(difference > 0).then(pl.lit(HIGHER)).otherwise(pl.lit(LOWER))
    verdict = pl.when(p < _ALPHA).then(way).otherwise(pl.lit(UNCLEAR))
    return pl.when(p.is_not_null()).then(verdict)


def _sums(clusters: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    """Return part, n, and the sums of their products over the clusters of a group."""
    part, n = (pl.col(column).cast(pl.Float64) for column in ("part", "n"))
    cases = clusters.filter(pl.col("n") > 0)
    return aggregate(
        cases,
        by,
        part=part.sum(),
        n=n.sum(),
        yy=(part * part).sum(),
        yn=(part * n).sum(),
        nn=(n * n).sum(),
    )


def _effective(part: str, n: str, yy: str, yn: str, nn: str) -> pl.Expr:
    """Return how many clusters of equal size would tell as much.

    (Sum of sizes)² / sum of squares, of the cases, of those that count, or of those
    that do not, whichever is least: a thousand visitors of whom three teams stay tell
    as much about staying as three teams.
    """
    missing = pl.col(nn) - 2 * pl.col(yn) + pl.col(yy)
    each = (
        ratio(pl.col(n) ** 2, nn),
        ratio(pl.col(part) ** 2, yy),
        ratio((pl.col(n) - pl.col(part)) ** 2, missing.clip(0)),
    )
    return pl.min_horizontal(each)


def _squares(share: pl.Expr, yy: str, yn: str, nn: str) -> pl.Expr:
    """Return the sum over clusters of (part − share · n)², from sums of products."""
    return pl.col(yy) - 2 * share * pl.col(yn) + share**2 * pl.col(nn)


def _spread(share: pl.Expr) -> pl.Expr:
    """Return the variance of a ratio of sums over clusters."""
    squares = _squares(share, "yy", "yn", "nn").clip(0)
    return squares / pl.col("n") ** 2 * _few(pl.col("clusters"))


def _few(clusters: pl.Expr) -> pl.Expr:
    """Return the correction for the mean being taken from the clusters themselves."""
    return ratio(clusters, clusters - 1)


# Sums of products over a label's clusters: its own (y, n), those of the other labels in
# the same clusters (o, m), and both together (t, u).
_PAIRS = {
    "yy": ("part", "part"),
    "yn": ("part", "n"),
    "nn": ("n", "n"),
    "oo": ("part_o", "part_o"),
    "om": ("part_o", "n_o"),
    "mm": ("n_o", "n_o"),
    "yo": ("part", "part_o"),
    "ym": ("part", "n_o"),
    "no": ("n", "part_o"),
    "nm": ("n", "n_o"),
    "tt": ("part_t", "part_t"),
    "tu": ("part_t", "n_t"),
    "uu": ("n_t", "n_t"),
}


def _others(clusters: pl.LazyFrame, label: str, cluster: str) -> pl.LazyFrame:
    """Return share and effective clusters of each label, and of the others.

    A label with many clusters is never joined to each of them: what clusters without
    the label add is the sum over all clusters minus that over those with it.
    """
    floats = clusters.filter(pl.col("n") > 0).with_columns(
        pl.col("part", "n").cast(pl.Float64)
    )
    every = floats.group_by(cluster).agg(part_t=pl.sum("part"), n_t=pl.sum("n"))

    def products(*names: str) -> dict[str, pl.Expr]:
        return {name: reduce(mul, map(pl.col, _PAIRS[name])).sum() for name in names}

    grand = every.select(
        **products("tt", "tu", "uu"), part_t=pl.sum("part_t"), n_t=pl.sum("n_t")
    )
    return (
        floats.join(every, on=cluster, nulls_equal=True)
        .with_columns(
            part_o=pl.col("part_t") - pl.col("part"), n_o=pl.col("n_t") - pl.col("n")
        )
        .group_by(label)
        .agg(pl.sum("part", "n"), **products(*_PAIRS))
        .join(grand, how="cross", suffix="_all")
        .with_columns(
            share=pl.col("part") / pl.col("n"),
            part_others=pl.col("part_t") - pl.col("part"),
            n_others=pl.col("n_t") - pl.col("n"),
            yy_others=pl.col("oo") + pl.col("tt_all") - pl.col("tt"),
            yn_others=pl.col("om") + pl.col("tu_all") - pl.col("tu"),
            nn_others=pl.col("mm") + pl.col("uu_all") - pl.col("uu"),
        )
        .with_columns(
            others=ratio("part_others", "n_others"),
            clusters=_effective("part", "n", "yy", "yn", "nn"),
            clusters_others=_effective(
                "part_others", "n_others", "yy_others", "yn_others", "nn_others"
            ),
        )
    )


def _variances() -> tuple[pl.Expr, pl.Expr]:
    """Return the variance of a label's share, and of that of the others."""
    own = _squares(pl.col("share"), "yy", "yn", "nn").clip(0) / pl.col("n") ** 2
    other = _squares(pl.col("others"), "yy_others", "yn_others", "nn_others").clip(0)
    theirs = other / pl.col("n_others") ** 2
    return own * _few(pl.col("clusters")), theirs * _few(pl.col("clusters_others"))


def _error_of_difference() -> pl.Expr:
    """Return the variance of a difference, never below that of independent cases.

    Clusters with cases of both are alike in both: their covariance comes off.
    """
    own, theirs = _variances()
    share, others = pl.col("share"), pl.col("others")
    together = (
        pl.col("yo")
        - others * pl.col("ym")
        - share * pl.col("no")
        + share * others * pl.col("nm")
    ) / (pl.col("n") * pl.col("n_others"))
    few = (_few(pl.col("clusters")) * _few(pl.col("clusters_others"))).sqrt()
    common = (pl.col("part_t") + 1) / (pl.col("n_t") + 2)
    independent = common * (1 - common) * (1 / pl.col("n") + 1 / pl.col("n_others"))
    return pl.max_horizontal(own + theirs - 2 * few * together, independent)


def _welch() -> pl.Expr:
    """Return the degrees of freedom of a difference (Welch and Satterthwaite)."""
    own, theirs = _variances()
    parts = own**2 / (pl.col("clusters") - 1) + theirs**2 / (
        pl.col("clusters_others") - 1
    )
    fewest = pl.min_horizontal("clusters", "clusters_others") - 1
    return pl.when(parts > 0).then((own + theirs) ** 2 / parts).otherwise(fewest)
