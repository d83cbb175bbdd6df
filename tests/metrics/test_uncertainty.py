"""Intervals and verdicts equal plain loops, and chance alone rarely gives one."""

import math
from collections.abc import Hashable
from datetime import date
from functools import partial
from statistics import median

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import uncertainty
from tests.metrics.building import quick
from tests.metrics.oracle import statistics

Cases = list[tuple[str, int, bool]]
"""Label, cluster, and whether it counts."""
CASES = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 14), st.booleans()),
    min_size=60,
    max_size=160,
)

near = partial(pytest.approx, abs=1e-9)
"""Equal to nine decimals, to which figures and intervals are rounded."""


def clusters(cases: Cases) -> pl.LazyFrame:
    frame = pl.LazyFrame(cases, schema=["label", "room", "counts"], orient="row")
    return frame.group_by("label", "room").agg(
        part=pl.sum("counts").cast(pl.Int64), n=pl.len().cast(pl.Int64)
    )


def sums_of(cases: Cases) -> dict[Hashable, statistics.Sums]:
    """The rooms of each label."""
    labels = sorted({label for label, _, _ in cases})
    return {
        label: statistics.per_cluster(
            (room, float(counts)) for own, room, counts in cases if own == label
        )
        for label in labels
    }


@quick
@given(CASES)
def test_intervals_are_wilsons_widened_by_how_alike_rooms_are(cases: Cases) -> None:
    found = uncertainty.shares(clusters(cases), ["label"], "x").collect()
    for label, share, low, high in found.iter_rows():
        own = sums_of(cases)[label]
        part, n = statistics.totals(own)
        interval = statistics.wilson(own)
        assert (low, high) == (near(interval) if interval else (None, None))
        assert share == (near(part / n) if n >= 20 else None)


@quick
@given(CASES, st.sampled_from("abc"), st.booleans())
def test_verdicts_are_those_of_a_corrected_t_test_by_room(
    cases: Cases, odd: str, favoured: bool
) -> None:
    """All cases of one label count, or hardly any do."""
    cases = [
        (label, room, (counts or favoured) and (label != odd or favoured or room == 1))
        if label == odd
        else (label, room, counts)
        for label, room, counts in cases
    ]
    found = uncertainty.compared(clusters(cases), "label", "room", "x").collect()
    assert_verdicts(found, statistics.p_values(sums_of(cases)))
    verdicts = dict(found.select("label", "x_verdict").iter_rows())
    # Nothing counts less often than the label in which everything counts.
    assert verdicts.get(odd) != ("lower" if favoured else "higher")


def assert_verdicts(found: pl.DataFrame, ps: dict[Hashable, float]) -> None:
    for label, verdict in found.select("label", "x_verdict").iter_rows():
        if label not in ps:
            assert verdict is None
        elif abs(ps[label] - 0.05) > 1e-5:
            assert (verdict == "no clear difference") == (ps[label] >= 0.05)


def test_a_label_in_which_no_team_stays_is_compared() -> None:
    """Fifteen teams of five come per country, and 300 visitors without a team."""
    cases: Cases = []
    for country, label in enumerate("abcd"):
        for team in range(15):
            stays = label != "d"
            cases += [(label, 100 * country + team, stays)] * 5
        cases += [(label, 1000 * (country + 1) + n, False) for n in range(300)]
    table = uncertainty.compared(clusters(cases), "label", "room", "x").collect()
    verdicts = dict(table.select("label", "x_verdict").iter_rows())
    assert verdicts["d"] == "lower"
    few = [case for case in cases if case[0] != "d" or case[1] >= 1000 or case[1] < 303]
    table = uncertainty.compared(clusters(few), "label", "room", "x").collect()
    assert dict(table.select("label", "x_verdict").iter_rows())["d"] == "lower"


@quick
@given(CASES, st.integers(0, 2))
def test_series_over_time_are_as_many_comparisons(cases: Cases, odd: int) -> None:
    """Three series, of which one changes; the label says which half a case is in."""
    rows = [
        (number, first, room, counts or (number == odd and first))
        for number, (label, room, counts) in enumerate(cases * 3)
        for number, first in [(number % 3, label == "a")]
    ]
    frame = pl.LazyFrame(rows, ["series", "first", "room", "counts"], orient="row")
    days = {True: date(2026, 1, 1), False: date(2026, 1, 2)}
    by_room = frame.group_by(
        "series", "room", bucket=pl.col("first").replace_strict(days)
    ).agg(part=pl.sum("counts").cast(pl.Int64), n=pl.len().cast(pl.Int64))
    buckets = by_room.select("series", "bucket").unique()
    found = uncertainty.trend(by_room, buckets, days[False], "room", "x", ["series"])
    halves = [
        [
            statistics.per_cluster(
                (room, float(counts))
                for series, early, room, counts in rows
                if (series, early) == (number, first)
            )
            for first in (True, False)
        ]
        for number in range(3)
    ]
    ps = {n: statistics.p_value(*both) for n, both in enumerate(halves)}
    known: dict[Hashable, float] = {n: p for n, p in ps.items() if p is not None}
    second = found.filter(pl.col("half") == "second").rename({"series": "label"})
    # Of two comparisons `corrected` would think that they are one, seen from two sides.
    if len(known) != 2:
        assert_verdicts(second.collect(), statistics.corrected(known))


def test_students_t_is_near_its_tables() -> None:
    """Two-sided 5% and 1% of 5, 10, 30 and 1000 degrees of freedom."""
    table = {
        5: (2.571, 4.032),
        10: (2.228, 3.169),
        30: (2.042, 2.750),
        1000: (1.962, 2.581),
    }
    for df, quantiles in table.items():
        for alpha, t in zip((0.05, 0.01), quantiles, strict=True):
            frame = pl.select(
                p=uncertainty.two_tails(
                    uncertainty.normal_deviate(pl.lit(t), pl.lit(float(df)))
                ),
                t=uncertainty.t_quantile(pl.lit(float(df)), pl.lit(alpha)),
            )
            assert frame["p"].item() == pytest.approx(alpha, rel=0.05)
            assert frame["t"].item() == pytest.approx(t, rel=0.01)


def test_of_two_labels_one_comparison_decides() -> None:
    assert pl.DataFrame({"p": [0.03, 0.03]}).select(uncertainty.holm())[
        "p"
    ].to_list() == [0.03, 0.03]


def test_holm_corrects_for_the_comparisons_that_are_left() -> None:
    p = [0.01, None, 0.04, 0.03, 0.5]
    found = pl.DataFrame({"p": p}).select(uncertainty.holm())["p"].to_list()
    assert found == [
        pytest.approx(q) if q else None for q in (0.04, None, 0.09, 0.09, 0.5)
    ]


@quick
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 14), st.integers(1, 60)),
        min_size=50,
        max_size=120,
    )
)
def test_medians_are_those_of_woodruff_and_mood(
    cases: list[tuple[str, int, int]],
) -> None:
    rows = pl.LazyFrame(cases, schema=["label", "room", "seconds"], orient="row")
    found = uncertainty.medians(rows, "label", "room", "seconds", "x").collect()
    middle = median(seconds for _, _, seconds in cases)
    over = dict[Hashable, statistics.Sums]()
    for label, x, low, high, _ in found.iter_rows():
        own = [(room, float(s)) for key, room, s in cases if key == label]
        assert x == (median(s for _, s in own) if len(own) >= 20 else None)
        interval = statistics.median_interval(own)
        assert (low, high) == (interval or (None, None))
        over[label] = statistics.per_cluster(statistics.above(own, middle))
    assert_verdicts(found, statistics.p_values(over))


@quick
@given(CASES)
def test_an_excess_over_chance_is_a_mean_with_students_t(cases: Cases) -> None:
    signed = clusters(cases).with_columns(part=pl.col("part") - 0.5 * pl.col("n"))
    found = uncertainty.excess(signed, ["label"], "x").collect()
    ps = dict[Hashable, float]()
    for label, x, low, high, _ in found.iter_rows():
        sums = {
            room: (part - 0.5 * n, n)
            for room, (part, n) in sums_of(cases)[label].items()
        }
        part, n = statistics.totals(sums)
        rooms, mean = statistics.equal(n for _, n in sums.values()), part / n
        assert x == (near(mean) if n >= 20 else None)
        error = math.sqrt(
            statistics.squares(sums, mean) / n**2 * rooms / (rooms - 1)
            if rooms > 1
            else 0
        )
        if n < 20 or rooms < 6 or error < 1e-9:
            assert (low, high) == (None, None)
            continue
        half = statistics.t_quantile(rooms - 1) * error
        assert (low, high) == near((mean - half, mean + half))
        ps[label] = statistics.two_sided(mean / error, rooms - 1)
    assert_verdicts(found, statistics.corrected(ps))


def rooms_of_votes(rng: np.random.Generator, effect: float) -> pl.LazyFrame:
    """Sixty rooms whose votes are alike; of label 0 an effect more count."""
    votes = rng.geometric(1 / 25, 60)
    room = np.repeat(np.arange(60), votes)
    usual = rng.beta(6, 4, 60)[room]
    label = rng.integers(0, 3, room.size)
    counts = rng.random(room.size) < np.clip(usual + effect * (label == 0), 0, 1)
    cases = zip(label.tolist(), room.tolist(), counts.tolist(), strict=True)
    frame = pl.LazyFrame([*cases], schema=["label", "room", "counts"], orient="row")
    return frame.group_by("label", "room").agg(part=pl.sum("counts"), n=pl.len())


@pytest.mark.parametrize(("effect", "low", "high"), [(0.0, 0, 0.08), (0.15, 0.8, 1)])
def test_chance_alone_rarely_gives_a_verdict_and_an_effect_nearly_always_does(
    effect: float, low: float, high: float
) -> None:
    rng = np.random.default_rng(16)
    found = 0
    for _ in range(100):
        table = uncertainty.compared(rooms_of_votes(rng, effect), "label", "room", "x")
        verdicts = table.filter(pl.col("label") == 0).collect()["x_verdict"]
        if effect == 0:
            verdicts = table.collect()["x_verdict"]
        found += verdicts.is_in(["higher", "lower"]).any()
    assert low <= found / 100 <= high
