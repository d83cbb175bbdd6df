"""The manifest: what one generation of the store consists of.

    DATA_DIR/CURRENT              the name of the manifest in force
    DATA_DIR/manifests/*.json     one per published state, immutable
    DATA_DIR/blocks/<table>/*     Parquet files, immutable, names never used twice
    DATA_DIR/blocks/people/*      the same: ids of people in the order of their numbers

The sync job writes it, the store reads it; neither knows the other.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

FORMAT = 2
CURRENT = "CURRENT"
MANIFESTS = "manifests"
BLOCKS = "blocks"
PEOPLE = "people"


class ManifestError(Exception):
    """A manifest that cannot be read: damaged, or written by a newer version."""


@dataclass(frozen=True, slots=True)
class Block:
    """One immutable Parquet file, and the proof that it equals its source rows."""

    key: str
    """Which rows: number and size of a key range (7x65536), a quarter, or "all"."""
    file: str
    """Path below DATA_DIR."""
    rows: int
    bytes: int
    min_key: int | str | None
    max_key: int | str | None
    min_time: datetime | None
    max_time: datetime | None
    crc_sum: int
    """Sum of the rows' CRC32."""
    crc_xor: int
    """Xor of the squares of the rows' CRC32."""
    sha256: str


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """One immutable file of people's ids: the numbers `first`, `first` + 1, …."""

    file: str
    """Path below DATA_DIR."""
    first: int
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the sync job did, for the people who watch it."""

    finished_at: datetime
    seconds: float
    new: int
    changed: int
    gone: int
    healed: int
    """Blocks that were read anew although nothing in them was new."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One published state of all tables."""

    number: int
    """Grows by one with every published state."""
    generation: int
    """Grows by one whenever any row differs from the state before."""
    snapshot_at: datetime
    """The instant of the source that the rows equal, by the source's clock, UTC."""
    tables: Mapping[str, tuple[Block, ...]]
    people: tuple[PeopleFile, ...] = ()
    """Who stands behind the numbers in the blocks, in order."""
    runs: tuple[Run, ...] = field(default=())
    """The latest runs, newest last."""
    ignored: tuple[str, ...] = field(default=())
    """Columns of the source that are not copied, as table.column."""

    @property
    def files(self) -> tuple[Block | PeopleFile, ...]:
        """Every file that the state consists of."""
        blocks = (block for blocks in self.tables.values() for block in blocks)
        return (*blocks, *self.people)

    def to_json(self) -> str:
        """Return the text that `from_json` reads."""
        return json.dumps({"format": FORMAT, **asdict(self)}, default=_iso, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Read a manifest; raise ManifestError when that is not one."""
        try:
            raw = json.loads(text)
            if raw["format"] != FORMAT:
                raise ManifestError(
                    f"the store has format {raw['format']!r}, this version reads "
                    f"{FORMAT}: run the same version of the sync job and the dashboard"
                )
            return cls(
                number=int(raw["number"]),
                generation=int(raw["generation"]),
                snapshot_at=_time(raw["snapshot_at"]),
                tables={
                    name: tuple(_block(block) for block in blocks)
                    for name, blocks in raw["tables"].items()
                },
                people=tuple(PeopleFile(**file) for file in raw["people"]),
                runs=tuple(_run(run) for run in raw["runs"]),
                ignored=tuple(raw["ignored"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ManifestError(f"not a manifest: {error}") from error


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat()
    raise TypeError(f"{type(value).__name__} does not belong in a manifest")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


# The two readers take what json.loads returns, which only Any describes.
def _block(raw: dict[str, Any]) -> Block:
    times = {
        name: _time(raw[name]) if raw[name] is not None else None
        for name in ("min_time", "max_time")
    }
    return Block(**{**raw, **times})


def _run(raw: dict[str, Any]) -> Run:
    return Run(**{**raw, "finished_at": _time(raw["finished_at"])})
