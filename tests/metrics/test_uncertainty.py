"""Intervals and verdicts equal plain loops, and chance alone rarely gives one."""

import math
from statistics import NormalDist, median

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import uncertainty
from tests.metrics.building import quick

Cases = list[tuple[str, int, bool]]
"""Label, cluster, and whether it counts."""
CASES = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 14), st.booleans()),
    min_size=60,
    max_size=160,
)


def clusters(cases: Cases) -> pl.LazyFrame:
    frame = pl.LazyFrame(cases, schema=["label", "room", "counts"], orient="row")
    return frame.group_by("label", "room").agg(
        part=pl.sum("counts").cast(pl.Int64), n=pl.len().cast(pl.Int64)
    )


def t_quantile(df: float, z: float = NormalDist().inv_cdf(0.975)) -> float:
    bend = (8 * df + 3) / (8 * df + 1)
    return math.sqrt(df * (math.exp((bend * z) ** 2 / df) - 1))


def effective(counting: dict[int, int], sizes: dict[int, int]) -> float:
    """Rooms of equal size with as much information: of all cases, or of either kind."""
    others = {room: size - counting[room] for room, size in sizes.items()}
    return min(
        sum(each.values()) ** 2 / sum(size**2 for size in each.values())
        for each in (sizes, counting, others)
        if any(each.values())
    )


def per_room(cases: Cases) -> tuple[dict[int, int], dict[int, int]]:
    counting, sizes = dict[int, int](), dict[int, int]()
    for _, room, counts in cases:
        counting[room] = counting.get(room, 0) + counts
        sizes[room] = sizes.get(room, 0) + 1
    return counting, sizes


def variance(cases: Cases) -> float:
    """The variance of a share, from how its rooms differ."""
    counting, sizes = per_room(cases)
    n = sum(sizes.values())
    share = sum(counting.values()) / n
    squares = sum((counting[room] - share * sizes[room]) ** 2 for room in sizes)
    rooms = effective(counting, sizes)
    return squares / n**2 * rooms / (rooms - 1)


def wilson(cases: Cases) -> tuple[float, float] | None:
    counting, sizes = per_room(cases)
    n, rooms = sum(sizes.values()), effective(counting, sizes)
    if n < 20 or rooms < 6:
        return None
    share = sum(counting.values()) / n
    alone = share * (1 - share) / n
    effect = max(1.0, variance(cases) / alone if alone else n / rooms)
    independent, c = n / effect, t_quantile(rooms - 1)
    middle = (share + c**2 / (2 * independent)) / (1 + c**2 / independent)
    root = share * (1 - share) / independent + c**2 / (4 * independent**2)
    half = c / (1 + c**2 / independent) * math.sqrt(root)
    return max(0.0, middle - half), min(1.0, middle + half)


@quick
@given(CASES)
def test_intervals_are_wilsons_widened_by_how_alike_rooms_are(cases: Cases) -> None:
    found = uncertainty.shares(clusters(cases), ["label"], "x").collect()
    for label, share, low, high in found.iter_rows():
        own = [case for case in cases if case[0] == label]
        interval = wilson(own)
        assert (low, high) == (pytest.approx(interval) if interval else (None, None))
        assert share == (
            pytest.approx(sum(case[2] for case in own) / len(own))
            if len(own) >= 20
            else None
        )


def p_value(label: str, cases: Cases) -> float | None:
    """The p-value of a label against all the others together."""
    groups = (
        [case for case in cases if case[0] == label],
        [case for case in cases if case[0] != label],
    )
    counts = [per_room(group) for group in groups]
    if any(len(g) < 20 for g in groups) or any(effective(*c) < 6 for c in counts):
        return None
    n = [len(group) for group in groups]
    share = [sum(c.values()) / m for (c, _), m in zip(counts, n, strict=True)]
    own, theirs = (variance(group) for group in groups)
    rooms = [effective(*c) for c in counts]
    both = counts[0][1].keys() & counts[1][1].keys()
    alike = sum(
        math.prod(
            (counts[i][0][room] - share[i] * counts[i][1][room]) / n[i] for i in (0, 1)
        )
        for room in both
    )
    few = math.sqrt(math.prod(r / (r - 1) for r in rooms))
    common = (sum(case[2] for case in cases) + 1) / (len(cases) + 2)
    alone = common * (1 - common) * (1 / n[0] + 1 / n[1])
    error = math.sqrt(max(own + theirs - 2 * few * alike, alone))
    parts = own**2 / (rooms[0] - 1) + theirs**2 / (rooms[1] - 1)
    df = (own + theirs) ** 2 / parts if parts else min(rooms) - 1
    t = (share[0] - share[1]) / error
    z = (8 * df + 1) / (8 * df + 3) * math.sqrt(df * math.log1p(t**2 / df))
    return math.erfc(z / math.sqrt(2))


def corrected(ps: dict[str, float]) -> dict[str, float]:
    """Holm: p times the number of comparisons left, never below one before."""
    many = 1 if len(ps) == 2 else len(ps)
    result, largest = {}, 0.0
    for place, label in enumerate(sorted(ps, key=lambda key: ps[key])):
        largest = max(largest, ps[label] * max(many - place, 1))
        result[label] = largest
    return result


@quick
@given(CASES, st.sampled_from("abc"))
def test_verdicts_are_those_of_a_corrected_t_test_by_room(
    cases: Cases, favoured: str
) -> None:
    cases = [
        (label, room, counts or label == favoured) for label, room, counts in cases
    ]
    ps = {label: p_value(label, cases) for label in {case[0] for case in cases}}
    holm = corrected({label: p for label, p in ps.items() if p is not None})
    found = uncertainty.compared(clusters(cases), "label", "room", "x").collect()
    verdicts = dict(found.select("label", "x_verdict").iter_rows())
    for label, verdict in verdicts.items():
        if label not in holm:
            assert verdict is None
        elif abs(holm[label] - 0.05) > 1e-5:
            assert (verdict == "no clear difference") == (holm[label] >= 0.05)
    # Nothing counts less often than the label in which everything counts.
    assert verdicts.get(favoured) != "lower"


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
                p=uncertainty.p_value(pl.lit(t), pl.lit(float(df))),
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
@given(st.lists(st.integers(1, 200), min_size=30, max_size=90))
def test_a_median_is_in_its_interval(seconds: list[int]) -> None:
    rows = pl.LazyFrame(
        {
            "kind": [n % 2 for n in range(len(seconds))],
            "room": [n % 11 for n in range(len(seconds))],
            "seconds": seconds,
        }
    )
    found = uncertainty.medians(rows, "kind", "room", "seconds", "x").collect()
    for kind, middle, low, high, _ in found.iter_rows():
        own = seconds[kind::2]
        assert middle == (median(own) if len(own) >= 20 else None)
        if low is not None and middle is not None:
            assert low <= middle <= high


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
