"""Random numbers, a million at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from metrics.constants import START

type Ints = npt.NDArray[np.int64]
type Flags = npt.NDArray[np.bool_]

DAY = 86_400
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
_ID_LENGTH = 21


def dice(seed: int, *names: object) -> np.random.Generator:
    """Return a generator of its own for each name, so that parts do not mix."""
    text = "/".join(map(str, names)).encode()
    return np.random.default_rng([seed, *text])


def ids(rng: np.random.Generator, count: int) -> pl.Series:
    """Draw ids like those of the live database: 21 characters of 64."""
    letters = np.frombuffer(_ALPHABET, dtype=np.uint8)
    drawn = letters[rng.integers(0, 64, size=(count, _ID_LENGTH), dtype=np.uint8)]
    return pl.Series(drawn.view(f"S{_ID_LENGTH}").ravel(), dtype=pl.Binary).cast(
        pl.String
    )


def chosen(rng: np.random.Generator, count: int, weights: Sequence[float]) -> Ints:
    """Draw places in a list of weights."""
    edges = np.cumsum(weights) / np.sum(weights)
    return np.searchsorted(edges, rng.random(count), side="right").astype(np.int64)


def counted_up(lengths: Ints) -> Ints:
    """Return 0, 1, 2, … anew for each length: [2, 3] gives 0, 1, 0, 1, 2."""
    starts = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) - np.repeat(starts, lengths)


@dataclass(frozen=True, slots=True)
class Span:
    """From the first day of the statistics to now; times are seconds since then."""

    until: datetime

    @property
    def seconds(self) -> int:
        """How long the history is."""
        return int((self.until - START).total_seconds())

    def workdays(self, rng: np.random.Generator, days: Ints) -> Ints:
        """Move nine in ten of the days that are weekends to the week after."""
        moved = (days % 7 >= 5) & (rng.random(days.size) < 0.9)
        return np.where(moved, days + 2, days)

    def growing(self, rng: np.random.Generator, count: int) -> Ints:
        """Draw days; the last ones are twice as busy as the average."""
        days = np.sqrt(rng.random(count)) * (self.seconds / DAY)
        return self.workdays(rng, days.astype(np.int64))


def moment(column: str) -> pl.Expr:
    """Return seconds since the first day as a timestamp."""
    return (pl.lit(START) + pl.duration(seconds=column)).alias(column)
