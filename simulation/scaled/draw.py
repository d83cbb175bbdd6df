"""Random numbers, a million at a time, and the span that they fall into."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from simulation.timeline import DAY, first_day
from simulation.users import ALPHABET, ID_LENGTH

type Ints = npt.NDArray[np.int64]
type Flags = npt.NDArray[np.bool_]


def random_for(seed: int, *names: object) -> np.random.Generator:
    """Return a generator that these names seed, so that no part changes another."""
    text = "/".join(map(str, names)).encode()
    return np.random.default_rng([seed, *text])


def ids(rng: np.random.Generator, count: int) -> pl.Series:
    """Draw ids like those of the live database."""
    letters = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
    drawn = letters[rng.integers(0, 64, size=(count, ID_LENGTH), dtype=np.uint8)]
    return pl.Series(drawn.view(f"S{ID_LENGTH}").ravel(), dtype=pl.Binary).cast(
        pl.String
    )


def chosen(rng: np.random.Generator, count: int, weights: Sequence[float]) -> Ints:
    """Draw places in a list of weights."""
    edges = np.cumsum(weights) / np.sum(weights)
    return np.searchsorted(edges, rng.random(count), side="right").astype(np.int64)


def counted_up(lengths: Ints) -> Ints:
    """Return 0, 1, 2, … for each length: [2, 3] gives 0, 1, 0, 1, 2."""
    starts = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) - np.repeat(starts, lengths)


@dataclass(frozen=True, slots=True)
class Span:
    """From a week after the demo's first day to now; times are seconds since then."""

    until: datetime

    @property
    def start(self) -> datetime:
        """The midnight before a Monday with which the history begins."""
        return datetime.combine(first_day(self.until), time()) + timedelta(weeks=1)

    @property
    def seconds(self) -> int:
        """The length of the history."""
        return int((self.until - self.start).total_seconds())

    def workdays(self, rng: np.random.Generator, days: Ints) -> Ints:
        """Move nine in ten of the days that are weekends to the following week."""
        moved = (days % 7 >= 5) & (rng.random(days.size) < 0.9)
        return np.where(moved, days + 2, days)

    def growing(self, rng: np.random.Generator, count: int) -> Ints:
        """Draw days; the last ones are twice as busy as the average."""
        days = np.sqrt(rng.random(count)) * (self.seconds / DAY)
        return self.workdays(rng, days.astype(np.int64))
