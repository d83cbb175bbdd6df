"""What a run does with each partition: decided by values, without a database."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.tables import ESTIMATIONS
from store.manifest import Block
from sync.partitions import Partition
from sync.plan import (
    DEFAULT,
    Action,
    Counts,
    TableState,
    compare,
    large_losses,
    longest_wait,
    plan,
    recheck_order,
)

NOW = datetime(2026, 11, 20, 18)
KEYS = [str(number) for number in range(6)]
SOME = st.sets(st.sampled_from(KEYS))


def block(key: str, age: int | None = 0) -> Block:
    checked = None if age is None else NOW - timedelta(seconds=age)
    return Block(key, f"{key}.parquet", 1, 1, 1, 1, NOW, NOW, "rows:0", "", checked)


def state(keys: Iterable[str]) -> TableState:
    return TableState({key: block(key) for key in sorted(keys)})


def actions(
    stored: Iterable[str],
    there: Iterable[str],
    candidates: Iterable[str],
    urgent: Iterable[str] = (),
) -> dict[str, Action]:
    partitions = [Partition(key) for key in sorted(there)]
    return plan(state(stored), partitions, {*candidates}, {*urgent}, hot_blocks=2)


def test_old_blocks_are_kept_new_ones_compared_missing_ones_fetched() -> None:
    found = actions(KEYS[:5], KEYS, KEYS[:4])
    assert found == {
        "0": Action.KEEP,
        "1": Action.KEEP,
        "2": Action.KEEP,
        "3": Action.COMPARE,  # one of the two newest before
        "4": Action.FETCH,  # its file is gone
        "5": Action.FETCH,  # new
    }


def test_a_block_without_rows_at_the_source_is_dropped() -> None:
    assert actions("012", "12", "012")["0"] is Action.DROP


def test_what_is_urgent_is_compared_however_old() -> None:
    assert actions(KEYS, KEYS, KEYS, ["1"])["1"] is Action.COMPARE


@settings(deadline=None)
@given(SOME, SOME, SOME, SOME)
def test_every_partition_has_one_action_and_nothing_unproven_is_kept(
    stored: set[str], there: set[str], candidates: set[str], urgent: set[str]
) -> None:
    found = actions(stored, there, candidates, urgent)
    assert found.keys() == stored | there
    for key, action in found.items():
        assert (action is Action.DROP) == (key not in there)
        assert (action is Action.FETCH) == (key in there and key not in candidates)
        if action is Action.KEEP:
            assert key not in urgent
            assert key not in sorted(there)[-2:]


def test_the_longest_unchecked_comes_first_those_never_checked_before_all() -> None:
    blocks = [block("0", 5), block("1", 50), block("2", None), block("3", 20)]
    assert [b.key for b in recheck_order(blocks, NOW)] == ["2", "1", "3", "0"]


def test_a_check_that_is_still_to_come_counts_as_none() -> None:
    blocks = [block("0", 5), block("1", -7200), block("2", 50)]
    assert [b.key for b in recheck_order(blocks, NOW)] == ["1", "2", "0"]
    assert longest_wait(blocks, 100, 100, NOW, 600) == 650


def test_the_wait_is_a_full_recheck_or_the_age_of_the_oldest_check() -> None:
    blocks = [block("0"), block("1")]
    assert longest_wait(blocks, 100, 100, NOW, 600) == 600
    assert longest_wait(blocks, 50, 100, NOW, 600) == 1200
    assert longest_wait(blocks, 0, 0, NOW, 600) == 600
    assert longest_wait([block("0", 7200)], 100, 100, NOW, 600) == 7800


def test_a_small_loss_is_accepted_a_large_one_is_not() -> None:
    before = {"rooms": 3, "votes": 1_000}
    assert large_losses(before, {"rooms": 3, "votes": 200}, DEFAULT) == []
    assert large_losses(before, {"rooms": 1, "votes": 201}, DEFAULT) == [
        "votes lost 201 of 1,000 rows"
    ]


def test_new_changed_and_deleted_rows_are_counted_nulls_are_values() -> None:
    def rows(*estimations: tuple[int, int | None]) -> pl.DataFrame:
        values = [(key, "ada", 7, found, False, NOW) for key, found in estimations]
        return pl.DataFrame(values, ESTIMATIONS.schema, orient="row")

    old = rows((1, None), (2, None), (3, 5), (4, 5))
    new = rows((1, None), (2, 5), (3, None), (5, None), (6, 1))
    assert compare(ESTIMATIONS, old, new) == Counts(new=2, changed=2, gone=1)
