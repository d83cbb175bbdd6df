"""User, second and kind in one number."""

from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.activity_key import (
    Kind,
    at_local_time,
    changes,
    is_kind,
    is_later,
    is_of_estimations,
    is_within,
    kind,
    moment,
    owner_day,
    pack,
    second,
    split_owner_day,
    user_day,
    user_number,
)
from metrics.constants import VISIT_GAP
from metrics.tables import MOST_USERS, TIMESTAMP, USER_NUMBER
from tests.metrics.building import quick

EPOCH = datetime(1970, 1, 1)
KINDS: tuple[Kind, ...] = ("view", "event", "estimation", "watching")
LAST_SECOND = (1 << 32) - 1
USERS = st.integers(0, 3) | st.integers(0, MOST_USERS - 1)
SECONDS = st.integers(0, LAST_SECOND)
ACTS = st.lists(st.tuples(USERS, SECONDS, st.integers(0, 3)), min_size=1, max_size=30)


def packed(acts: list[tuple[int, int, int]]) -> pl.Series:
    """Pack acts one by one: a plan knows one kind for all of its rows."""
    rows = pl.DataFrame(
        {
            "user": [who for who, _, _ in acts],
            "at": [EPOCH + timedelta(seconds=seconds) for _, seconds, _ in acts],
            "kind": [kind for _, _, kind in acts],
        },
        schema={"user": USER_NUMBER, "at": TIMESTAMP, "kind": pl.Int8},
    )
    chosen = pl.coalesce(
        pl.when(pl.col("kind") == number).then(
            pack(pl.col("user"), pl.col("at"), kind(name))
        )
        for number, name in enumerate(KINDS)
    )
    return rows.select(act=chosen).to_series()


@quick
@given(ACTS)
def test_a_sort_orders_by_user_then_second_then_kind(
    acts: list[tuple[int, int, int]],
) -> None:
    assert packed(acts).sort().to_list() == packed(sorted(acts)).to_list()


@quick
@given(ACTS)
def test_every_part_comes_back(acts: list[tuple[int, int, int]]) -> None:
    act = pl.col("act")
    found = (
        packed(acts)
        .to_frame("act")
        .select(
            user_number(act).alias("user_number"),
            second(moment(act)).alias("second"),
            split_owner_day(user_day(act))[1].alias("day"),
            is_of_estimations(act).alias("of estimations"),
            *(is_kind(act, name).alias(name) for name in KINDS),
        )
    )
    assert found["user_number"].to_list() == [who for who, _, _ in acts]
    assert found["second"].to_list() == [seconds for _, seconds, _ in acts]
    assert found["day"].to_list() == [seconds // 86_400 for _, seconds, _ in acts]
    assert found["of estimations"].to_list() == [own >= 2 for _, _, own in acts]
    for number, name in enumerate(KINDS):
        assert found[name].to_list() == [own == number for _, _, own in acts]


def test_the_last_user_in_the_last_second_still_fits() -> None:
    last = (MOST_USERS - 1, LAST_SECOND, 3)
    assert packed([last]).item() > packed([(MOST_USERS - 2, LAST_SECOND, 3)]).item()


@pytest.mark.parametrize("years", [1, 30, 135])
def test_the_next_user_is_farther_away_than_any_pause(years: int) -> None:
    late = timedelta(days=365 * years) // timedelta(seconds=1)
    first, other = packed([(7, late, 0), (8, 0, 0)])
    gap = VISIT_GAP // timedelta(seconds=1)
    assert other // 4 - first // 4 > gap


@quick
@given(ACTS, SECONDS)
def test_later_is_later_than_a_second(
    acts: list[tuple[int, int, int]], since: int
) -> None:
    time = EPOCH + timedelta(seconds=since)
    later = packed(acts).to_frame("act").select(is_later(pl.col("act"), time))
    assert later.to_series().to_list() == [seconds > since for _, seconds, _ in acts]


@quick
@given(SECONDS, st.integers(0, 3), st.integers(-1, 1), st.integers(0, 2))
def test_a_span_has_its_start_and_not_its_end(
    seconds: int, kind: int, shift: int, length: int
) -> None:
    """Half seconds, too: in it is what is not before the start and before the end."""
    half = timedelta(seconds=0.5)
    start = EPOCH + timedelta(seconds=seconds) + shift * half
    end = start + length * half
    act = packed([(1, seconds, kind)]).to_frame("act")
    inside = act.select(is_within(pl.col("act"), start, end)).item()
    assert inside == (start <= EPOCH + timedelta(seconds=seconds) < end)


@quick
@given(USERS, st.datetimes(), st.integers(-86_400, 86_400))
def test_a_stray_time_is_never_that_of_another_user(
    user: int, at: datetime, ahead: int
) -> None:
    second = (at - EPOCH) // timedelta(seconds=1)
    act = packed([(user, second, 0)]).to_frame("act").lazy()
    clock = pl.lit(second + ahead, pl.Int64)
    local = act.select(at_local_time(pl.col("act"), clock))
    for frame in (act, local):
        found = frame.select(user_number(pl.first())).collect().item()
        assert found == user
    day = pl.lit(second // 86_400, pl.Int64)
    owner, _ = split_owner_day(owner_day(pl.lit(user), day))
    assert pl.select(owner).item() == user


@quick
@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 49_710))))
def test_an_owner_and_a_day_come_back_and_are_ordered(
    owned: list[tuple[int, int]],
) -> None:
    schema = pl.Schema({"owner": USER_NUMBER, "day": pl.Int64()})
    rows = pl.DataFrame(owned, schema=schema, orient="row")
    keys = rows.select(key=owner_day(pl.col("owner"), pl.col("day"))).sort("key")
    owner, own_day = split_owner_day(pl.col("key"))
    assert keys.select(owner.alias("owner"), own_day.alias("day")).rows() == sorted(
        owned
    )


def test_changes_mark_the_first_of_equal_neighbours() -> None:
    values = pl.Series("x", [1, 1, 2, 2, 1]).to_frame()
    assert values.select(changes(pl.col("x"))).to_series().to_list() == [
        *(True, False, True, False, True)
    ]
