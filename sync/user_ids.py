"""User numbers: one for each id, dense, given at first sight, never to another.

Every block has the number beside the id. The ids themselves, in the order of
their numbers, are in files of `FILE_ROWS`: the place of an id is its number.
"""

from collections.abc import Iterable, Sequence

import polars as pl

from metrics.tables import MOST_USERS, USER, USER_NUMBER, Table
from store.manifest import UserIdsFile
from sync.exceptions import DamagedUserIdsError, TooManyUsersError
from sync.store_writer import USER_ID, StoreWriter

FILE_ROWS = 65_536
_PAIRS = pl.Schema({USER_ID: pl.String(), USER: USER_NUMBER})
NO_USERS = pl.DataFrame(schema=_PAIRS)


class UserIds:
    """The numbers that are published, and those that this run gives."""

    def __init__(self, writer: StoreWriter, files: Sequence[UserIdsFile]) -> None:
        self._writer = writer
        self._files = tuple(files)
        self._total = sum(file.rows for file in files)
        self._known = NO_USERS
        self._new: list[pl.Series] = []
        self._proven = False

    @classmethod
    def restored(cls, writer: StoreWriter, pairs: pl.DataFrame) -> "UserIds":
        """Return numbers as the blocks have them, to be written again.

        A number that is in no block stays without an id.
        """
        user_ids = cls(writer, ())
        last = pairs.select(pl.col(USER).max()).item()
        # A missing number stays a hole: closing it would give it to another user.
        places = pl.int_range(0, 0 if last is None else last + 1, dtype=USER_NUMBER)
        known = pl.select(places.alias(USER)).join(
            pairs, on=USER, how="left", maintain_order="left"
        )
        user_ids._known = known.drop_nulls().select(_PAIRS.names())
        user_ids._new = [known[USER_ID]]
        user_ids._total = known.height
        return user_ids

    def remember(self, pairs: pl.DataFrame) -> None:
        """Learn numbers from rows with both, so that no file is searched."""
        unknown = pairs.unique().join(self._known, on=USER_ID, how="anti")
        self._known = pl.concat([self._known, unknown.select(_PAIRS.names())])

    def numbered(self, table: Table, frame: pl.DataFrame) -> pl.DataFrame:
        """Return a table's rows with `user`; an id never seen gets a new number."""
        if table.user_id is None:
            return frame
        ids = frame.select(pl.col(table.user_id).alias(USER_ID))
        # In the order of the rows, so that the same rows get the same numbers.
        numbers = self._numbers(ids.unique(maintain_order=True))
        found = ids.join(numbers, on=USER_ID, how="left", maintain_order="left")
        return frame.with_columns(found[USER])

    def publish(self) -> tuple[UserIdsFile, ...]:
        """Write the new ids, and return all files.

        The last file, unless it is full, is written again with them.
        """
        if not self._new:
            return self._files
        # Full files never change again.
        full = [file for file in self._files if file.rows == FILE_ROWS]
        rest = [self._writer.read_user_ids(f) for f in self._files[len(full) :]]
        ids = pl.concat([*rest, *self._new])
        first = len(full) * FILE_ROWS
        written = [
            self._writer.write_user_ids(first + offset, ids.slice(offset, FILE_ROWS))
            for offset in range(0, ids.len(), FILE_ROWS)
        ]
        self._files, self._new = (*full, *written), []
        return self._files

    def _numbers(self, ids: pl.DataFrame) -> pl.DataFrame:
        """Return these users with their numbers: few of all, so joins stay small."""
        known = self._known.join(ids, on=USER_ID, how="semi")
        unknown = ids.join(known, on=USER_ID, how="anti", maintain_order="left")
        if unknown.is_empty():
            return known
        old = self._published(unknown)
        new = self._give_numbers(
            unknown.join(old, on=USER_ID, how="anti", maintain_order="left")
        )
        self._known = pl.concat([self._known, old, new])
        return pl.concat([known, old, new])

    def _give_numbers(self, ids: pl.DataFrame) -> pl.DataFrame:
        """Return users who were never seen with the next numbers."""
        numbers = pl.int_range(self._total, self._total + pl.len(), dtype=USER_NUMBER)
        # A copy: a view would keep all texts of its block in memory.
        copy = pl.Series(USER_ID, ids[USER_ID].to_list(), pl.String)
        new = ids.with_columns(copy, numbers.alias(USER))
        self._new.append(new[USER_ID])
        self._total += new.height
        if self._total > MOST_USERS:
            raise TooManyUsersError(self._total)
        return new

    def _published(self, unknown: pl.DataFrame) -> pl.DataFrame:
        """Return those of the ids that have a published number."""
        if not self._files:
            return unknown.clear().with_columns(pl.lit(0, USER_NUMBER).alias(USER))
        self._require_whole_files()
        wanted = unknown.lazy()
        everyone = published(self._writer, self._files)
        found = everyone.join(wanted, on=USER_ID, how="semi")
        return found.select(_PAIRS.names()).collect()

    def _require_whole_files(self) -> None:
        """Raise DamagedUserIdsError before a user gets a second or another's number."""
        # Once per run: reading all files for every block would take long.
        if self._proven:
            return
        damaged = [f.file for f in self._files if not self._writer.is_whole(f)]
        if damaged:
            raise DamagedUserIdsError(damaged)
        self._proven = True


def published(writer: StoreWriter, files: Iterable[UserIdsFile]) -> pl.LazyFrame:
    """Return the published numbers and ids: user, person (the id)."""
    paths = [writer.root / file.file for file in files]
    numbers = pl.col(USER).cast(USER_NUMBER)
    return pl.scan_parquet(paths, glob=False).with_row_index(USER).with_columns(numbers)
