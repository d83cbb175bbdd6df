"""The store as the sync job writes it: immutable blocks, one commit point."""

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from secrets import token_hex

import polars as pl

from metrics.tables import USER, Table
from store.manifest import (
    BLOCKS,
    CURRENT,
    MANIFESTS,
    PEOPLE,
    Block,
    Manifest,
    ManifestError,
    PeopleFile,
)
from sync.checksum import Checked, Checksum
from sync.disk import Disk
from sync.faults import DamagedStoreError
from sync.spans import Span

SUSPECTS = "SUSPECTS"
"""Blocks that `--verify` found to differ; the next run reads them anew."""
PERSON = "person"
"""The column of ids in the files of people."""


class Vault:
    """A store's folder: what is in force, and what is about to be."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.root = disk.root
        self._unpublished: list[Path] = []

    def current(self) -> Manifest | None:
        """Return the manifest in force, None before the first run.

        Raises DamagedStoreError when there is one that cannot be read.
        """
        try:
            name = (self.root / CURRENT).read_text().strip()
        except FileNotFoundError:
            return None
        try:
            return Manifest.from_json((self.root / MANIFESTS / name).read_text())
        except (ManifestError, OSError, UnicodeDecodeError) as error:
            raise DamagedStoreError(error) from error

    @property
    def is_published(self) -> bool:
        """Whether there is a state in force."""
        return (self.root / CURRENT).exists()

    def last_number(self) -> int:
        """Return the number of the newest manifest, 0 where there is none."""
        names = (path.name for path in (self.root / MANIFESTS).glob("*-*.json"))
        return max((int(name.split("-")[0]) for name in names), default=0)

    def write(self, table: Table, span: Span, rows: Checked) -> Block:
        """Write a block under a name that was never used; nobody reads it yet."""
        content = _parquet(rows.frame)
        file = self._add(table.name, span.key, content)
        return _describe(table, span, rows, file=file, content=content)

    def write_people(self, first: int, ids: pl.Series) -> PeopleFile:
        """Write people's ids, whose numbers begin with `first`."""
        content = _parquet(ids.alias(PERSON).to_frame())
        return PeopleFile(
            file=self._add(PEOPLE, str(first), content).as_posix(),
            first=first,
            rows=ids.len(),
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )

    def read_people(self, file: PeopleFile) -> pl.Series:
        """Return the ids of a file, in the order of their numbers."""
        return pl.read_parquet(self.root / file.file)[PERSON]

    def _add(self, folder_name: str, key: str, content: bytes) -> Path:
        """Write a new file; return its path below the store's folder."""
        folder = self.root / BLOCKS / folder_name
        self.disk.make_folder(folder)
        path = folder / f"{key}-{token_hex(6)}.parquet"
        self._unpublished.append(path)
        self.disk.write(path, content)
        return path.relative_to(self.root)

    def is_there(self, block: Block | PeopleFile) -> bool:
        """Return whether a file exists with its size: cheap."""
        path = self.root / block.file
        return path.is_file() and path.stat().st_size == block.bytes

    def is_whole(self, block: Block | PeopleFile) -> bool:
        """Return whether a file holds every byte that was written."""
        try:
            content = (self.root / block.file).read_bytes()
        except OSError:
            return False
        return hashlib.sha256(content).hexdigest() == block.sha256

    def read(self, table: Table, block: Block) -> pl.DataFrame:
        """Return the rows of a whole block, people's numbers included."""
        return pl.read_parquet(self.root / block.file, schema=table.stored_schema)

    def pairs(self, table: Table, block: Block) -> pl.DataFrame:
        """Return the people of a whole block: person, user."""
        wanted = pl.col(table.user_id or "").alias(PERSON), pl.col(USER)
        return pl.scan_parquet(self.root / block.file).select(*wanted).collect()

    def suspects(self) -> frozenset[str]:
        """Return the files that the last verification found to differ."""
        try:
            text = (self.root / SUSPECTS).read_text()
            return frozenset(map(str, json.loads(text)))
        except (FileNotFoundError, ValueError):
            return frozenset()

    def note_suspects(self, blocks: Sequence[Block | PeopleFile]) -> None:
        """Leave word for the next run which blocks to read anew."""
        self._put(SUSPECTS, json.dumps([block.file for block in blocks]))

    def forget_suspects(self) -> None:
        """Take the word back: the blocks have been read anew."""
        self.disk.remove(self.root / SUSPECTS)

    def publish(self, manifest: Manifest) -> str:
        """Put a manifest in force; return its name. CURRENT is the commit point."""
        name = f"{manifest.number:010d}-{token_hex(6)}.json"
        folder = self.root / MANIFESTS
        self.disk.make_folder(folder)
        self.disk.write(folder / name, manifest.to_json().encode())
        for touched in sorted({path.parent for path in self._unpublished}):
            self.disk.sync_folder(touched)
        self.disk.sync_folder(folder)
        self._unpublished.clear()
        self._put(CURRENT, name + "\n")
        return name

    def abandon(self) -> None:
        """Remove the blocks that were written and not published."""
        for path in self._unpublished:
            self.disk.remove(path)
        self._unpublished.clear()

    def discard(self, is_unwanted: Callable[[Path], bool]) -> None:
        """Remove the files below the store's folders that nobody wants."""
        for pattern in (f"{BLOCKS}/*/*", f"{MANIFESTS}/*", f"{CURRENT}-*.tmp"):
            for path in sorted(self.root.glob(pattern)):
                if is_unwanted(path):
                    self.disk.remove(path)

    def _put(self, name: str, text: str) -> None:
        temporary = self.root / f"{CURRENT}-{token_hex(6)}.tmp"
        self.disk.write(temporary, text.encode())
        self.disk.replace(temporary, self.root / name)
        self.disk.sync_folder(self.root)


def checksum_of(block: Block) -> Checksum:
    """Return the checksum that a manifest states for a block."""
    return Checksum(block.rows, block.crc_sum, block.crc_xor)


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    # Twice the bytes, most of them ids that are rarely read, in half the time.
    frame.write_parquet(buffer, compression="uncompressed")
    return buffer.getvalue()


def _describe(
    table: Table, span: Span, rows: Checked, *, file: Path, content: bytes
) -> Block:
    """Return what the manifest says of a block."""
    bounds = rows.frame.select(
        min_key=pl.col(table.key).min(),
        max_key=pl.col(table.key).max(),
        min_time=pl.col(table.time).min(),
        max_time=pl.col(table.time).max(),
    )
    return Block(
        key=span.key,
        file=file.as_posix(),
        rows=rows.checksum.rows,
        bytes=len(content),
        crc_sum=rows.checksum.crc_sum,
        crc_xor=rows.checksum.crc_xor,
        sha256=hashlib.sha256(content).hexdigest(),
        **bounds.row(0, named=True),
    )
