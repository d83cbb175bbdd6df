"""Intervals and verdicts equal plain loops, and chance alone rarely gives one."""

import math
import random
from collections.abc import Hashable, Sequence
from datetime import date
from functools import partial
from statistics import median

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from metrics import uncertainty
from metrics.query import Unfinished
from metrics.uncertainty import UNCLEAR
from tests.metrics.building import executed, quick
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


def shares(clusters: pl.LazyFrame) -> pl.DataFrame:
    """The share of each label, as x."""
    sums = clusters.group_by("label").agg(x_sums=uncertainty.sums("part", "n"))
    return executed(Unfinished(sums, uncertainty.intervals("x")))


def compared(clusters: pl.LazyFrame) -> pl.DataFrame:
    """The share of each label beside that of the others, as x."""
    whole = uncertainty.wholes(("part", "n"), "room", "label")
    sums = (
        clusters.with_columns(whole)
        .group_by("label")
        .agg(x_sums=uncertainty.sums_beside("part", "n"))
    )
    return executed(Unfinished(sums, uncertainty.comparisons("x", "label")))


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
    found = shares(clusters(cases))
    for label, *share in found.iter_rows():
        assert tuple(share) == figures(sums_of(cases)[label])


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
    found = compared(clusters(cases))
    labels = sums_of(cases)
    ps = statistics.p_values(labels)
    assert_verdicts(found, ps)
    many = statistics.comparisons(ps)
    for label, others, least in found.select(
        "label", "x_others", "x_detectable"
    ).iter_rows():
        theirs = statistics.others_than(label, labels)
        assert others == (near(statistics.share(theirs)) if label in ps else None)
        expected = statistics.detectable(labels[label], theirs, many) if ps else None
        assert least == (near(expected) if label in ps else None)
    verdicts = dict(found.select("label", "x_verdict").iter_rows())
    # Nothing counts less often than the label in which everything counts.
    assert verdicts.get(odd) != ("lower" if favoured else "higher")


COUNTS = st.tuples(
    st.sampled_from("abc"),
    st.integers(0, 14),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**31), 2**31 - 1),
)


@quick
@given(st.lists(COUNTS, min_size=20, max_size=60), st.integers(0, 2**31 - 1))
def test_counts_of_damaged_rows_give_a_share_or_none(
    counts: list[tuple[str, int, int, int]], more: int
) -> None:
    """Negative counts: more cases may count than there are."""
    rows = [(label, room, part, n + more) for label, room, part, n in counts]
    frame = pl.LazyFrame(rows, schema=["label", "room", "part", "n"], orient="row")
    for found in (shares(frame), compared(frame)):
        for share, low, high in found.select("x", "x_low", "x_high").iter_rows():
            assert share is None or 0 <= share <= 1
            assert low is None or 0 <= low <= share <= high <= 1


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
    table = compared(clusters(cases))
    verdicts = dict(table.select("label", "x_verdict").iter_rows())
    assert verdicts["d"] == "lower"
    few = [case for case in cases if case[0] != "d" or case[1] >= 1000 or case[1] < 303]
    table = compared(clusters(few))
    assert dict(table.select("label", "x_verdict").iter_rows())["d"] == "lower"


def test_few_rooms_of_unequal_size_claim_no_more_than_others() -> None:
    """As in two days: three groups of about ten rooms, which do not differ."""
    drawn = random.Random(1)  # noqa: S311 - of tests, no secrets

    def room() -> tuple[int, int]:
        n = round(drawn.lognormvariate(3, 0.8)) + 1
        return drawn.binomialvariate(n, drawn.betavariate(3, 2)), n

    claimed, asked = 0, 0
    for _ in range(2_000):
        groups = [[room() for _ in range(rooms)] for rooms in (9, 12, 14)]
        sides = []
        for group in groups:
            yy, yn, nn = (
                sum(a[i] * a[j] for a in group) for i, j in ((0, 0), (0, 1), (1, 1))
            )
            part, n = map(sum, zip(*group, strict=True))
            own = uncertainty.Sums(part, n, yy, yn, nn)
            sides.append(uncertainty.Side(own, yy, yn, yn, nn))
        found = {verdict for _, verdict, _ in uncertainty.against_others(sides)} - {
            None
        }
        asked += bool(found)
        claimed += not found <= {UNCLEAR}
    assert asked > 1_000
    assert claimed / asked <= 0.055


BUCKETS = [date(2026, 1, day) for day in (5, 12, 19, 26)]
MIDDLE = BUCKETS[2]


@quick
@given(CASES, st.integers(0, 2), st.booleans())
def test_series_over_time_are_as_many_comparisons(
    cases: Cases, odd: int, rises: bool
) -> None:
    """Three series of four buckets; in one, all of a half count, none of the other."""
    rows = [
        # Of 15 rooms not even this change is clear.
        (number, bucket, 4 * room + place % 4, counts)
        for place, (label, room, by_chance) in enumerate(cases * 3)
        for number, late in [(place % 3, label == "a")]
        for bucket in [BUCKETS[2 * late + place % 5 // 3]]
        for counts in [late == rises if number == odd else by_chance]
    ]
    frame = pl.LazyFrame(rows, ["series", "bucket", "room", "counts"], orient="row")
    of = ["series"]
    series = (
        frame.group_by("series", "bucket", "room")
        .agg(part=pl.sum("counts").cast(pl.Int64), n=pl.len().cast(pl.Int64))
        .with_columns(*uncertainty.halves(("part", "n"), "room", MIDDLE, of))
        .group_by("series", "bucket")
        .agg(x_sums=uncertainty.sums_of_trend("part", "n"))
    )
    found = executed(Unfinished(series, uncertainty.trends("x", MIDDLE, of)))

    def of_rooms(number: int, *buckets: date) -> statistics.Sums:
        return statistics.per_cluster(
            (room, float(counts))
            for own, bucket, room, counts in rows
            if own == number and bucket in buckets
        )

    halves = {
        number: (of_rooms(number, *BUCKETS[:2]), of_rooms(number, *BUCKETS[2:]))
        for number in range(3)
    }
    ps = {n: statistics.p_value(*both) for n, both in halves.items()}
    known: dict[Hashable, float] = {n: p for n, p in ps.items() if p is not None}
    corrected = statistics.corrected(known, len(known))
    for half, table in found.rename({"series": "label"}).group_by("half"):
        assert half == ("first",) or half == ("second",)
        assert_verdicts(table, corrected)
    for (
        number,
        bucket,
        x,
        low,
        high,
        half,
        *of_half,
        verdict,
        least,
    ) in found.iter_rows():
        assert (x, low, high) == figures(of_rooms(number, bucket))
        first, second = halves[number]
        late = bucket >= MIDDLE
        assert half == ("second" if late else "first")
        assert tuple(of_half) == figures(second if late else first)
        expected = statistics.detectable(first, second, len(known)) if known else None
        assert least == (None if expected is None else near(expected))
        if verdict in {"higher", "lower"}:
            rose = statistics.share(second) > statistics.share(first)
            assert verdict == ("higher" if rose == late else "lower")


def test_two_series_are_two_comparisons() -> None:
    """Each half of either has 100 rooms; a p-value of 0.03 is not enough for two."""
    rows = [
        (series, bucket, f"{bucket} {room}", int(room < often), 1)
        for series in (0, 1)
        for bucket, often in ((BUCKETS[0], 50), (MIDDLE, 65))
        for room in range(100)
    ]
    columns = ["series", "bucket", "room", "part", "n"]

    def judged(*series: int) -> set[str]:
        chosen = pl.col("series").is_in(series)
        halves = uncertainty.halves(("part", "n"), "room", MIDDLE, ["series"])
        sums = (
            pl.LazyFrame(rows, columns, orient="row")
            .filter(chosen)
            .with_columns(*halves)
            .group_by("series", "bucket")
            .agg(x_sums=uncertainty.sums_of_trend("part", "n"))
        )
        trends = uncertainty.trends("x", MIDDLE, ["series"])
        return {*executed(Unfinished(sums, trends))["x_verdict"]}

    assert judged(0) == {"higher", "lower"}
    assert judged(0, 1) == {UNCLEAR}


def figures(own: statistics.Sums) -> tuple[object, object, object]:
    """The share of some cases and its interval, as a test compares them."""
    known = statistics.totals(own)[1] >= statistics.FEWEST_CASES
    low, high = statistics.wilson(own) or (None, None)
    share = statistics.share(own) if known else None
    return near_or_none(share), near_or_none(low), near_or_none(high)


def near_or_none(value: float | None) -> object:
    return None if value is None else near(value)


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
            assert uncertainty.p_value(t, df) == pytest.approx(alpha, rel=0.05)
            found = uncertainty.student_quantile(df, alpha)
            assert found == pytest.approx(t, rel=0.01)


def test_holm_corrects_for_the_comparisons_that_are_left() -> None:
    assert uncertainty.holm([0.01, 0.04, 0.03, 0.5], 4) == pytest.approx(
        [0.04, 0.09, 0.09, 0.5]
    )
    # Of two labels, one comparison decides on both.
    assert uncertainty.holm([0.03, 0.03], 1) == [0.03, 0.03]


@quick
@example([(label, n % 15, 9 + n * (label == "b")) for label in "ab" for n in range(30)])
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
    sums = uncertainty.median_sums(rows, "label", "room", "seconds", "x")
    found = executed(Unfinished(sums, uncertainty.medians("x")))
    middle = median(seconds for _, _, seconds in cases)
    over = dict[Hashable, statistics.Sums]()
    for label, x, low, high, _ in found.iter_rows():
        own = [(room, float(s)) for key, room, s in cases if key == label]
        assert x == (median(s for _, s in own) if len(own) >= 20 else None)
        interval = statistics.median_interval(own)
        assert (low, high) == (interval or (None, None))
        assert low is None or low <= x <= high
        over[label] = statistics.per_cluster(statistics.above(own, middle))
    medians = found["x"].drop_nulls().to_list()
    ps = statistics.p_values(over)
    for x, verdict in found.select("x", "x_verdict").iter_rows():
        # With many equal values the shares above differ, and the medians do not.
        if verdict == "higher":
            assert x > min(medians)
        if verdict == "lower":
            assert x < max(medians)
    if len(medians) == 2 and len(set(medians)) == 1:
        ps = dict.fromkeys(ps, 1.0)
    assert_verdicts(found, ps)


def test_equal_medians_did_not_change_however_many_are_above() -> None:
    """Half of the votes take 30 s in both; the others are shorter, or longer."""
    cases = [
        (label, room, seconds)
        for label, other in (("before", 10), ("after", 90))
        for room in range(40)
        for seconds in [30] * (3 + room % 2) + [other] * 2
    ]
    rows = pl.LazyFrame(cases, schema=["label", "room", "seconds"], orient="row")
    sums = uncertainty.median_sums(rows, "label", "room", "seconds", "x")
    found = executed(Unfinished(sums, uncertainty.medians("x")))
    assert found["x"].to_list() == [30, 30]
    # So are the intervals, whose ends are as far from the middle as a share may be off.
    assert found.select("x_low", "x_high").rows() == [(30, 30)] * 2
    assert found["x_verdict"].to_list() == ["no clear difference"] * 2


@quick
@given(CASES)
def test_an_excess_over_chance_is_a_mean_with_students_t(cases: Cases) -> None:
    signed = clusters(cases).with_columns(part=pl.col("part") - 0.5 * pl.col("n"))
    sums_of_labels = signed.group_by("label").agg(x_sums=uncertainty.sums("part", "n"))
    found = executed(Unfinished(sums_of_labels, uncertainty.excess("x")))
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
    assert_verdicts(found, statistics.corrected(ps, statistics.comparisons(ps)))


def rooms_of_votes(rng: np.random.Generator, effect: float) -> pl.LazyFrame:
    """Sixty rooms whose votes are alike; of label 0 an effect more count."""
    votes = rng.geometric(1 / 25, 60)
    room = np.repeat(np.arange(60), votes)
    usual = rng.beta(6, 4, 60)[room]
    label = rng.integers(0, 3, room.size)
    counts = rng.random(room.size) < np.clip(usual + effect * (label == 0), 0, 1)
    cases = zip(label.tolist(), room.tolist(), counts.tolist(), strict=True)
    frame = pl.LazyFrame([*cases], schema=["label", "room", "counts"], orient="row")
    return frame.group_by("label", "room").agg(
        part=pl.sum("counts").cast(pl.Int64), n=pl.len().cast(pl.Int64)
    )


@pytest.mark.parametrize(("effect", "low", "high"), [(0.0, 0, 0.08), (0.15, 0.8, 1)])
def test_chance_alone_rarely_gives_a_verdict_and_an_effect_nearly_always_does(
    effect: float, low: float, high: float
) -> None:
    rng = np.random.default_rng(16)
    found = 0
    for _ in range(100):
        table = compared(rooms_of_votes(rng, effect))
        verdicts = table.filter(pl.col("label") == 0)["x_verdict"]
        if effect == 0:
            verdicts = table["x_verdict"]
        found += verdicts.is_in(["higher", "lower"]).any()
    assert low <= found / 100 <= high


@quick
@given(CASES, CASES)
def test_cases_without_a_label_are_no_part_of_the_others(
    cases: Cases, nameless: Cases
) -> None:
    # Some of their rooms have cases with a label as well.
    unknown = clusters(nameless).group_by("room").agg(pl.sum("part", "n"))
    none = pl.lit(None, pl.String).alias("label")
    both = pl.concat([clusters(cases), unknown.with_columns(none)], how="diagonal")
    found, named = compared(both), compared(clusters(cases))
    assert_frame_equal(
        found.drop_nulls("label").sort("label"), named.sort("label"), abs_tol=1e-9
    )
    _, share, *_, others, verdict, least = found.row(
        by_predicate=pl.col("label").is_null()
    )
    counting = sum(counts for *_, counts in nameless)
    assert share == near(counting / len(nameless))
    assert (others, verdict, least) == (None, None, None)


@quick
@given(CASES, st.booleans())
def test_two_shares_of_a_row_are_compared_like_two_labels(
    cases: Cases, favoured: bool
) -> None:
    """All cases of one count, or none does."""
    pair = [
        (label, room, favoured if label == "a" else counts)
        for label, room, counts in cases
        if label != "c"
    ]
    rooms = clusters(pair).with_columns(uncertainty.wholes(("part", "n"), "room"))
    sums = uncertainty.sums_beside("part", "n")
    row = pl.concat(
        [
            rooms.filter(pl.col("label") == label).select(sums.alias(f"{label}_sums"))
            for label in "ab"
        ],
        how="horizontal",
    )
    found = executed(Unfinished(row, uncertainty.comparison("a", "b")))
    assert found.columns == ["a", "a_low", "a_high", "a_verdict", "a_detectable"]
    beside = compared(clusters(pair)).filter(pl.col("label") == "a")
    names = {f"x{end}": f"a{end}" for end in ("", "_low", "_high")}
    names |= {f"x_{end}": f"a_{end}" for end in ("verdict", "detectable")}
    if beside.height:
        expected = beside.rename(names).select(found.columns)
        assert_frame_equal(found, expected, abs_tol=1e-9)


@pytest.mark.parametrize(
    ("values", "row"),
    [
        # Of 100 values the sign test's interval is from the 40th to the 61st.
        pytest.param(range(1, 101), (50.5, 40.0, 61.0, "higher"), id="above"),
        pytest.param(range(-49, 51), (0.5, -10.0, 11.0, UNCLEAR), id="around 0"),
        pytest.param(range(-100, 0), (-50.5, -61.0, -40.0, "lower"), id="below"),
        # Of 20 from the 5th to the 16th.
        pytest.param(range(1, 21), (10.5, 5.0, 16.0, "higher"), id="just enough"),
        pytest.param(range(1, 20), (None, None, None, None), id="too few"),
    ],
)
def test_a_median_of_differences_is_judged_by_the_sign_test(
    values: Sequence[int], row: tuple[object, ...]
) -> None:
    plan = pl.LazyFrame({"x_values": [[float(value) for value in values]]})
    found = executed(Unfinished(plan, uncertainty.median_excess("x")))
    assert found.row(0) == row


def test_differences_of_too_few_clusters_are_not_judged() -> None:
    rows = [(9.0, 2.0, 6.0), (9.0, 2.0, 5.9), (-9.0, 2.0, 50.0), (9.0, 0.0, 50.0)]
    plan = pl.LazyFrame(rows, ["change", "error", "clusters"], orient="row")
    found = executed(Unfinished(plan, uncertainty.judged("change", "change_verdict")))
    assert found.rows() == [(9.0, "higher"), (9.0, None), (-9.0, "lower"), (9.0, None)]
