"""People's numbers: one for each id, dense, given at first sight, never to another.

Every block holds the number beside the id. The ids themselves, in the order of
their numbers, stand in files of `FILE_ROWS`: the place of an id is its number.
"""

from collections.abc import Iterable, Sequence

import polars as pl

from metrics.tables import MOST_PEOPLE, USER, USER_NUMBER, Table
from store.manifest import PeopleFile
from sync.faults import TooManyPeopleError
from sync.vault import PERSON, Vault

FILE_ROWS = 65_536
_PAIRS = pl.Schema({PERSON: pl.String(), USER: USER_NUMBER})
NOBODY = pl.DataFrame(schema=_PAIRS)


class People:
    """The numbers that are published, and those that this run gives."""

    def __init__(self, vault: Vault, files: Sequence[PeopleFile]) -> None:
        self._vault = vault
        self._files = tuple(files)
        self._total = sum(file.rows for file in files)
        self._known = NOBODY
        self._new: list[pl.Series] = []

    @classmethod
    def restored(cls, vault: Vault, pairs: pl.DataFrame) -> "People":
        """Return numbers as blocks hold them, to be written anew.

        A number that no block holds stays without an id.
        """
        people = cls(vault, ())
        last = pairs.select(pl.col(USER).max()).item()
        places = pl.int_range(0, 0 if last is None else last + 1, dtype=USER_NUMBER)
        known = pl.select(places.alias(USER)).join(
            pairs, on=USER, how="left", maintain_order="left"
        )
        people._known = known.drop_nulls().select(_PAIRS.names())
        people._new = [known[PERSON]]
        people._total = known.height
        return people

    def remember(self, pairs: pl.DataFrame) -> None:
        """Learn numbers from rows that hold both, so that no file is searched."""
        unknown = pairs.unique().join(self._known, on=PERSON, how="anti")
        self._known = pl.concat([self._known, unknown.select(_PAIRS.names())])

    def numbered(self, table: Table, frame: pl.DataFrame) -> pl.DataFrame:
        """Return a table's rows with `user`; who was never seen gets a new number."""
        if table.user_id is None:
            return frame
        ids = frame.select(pl.col(table.user_id).alias(PERSON))
        numbers = self._numbers(ids.unique(maintain_order=True))
        found = ids.join(numbers, on=PERSON, how="left", maintain_order="left")
        return frame.with_columns(found[USER])

    def publish(self) -> tuple[PeopleFile, ...]:
        """Write the new ids, and return all files.

        The last file, unless it is full, is written anew with them.
        """
        if not self._new:
            return self._files
        full = [file for file in self._files if file.rows == FILE_ROWS]
        rest = [self._vault.read_people(f) for f in self._files[len(full) :]]
        ids = pl.concat([*rest, *self._new])
        first = len(full) * FILE_ROWS
        written = [
            self._vault.write_people(first + offset, ids.slice(offset, FILE_ROWS))
            for offset in range(0, ids.len(), FILE_ROWS)
        ]
        self._files, self._new = (*full, *written), []
        return self._files

    def _numbers(self, ids: pl.DataFrame) -> pl.DataFrame:
        """Return these people with their numbers: few of all, so joins stay small."""
        known = self._known.join(ids, on=PERSON, how="semi")
        unknown = ids.join(known, on=PERSON, how="anti", maintain_order="left")
        if unknown.is_empty():
            return known
        old = self._published(unknown)
        new = self._numbered_anew(
            unknown.join(old, on=PERSON, how="anti", maintain_order="left")
        )
        self._known = pl.concat([self._known, old, new])
        return pl.concat([known, old, new])

    def _numbered_anew(self, ids: pl.DataFrame) -> pl.DataFrame:
        """Return people who were never seen with the next numbers."""
        numbers = pl.int_range(self._total, self._total + pl.len(), dtype=USER_NUMBER)
        # A copy: a view would keep all texts of its block in memory.
        copy = pl.Series(PERSON, ids[PERSON].to_list(), pl.String)
        new = ids.with_columns(copy, numbers.alias(USER))
        self._new.append(new[PERSON])
        self._total += new.height
        if self._total > MOST_PEOPLE:
            raise TooManyPeopleError(self._total)
        return new

    def _published(self, unknown: pl.DataFrame) -> pl.DataFrame:
        """Return those of the ids that have a published number."""
        if not self._files:
            return unknown.clear().with_columns(pl.lit(0, USER_NUMBER).alias(USER))
        wanted = unknown.lazy()
        everybody = published(self._vault, self._files)
        found = everybody.join(wanted, on=PERSON, how="semi")
        return found.select(_PAIRS.names()).collect()


def published(vault: Vault, files: Iterable[PeopleFile]) -> pl.LazyFrame:
    """Return the published ids with their numbers: user, person."""
    paths = [vault.root / file.file for file in files]
    numbers = pl.col(USER).cast(USER_NUMBER)
    return pl.scan_parquet(paths).with_row_index(USER).with_columns(numbers)
