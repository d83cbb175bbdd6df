"""What a run did to the rows, counted."""

from dataclasses import dataclass

import polars as pl

from metrics.tables import Table


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows that came, changed and went, and blocks that were repaired."""

    new: int = 0
    changed: int = 0
    gone: int = 0
    healed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.new + other.new,
            self.changed + other.changed,
            self.gone + other.gone,
            self.healed + other.healed,
        )

    @property
    def rows(self) -> int:
        """How many rows differ from the state before."""
        return self.new + self.changed + self.gone

    def __str__(self) -> str:
        healed = f", {self.healed:,} blocks healed" if self.healed else ""
        return f"{self.new:,} new, {self.changed:,} changed, {self.gone:,} gone{healed}"


NOTHING = Counts()


def compare(table: Table, old: pl.DataFrame, new: pl.DataFrame) -> Counts:
    """Count the differences between two states of the same block.

    People's numbers are ours, not the source's: they do not count.
    """
    shared = new.join(old, on=table.key, how="semi").height
    same = new.join(old, on=list(table.schema), how="semi", nulls_equal=True).height
    return Counts(
        new=new.height - shared, changed=shared - same, gone=old.height - shared
    )
