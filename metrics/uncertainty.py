"""How sure a share, a median or a difference is, in closed form.

Votes of one room are alike, and so are users who came for the same room. Each figure
is therefore a ratio of sums over *clusters* (rooms), and its variance comes from how
the clusters differ. Nothing here assumes more independent votes than there are rooms.

Frames called `clusters` have one row per label and cluster, with the columns `part`
and `n`: of `n` cases, `part` count. A result needs at least 20 cases and 6 effective
clusters (a verdict: 6 expected ones); where there are fewer, it is null.

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
from datetime import date
from functools import reduce
from statistics import NormalDist

import polars as pl

from metrics.expressions import MINIMUM_SAMPLE, aggregate

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
    sums = _sums(clusters, by)
    found = sums.with_columns(share=_SHARE, **_effective(""))
    known = found.with_columns(clusters=_fewest(""))
    return _with_interval(known).select(*by, *_shown(name))


def _with_interval(sums: pl.LazyFrame) -> pl.LazyFrame:
    """Add low and high, the ends of the interval of a share, to its sums.

    Every step is a column of its own: written into each other they would be thousands
    of nodes, which take longer to plan than all rows to read.
    """
    share, n, clusters = pl.col("share"), pl.col("n"), pl.col("clusters")
    spread, binomial = pl.col("spread"), pl.col("binomial")
    # Student's t squared over the number of independent cases.
    weight, low, high = pl.col("weight"), pl.col("low"), pl.col("high")
    varies = pl.when(binomial > 0).then(spread / binomial).otherwise(n / clusters)
    known = (n >= MINIMUM_SAMPLE) & (clusters >= FEWEST_CLUSTERS)
    reach = (binomial * n * weight + weight**2 / 4).sqrt() / (1 + weight)
    return (
        sums.with_columns(
            binomial=share * (1 - share) / n,
            spread=_squares(share, "").clip(0) / n**2 * _few(clusters),
            t=t_quantile(clusters - 1),
        )
        .with_columns(weight=pl.col("t") ** 2 * varies.clip(1) / n)
        .with_columns(middle=(share + weight / 2) / (1 + weight), reach=reach)
        .with_columns(
            low=(pl.col("middle") - pl.col("reach")).clip(0, share),
            high=(pl.col("middle") + pl.col("reach")).clip(share, 1),
        )
        .with_columns(
            low=pl.when(known).then(low),
            high=pl.when(known).then(high),
        )
    )


def _shown(name: str) -> tuple[pl.Expr, ...]:
    """Return a share and its interval under the figure's name."""
    share = pl.when(pl.col("n") >= MINIMUM_SAMPLE).then("share")
    ends = (pl.col(end).alias(f"{name}_{end}") for end in ("low", "high"))
    return share.alias(name), *ends


def excess(clusters: pl.LazyFrame, by: Sequence[str], name: str) -> pl.LazyFrame:
    """Return a mean difference with its interval and verdict, where `part` is signed.

    `part` sums, over `n` cases, what was found minus what was expected. Several groups
    are several comparisons (Holm). Columns: `by`, name, _low, _high (rounded to 9
    decimals), _verdict (against 0).
    """
    n, within, mean = pl.col("n"), pl.col("clusters"), pl.col("mean")
    error, reach = pl.col("error"), pl.col("reach")
    known = (n >= MINIMUM_SAMPLE) & (within >= FEWEST_CLUSTERS) & (error > _NOISE)
    spread = _squares(mean, "").clip(0) / n**2 * _few(within)
    means = (
        _sums(clusters, by)
        .with_columns(clusters=n**2 / pl.col("nn"), mean=pl.col("part") / n)
        .with_columns(error=spread.sqrt())
        .with_columns(reach=t_quantile(within - 1) * error)
    )
    tested = _with_p_value(means, mean / error, within - 1, known)
    return tested.with_columns(p=holm()).select(
        *by,
        # A sum of floats depends on the order of its rows, which threads decide.
        pl.when(n >= MINIMUM_SAMPLE).then(mean.round(9)).alias(name),
        pl.when(known).then((mean - reach).round(9)).alias(f"{name}_low"),
        pl.when(known).then((mean + reach).round(9)).alias(f"{name}_high"),
        _verdict("mean").alias(f"{name}_verdict"),
    )


def judged(differences: pl.LazyFrame, difference: str, name: str) -> pl.LazyFrame:
    """Add whether a difference with a standard error is clear, as the column `name`.

    `differences` has the difference, error and clusters (effective ones). All rows are
    compared at once (Holm). Null where the error is not known, or comes from fewer than
    6 clusters.
    """
    error, clusters = pl.col("error"), pl.col("clusters")
    known = (clusters >= FEWEST_CLUSTERS) & (error > 0)
    tested = _with_p_value(differences, pl.col(difference) / error, clusters, known)
    corrected = tested.with_columns(p=holm())
    return corrected.with_columns(_verdict(difference).alias(name)).drop("z", "p")


def compared(
    clusters: pl.LazyFrame,
    label: str,
    cluster: str,
    name: str,
    within: Sequence[str] = (),
) -> pl.LazyFrame:
    """Return the share of each label beside that of all the others together.

    A cluster may have cases of several labels (a room has small and large votes): the
    variance of the difference is the sum over clusters of what each adds to it. Many
    labels are many comparisons, so their p-values are corrected (Holm). Cases without a
    label (null) have a share of their own, and are no part of the others. `within` are
    columns in each value of which two labels are compared, all of them at once.

    Columns: `within`, the label, name, and all the columns that the module describes.
    """
    by = [*within, label]
    enough = pl.min_horizontal("n", "n_others") >= MINIMUM_SAMPLE
    telling = pl.min_horizontal("telling", "telling_others") >= FEWEST_CLUSTERS
    known = pl.col("known")
    both = _beside_others(clusters, label, cluster, within).with_columns(
        difference=pl.col("share") - pl.col("others"),
        error=_error_of_difference().sqrt(),
        df=_welch(),
        known=pl.col(label).is_not_null() & enough & telling,
    )
    t = pl.col("difference") / pl.col("error")
    each_twice = pl.lit(value=True) if within else pl.col("p").count() == 2
    least = t_quantile(pl.col("df"), _ALPHA / pl.col("comparisons")) + _OF_POWER
    tested = (
        _with_p_value(both, t, pl.col("df"), known)
        .with_columns(each_twice=each_twice)
        .with_columns(comparisons=_comparisons(pl.col("each_twice")))
        .with_columns(p=_holm_of(pl.col("each_twice")))
    )
    return _with_interval(tested).select(
        *by,
        *_shown(name),
        pl.when(known).then("others").alias(f"{name}_others"),
        _verdict("difference").alias(f"{name}_verdict"),
        pl.when(known).then(least * pl.col("error")).alias(f"{name}_detectable"),
    )


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

    def above(middle: str) -> pl.Expr:
        # Polars 2.0, when it streams, finds no type for a number times a flag.
        equal = (each == pl.col(middle)).cast(pl.Float64)
        return ((each > pl.col(middle)) + 0.5 * equal).sum()

    clusters = (
        rows.with_columns(middle=each.median(), own_middle=each.median().over(label))
        .group_by(label, cluster)
        .agg(part=above("middle"), own=above("own_middle"), n=pl.len())
    )
    of_own = clusters.select(label, "n", part="own")
    limits = shares(of_own, [label], "below").drop("below")
    verdicts = compared(clusters, label, cluster, name)
    ordered = rows.group_by(label).agg(each.sort())

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
    clusters: pl.LazyFrame,
    buckets: pl.LazyFrame,
    middle: date,
    cluster: str,
    name: str,
    of: Sequence[str] = (),
) -> pl.LazyFrame:
    """Return a share per bucket, and how it changed from one half to the other.

    `clusters` has bucket, the cluster, part and n; `buckets` is the time axis, whose
    second half begins with the bucket `middle`. Several series are several comparisons
    (Holm): `of` names the columns, of both frames, that tell them apart. Columns:
    bucket, `of`, half, name, and those that the module describes.
    """
    halved = clusters.group_by(*of, _half(middle), cluster).agg(pl.sum("part", "n"))
    changed = compared(halved, "half", cluster, name, of).drop(f"{name}_others")
    per_bucket = shares(clusters, ["bucket", *of], name)
    series = buckets.join(per_bucket, on=["bucket", *of], how="left")
    return _with_halves(series, middle, changed, name, of)


def median_trend(
    rows: pl.LazyFrame,
    buckets: pl.LazyFrame,
    middle: date,
    cluster: str,
    value: str,
    name: str,
) -> pl.LazyFrame:
    """Return how a median changed from one half of the period to the other.

    `rows` has bucket, the cluster and the value; `buckets` is the time axis, whose
    second half begins with the bucket `middle`. Columns: bucket, half, and those of the
    halves that the module describes.
    """
    halved = rows.with_columns(_half(middle))
    changed = medians(halved, "half", cluster, value, name)
    return _with_halves(buckets, middle, changed, name)


FIRST, SECOND = "first", "second"


def _half(middle: date) -> pl.Expr:
    first = pl.col("bucket") < middle
    return pl.when(first).then(pl.lit(FIRST)).otherwise(pl.lit(SECOND)).alias("half")


def _with_halves(
    series: pl.LazyFrame,
    middle: date,
    changed: pl.LazyFrame,
    name: str,
    of: Sequence[str] = (),
) -> pl.LazyFrame:
    figures = {
        figure: f"{name}_of_half{figure.removeprefix(name)}"
        for figure in (name, f"{name}_low", f"{name}_high")
    }
    halved = series.with_columns(_half(middle))
    return halved.join(changed.rename(figures), on=["half", *of], how="left")


def holm() -> pl.Expr:
    """Return the p-values of `p` corrected for their number; null is no comparison.

    The smallest is multiplied by the number of comparisons, the next by one less, and
    so on, and none becomes smaller than the one before it. Of two labels, one
    comparison decides on both.
    """
    return _holm_of(pl.col("p").count() == 2)


def _holm_of(each_twice: pl.Expr) -> pl.Expr:
    """Return p-values corrected; each may be in two rows, of the labels compared."""
    p = pl.col("p")
    rank = p.rank("ordinal").cast(pl.Int64) - 1
    place = pl.int_range(pl.len())
    done = pl.when(each_twice).then(place // 2).otherwise(place)
    factor = (_comparisons(each_twice) - done).clip(1)
    ordered = (p.sort(nulls_last=True) * factor).cum_max()
    return ordered.gather(rank).clip(0, 1)


def _comparisons(each_twice: pl.Expr) -> pl.Expr:
    count = pl.col("p").count().cast(pl.Int64)
    return pl.when(each_twice).then(count // 2).otherwise(count).clip(1)


def _with_p_value(
    frame: pl.LazyFrame, t: pl.Expr, df: pl.Expr, known: pl.Expr
) -> pl.LazyFrame:
    """Add p, the two-sided p-value of Student's t, null where it is not known."""
    deviate = frame.with_columns(z=normal_deviate(t, df))
    return deviate.with_columns(p=pl.when(known).then(two_tails(pl.col("z"))))


def normal_deviate(t: pl.Expr, df: pl.Expr) -> pl.Expr:
    """Return how many standard deviations of a normal are as rare as Student's t.

    Wallace's approximation; never negative.
    """
    return (8 * df + 1) / (8 * df + 3) * (df * (1 + t**2 / df).log()).sqrt()


def two_tails(z: pl.Expr) -> pl.Expr:
    """Return how likely a normal deviate is as far from 0 as `z`, which is above it."""
    # Zelen and Severo (Abramowitz and Stegun 26.2.17): off by less than 0.0000001.
    x = 1 / (1 + 0.2316419 * z)
    terms = (0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429)
    tail = reduce(lambda rest, term: (rest + term) * x, reversed(terms), pl.lit(0.0))
    return 2 / math.sqrt(2 * math.pi) * (-(z**2) / 2).exp() * tail


def student_quantile(df: float) -> float:
    """Return `t_quantile` of 95% confidence, of a number."""
    bend = (8 * df + 3) / (8 * df + 1)
    return math.sqrt(df * (math.exp((bend * _TWO_SIDED) ** 2 / df) - 1))


def t_quantile(df: pl.Expr, alpha: pl.Expr | None = None) -> pl.Expr:
    """Return how many standard errors an interval reaches: Student's t for `df`.

    The inverse of `normal_deviate`; without `alpha`, of 95% confidence.
    """
    z = pl.lit(_TWO_SIDED) if alpha is None else _normal_quantile(alpha / 2)
    bend = (8 * df + 3) / (8 * df + 1)
    return (df * (((bend * z) ** 2 / df).exp() - 1)).sqrt()


def _normal_quantile(tail: pl.Expr) -> pl.Expr:
    """Return the standard normal quantile of a tail (Hastings): off by 0.0005."""
    t = (-2 * tail.log()).sqrt()
    above = 2.515517 + 0.802853 * t + 0.010328 * t**2
    return t - above / (1 + 1.432788 * t + 0.189269 * t**2 + 0.001308 * t**3)


def _verdict(difference: str) -> pl.Expr:
    """Return the verdict on a difference, from its sign and the corrected p."""
    p = pl.col("p")
    way = pl.when(pl.col(difference) > 0).then(pl.lit(HIGHER)).otherwise(pl.lit(LOWER))
    verdict = pl.when(p < _ALPHA).then(way).otherwise(pl.lit(UNCLEAR))
    return pl.when(p.is_not_null()).then(verdict)


_SHARE = pl.col("part") / pl.col("n")


def _sums(clusters: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    """Return part, n, and the sums of their products over the clusters of a group.

    yy, yn and nn: y is what counts, n are the cases of a cluster.
    """
    return aggregate(_as_floats(clusters), by, **_products())


def _as_floats(clusters: pl.LazyFrame) -> pl.LazyFrame:
    floats = pl.col("part", "n").cast(pl.Float64)
    return clusters.filter(pl.col("n") > 0).with_columns(floats)


def _products() -> dict[str, pl.Expr]:
    part, n = pl.col("part"), pl.col("n")
    products = {"part": part, "n": n, "yy": part**2, "yn": part * n, "nn": n**2}
    return {name: of.sum() for name, of in products.items()}


def _effective(side: str) -> dict[str, pl.Expr]:
    """Return (sum of sizes)² / sum of squares over the clusters of three things.

    So many clusters of equal size would tell as much. The three are the cases, those
    that count, and those that do not; null where there is none. `side` is what the
    names of the sums end with.
    """
    part, n, yy, yn, nn = (
        pl.col(f"{name}{side}") for name in ("part", "n", "yy", "yn", "nn")
    )
    rest, squares = n - part, nn - 2 * yn + yy
    return {
        f"cases{side}": n**2 / nn,
        f"counting{side}": pl.when(part != 0).then(part**2 / yy),
        f"missing{side}": pl.when(rest != 0).then(rest**2 / squares),
    }


def _fewest(side: str) -> pl.Expr:
    """Return whichever of `_effective` is least.

    A thousand visitors of whom three teams stay tell as much about staying as three
    teams.
    """
    return pl.min_horizontal(f"cases{side}", f"counting{side}", f"missing{side}")


def _squares(share: pl.Expr, side: str) -> pl.Expr:
    """Return the sum over clusters of (part − share · n)², from sums of products."""
    yy, yn, nn = (pl.col(f"{name}{side}") for name in ("yy", "yn", "nn"))
    return yy - 2 * share * yn + share**2 * nn


def _few(clusters: pl.Expr) -> pl.Expr:
    """Return the correction for the mean being taken from the clusters themselves."""
    return clusters / (clusters - 1)


def _beside_others(
    clusters: pl.LazyFrame, label: str, cluster: str, within: Sequence[str]
) -> pl.LazyFrame:
    """Return the sums of each label, of the others and of all, and what follows.

    A label with many clusters is never joined to each of them: with T and U for part
    and n of a whole cluster, the sum of (T − y)² over all clusters is that of T² − 2 T
    y + y², and the sum of T² over clusters that of T y over their labels.
    """
    labelled = pl.col(label).is_not_null()
    part, n, part_t, n_t = (pl.col(name) for name in ("part", "n", "part_t", "n_t"))
    rows = _as_floats(clusters).with_columns(
        pl.col("part", "n")
        .filter(labelled)
        .sum()
        .over(*within, cluster)
        .name.suffix("_t")
    )
    sums = rows.group_by(*within, label).agg(
        **_products(),
        ty=(part_t * part).sum(),
        tn=(part_t * n).sum(),
        uy=(n_t * part).sum(),
        un=(n_t * n).sum(),
    )
    columns = {"part": "part", "n": "n", "yy": "ty", "yn": "tn", "nn": "un"}
    of_all = {
        f"{name}_all": pl.col(column).filter(labelled).sum()
        for name, column in columns.items()
    }
    if within:
        of_all = {name: total.over(*within) for name, total in of_all.items()}
    ty, tn, uy, un = (pl.col(name) for name in ("ty", "tn", "uy", "un"))
    return (
        sums.with_columns(**of_all)
        .with_columns(
            part_others=pl.col("part_all") - part,
            n_others=pl.col("n_all") - n,
            yy_others=pl.col("yy_all") - 2 * ty + pl.col("yy"),
            yn_others=pl.col("yn_all") - tn - uy + pl.col("yn"),
            nn_others=pl.col("nn_all") - 2 * un + pl.col("nn"),
        )
        .with_columns(
            share=_SHARE,
            others=pl.col("part_others") / pl.col("n_others"),
            # Never 0 or 1.
            common=(pl.col("part_all") + 1) / (pl.col("n_all") + 2),
            **_effective(""),
            **_effective("_others"),
            **_effective("_all"),
        )
        .with_columns(
            clusters=_fewest(""),
            telling=_telling(""),
            telling_others=_telling("_others"),
        )
        .with_columns(
            variance=_variance("", "share"),
            variance_others=_variance("_others", "others"),
        )
    )


def _telling(side: str) -> pl.Expr:
    """Return the effective clusters that a comparison of one side rests on.

    Where hardly any case counts, few clusters have one, but many could have: as many
    as in all clusters together, in proportion. That they have none tells something.
    """
    portion = pl.col(f"n{side}") / pl.col("n_all")
    likely = (
        pl.max_horizontal(f"{what}{side}", portion * pl.col(f"{what}_all"))
        for what in ("counting", "missing")
    )
    return pl.min_horizontal(f"cases{side}", *likely)


def _variance(side: str, share: str) -> pl.Expr:
    """Return the variance that the share of one side has if all labels are alike.

    A share close to 0 or 1 varies less than the common one would, so its variance is
    raised in proportion to share · (1 − share). Where too few clusters have a case
    that counts (or one that does not), the variance is that of all clusters.
    """
    of, n, common = pl.col(share), pl.col(f"n{side}"), pl.col("common")
    raised = (common * (1 - common) / (of * (1 - of))).clip(1)
    own = _squares(of, side).clip(0) / n**2 * raised
    every = _squares(common, "_all").clip(0) / (pl.col("n_all") * n)
    either = (pl.col(f"{what}{side}").fill_null(0) for what in ("counting", "missing"))
    enough = pl.min_horizontal(*either) >= FEWEST_CLUSTERS
    variance = pl.when(enough).then(own).otherwise(every)
    return variance * _few(pl.col(f"telling{side}"))


def _error_of_difference() -> pl.Expr:
    """Return the variance of a difference, never below that of independent cases.

    Clusters with cases of both are alike in both: their covariance comes off.
    """
    share, others, common = pl.col("share"), pl.col("others"), pl.col("common")
    n, n_others = pl.col("n"), pl.col("n_others")
    # Sums of products of a label's part and n with those of the others.
    together = (
        (pl.col("ty") - pl.col("yy"))
        - others * (pl.col("uy") - pl.col("yn"))
        - share * (pl.col("tn") - pl.col("yn"))
        + share * others * (pl.col("un") - pl.col("nn"))
    ) / (n * n_others)
    few = (_few(pl.col("telling")) * _few(pl.col("telling_others"))).sqrt()
    independent = common * (1 - common) * (1 / n + 1 / n_others)
    both = pl.col("variance") + pl.col("variance_others")
    return pl.max_horizontal(both - 2 * few * together, independent)


def _welch() -> pl.Expr:
    """Return the degrees of freedom of a difference (Welch and Satterthwaite)."""
    own, theirs = pl.col("variance"), pl.col("variance_others")
    parts = own**2 / (pl.col("telling") - 1) + theirs**2 / (
        pl.col("telling_others") - 1
    )
    fewest = pl.min_horizontal("telling", "telling_others") - 1
    return pl.when(parts > 0).then((own + theirs) ** 2 / parts).otherwise(fewest)
