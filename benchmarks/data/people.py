"""People: opaque ids, what they come with, and where they are."""

import numpy as np
import polars as pl

from benchmarks.data.dice import Ints, chosen, dice, ids
from simulation.places import COUNTRIES

_MACHINES = {
    ("desktop", "Windows", "Chrome"): 42,
    ("desktop", "Windows", "Edge"): 17,
    ("desktop", "Mac OS", "Chrome"): 13,
    ("desktop", "Mac OS", "Safari"): 6,
    ("desktop", "Linux", "Firefox"): 8,
    ("desktop", "Chrome OS", "Chrome"): 1,
    ("mobile", "iOS", "Mobile Safari"): 3,
    ("mobile", "Android", "Chrome"): 3,
    ("tablet", "iOS", "Mobile Safari"): 1,
    ("bot", None, None): 2,
    (None, None, None): 1,
}
_PLACES = {
    (country.code, region, city): country.weight / (place + 1)
    for country in COUNTRIES
    for place, (region, city) in enumerate(country.cities)
}
_TOWNS = 40
"""Small places around each city: lists of places are long in reality."""
_DELETED = 97
"""Every so many-th has been deleted on request; the rows stay."""


def people(seed: int, first_seen: Ints) -> pl.DataFrame:
    """Return everybody, by number: the columns of `fpp_users`, times in seconds."""
    rng = dice(seed, "people")
    count = first_seen.size
    machine = _table(["device", "os", "browser"], list(_MACHINES))
    place = _table(["country", "region", "city"], list(_PLACES))
    town = np.where(rng.random(count) < 0.4, rng.integers(1, _TOWNS, count), 0)
    known = pl.Series(rng.random(count))
    return pl.concat(
        [
            pl.DataFrame({"id": ids(rng, count)}),
            machine[chosen(rng, count, list(_MACHINES.values()))],
            place[chosen(rng, count, list(_PLACES.values()))],
        ],
        how="horizontal",
    ).with_columns(
        country=pl.when(known > 0.02).then("country"),
        region=pl.when(known > 0.04).then("region"),
        city=pl.when(known > 0.06).then(_town(pl.lit(pl.Series(town)))),
        created_at=pl.Series(first_seen),
    )


def still_there(everybody: pl.DataFrame) -> pl.DataFrame:
    """Leave out those who were deleted."""
    return everybody.filter(pl.int_range(pl.len()) % _DELETED != _DELETED - 1)


def _town(number: pl.Expr) -> pl.Expr:
    near = pl.format("{} {}", "city", number)
    return pl.when(number > 0).then(near).otherwise("city")


def _table(names: list[str], rows: list[tuple[str | None, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
