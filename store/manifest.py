"""The manifest: the files that one published state of the store consists of.

    DATA_DIR/CURRENT              the name of the manifest in force
    DATA_DIR/manifests/*.json     one per published state, immutable
    DATA_DIR/blocks/<table>/*     Parquet files, immutable, names never used twice
    DATA_DIR/blocks/people/*      the same: user ids in the order of their numbers

The sync job writes it, the store reads it; neither imports the other.
"""

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

FORMAT = 3
EARLIER_FORMAT = 2
"""Written by version 1.0: its checksums are of another kind, it has none of itself."""
CURRENT = "CURRENT"
MANIFESTS = "manifests"
BLOCKS = "blocks"
USER_IDS = "people"
"""The folder of user ids; its name is older than the word."""
_NAME = re.compile(r"(?:([0-9]{1,18})-)?[A-Za-z0-9_-]{1,80}\.json")
_FILE = re.compile(rf"{BLOCKS}(/[A-Za-z0-9_-][A-Za-z0-9_.-]*){{2}}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OWN_SUM = ',\n "sha256": "{}"\n}}'
_LARGEST = 2**63


class ManifestError(Exception):
    """A manifest that cannot be read: damaged, or written by a newer version."""


@dataclass(frozen=True, slots=True)
class Block:
    """One immutable Parquet file, and the proof that it equals its source rows."""

    key: str
    """Its partition: number and size of a key range (7x65536), a quarter, or "all"."""
    file: str
    """Path below DATA_DIR."""
    rows: int
    bytes: int
    min_key: int | str | None
    max_key: int | str | None
    min_time: datetime | None
    max_time: datetime | None
    checksum: str | None
    """Of the rows, by the server's own functions (`sync.checksum`).

    None in a block of the earlier format, until a run has compared it.
    """
    sha256: str
    """Of the file."""
    checked_at: datetime | None = field(default=None, compare=False)
    """When the rows were last compared with the source, by the source's clock, UTC."""


@dataclass(frozen=True, slots=True)
class UserIdsFile:
    """One immutable file of user ids: the numbers `first`, `first` + 1, …."""

    file: str
    """Path below DATA_DIR."""
    first: int
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the sync job did."""

    finished_at: datetime
    seconds: float
    new: int
    changed: int
    gone: int
    healed: int
    """Blocks that were read again although nothing in them was new."""
    recheck_seconds: float = 0.0
    """Part of the seconds: those spent on older blocks."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The database that the store is a replica of."""

    database: str
    server: str
    """A digest of what identifies the server."""


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
    user_ids: tuple[UserIdsFile, ...] = ()
    """The ids behind the numbers in the blocks, in order."""
    runs: tuple[Run, ...] = field(default=())
    """The latest runs, newest last."""
    ignored: tuple[str, ...] = field(default=())
    """Columns of the source that are not copied, as table.column."""
    origin: Origin | None = None
    longest_wait: float | None = None
    """Seconds until a run has seen any edit of any row, at the latest."""

    @property
    def files(self) -> tuple[Block | UserIdsFile, ...]:
        """Every file that the state consists of."""
        blocks = (block for blocks in self.tables.values() for block in blocks)
        return (*blocks, *self.user_ids)

    def to_json(self) -> str:
        """Return the text that `from_json` reads; it ends with its own checksum."""
        body = json.dumps({"format": FORMAT, **asdict(self)}, default=_iso, indent=1)
        body = body.removesuffix("\n}")
        return body + _OWN_SUM.format(hashlib.sha256(body.encode()).hexdigest())

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Read a manifest; raise ManifestError where it is damaged or contradictory."""
        try:
            raw = json.loads(text)
            if raw["format"] not in {FORMAT, EARLIER_FORMAT}:
                raise ManifestError(
                    f"the store has format {raw['format']!r}, this version reads "
                    f"{FORMAT}: run the same version of the sync job and the dashboard"
                )
            if raw["format"] == FORMAT:
                _require_own_sum(text)
            manifest = _manifest(raw)
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RecursionError,
            OverflowError,
        ) as error:
            raise ManifestError(f"not a manifest: {_short(error)}") from error
        _refuse_contradictions(manifest)
        return manifest


def name_in(current: str) -> str:
    """Return the manifest that CURRENT names; raise ManifestError without one."""
    name = current.removesuffix("\n")
    if not _NAME.fullmatch(name):
        raise ManifestError(f"{CURRENT} does not name a manifest")
    return name


def manifest_number(name: str) -> int:
    """Return the number of a manifest from its file's name, 0 for a stranger's file."""
    found = _NAME.fullmatch(name)
    return int(found[1] or 0) if found else 0


def _require_own_sum(text: str) -> None:
    tail = len(_OWN_SUM.format("0" * 64))
    body = text[:-tail]
    if text != body + _OWN_SUM.format(hashlib.sha256(body.encode()).hexdigest()):
        raise ManifestError("the manifest does not have its own checksum")


# These readers take what json.loads returns, which only Any describes.
def _manifest(raw: dict[str, Any]) -> Manifest:
    earlier = raw["format"] == EARLIER_FORMAT
    origin = raw.get("origin")
    wait = raw.get("longest_wait")
    return Manifest(
        number=_count(raw["number"]),
        generation=_count(raw["generation"]),
        snapshot_at=_time(raw["snapshot_at"]),
        tables={
            str(name): tuple(_block(block, earlier=earlier) for block in blocks)
            for name, blocks in raw["tables"].items()
        },
        user_ids=tuple(map(_user_ids, raw["people" if earlier else "user_ids"])),
        runs=tuple(map(_run, raw["runs"])),
        ignored=tuple(map(_text, raw["ignored"])),
        origin=None if origin is None else Origin(**origin),
        longest_wait=None if wait is None else _seconds(wait),
    )


def _block(raw: dict[str, Any], *, earlier: bool) -> Block:
    checksum = None if earlier else raw["checksum"]
    checked_at = None if earlier else raw["checked_at"]
    return Block(
        key=_text(raw["key"]),
        file=_file(raw["file"]),
        rows=_count(raw["rows"]),
        bytes=_count(raw["bytes"]),
        min_key=raw["min_key"],
        max_key=raw["max_key"],
        min_time=_optional_time(raw["min_time"]),
        max_time=_optional_time(raw["max_time"]),
        checksum=None if checksum is None else _text(checksum),
        sha256=_sha256(raw["sha256"]),
        checked_at=_optional_time(checked_at),
    )


def _user_ids(raw: dict[str, Any]) -> UserIdsFile:
    return UserIdsFile(
        file=_file(raw["file"]),
        first=_count(raw["first"]),
        rows=_count(raw["rows"]),
        bytes=_count(raw["bytes"]),
        sha256=_sha256(raw["sha256"]),
    )


def _run(raw: dict[str, Any]) -> Run:
    return Run(
        finished_at=_time(raw["finished_at"]),
        seconds=_seconds(raw["seconds"]),
        **{name: _count(raw[name]) for name in ("new", "changed", "gone", "healed")},
        recheck_seconds=_seconds(raw.get("recheck_seconds", 0)),
    )


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value < _LARGEST:
        raise ValueError(f"{value!r:.40} is not a count")
    return value


def _seconds(value: object) -> float:
    if not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"{value!r:.40} is not a number of seconds")
    return float(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is not a text")
    return value


def _file(value: object) -> str:
    path = _text(value)
    # A path that climbs or is absolute would read whatever the process may read.
    if not _FILE.fullmatch(path):
        raise ValueError(f"{path!r:.80} is not a file of the store")
    return path


def _sha256(value: object) -> str:
    if not _SHA256.fullmatch(_text(value)):
        raise ValueError(f"{value!r:.80} is not a SHA-256")
    return str(value)


def _time(value: object) -> datetime:
    return datetime.fromisoformat(_text(value)).replace(tzinfo=None)


def _optional_time(value: object) -> datetime | None:
    return None if value is None else _time(value)


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat()
    raise TypeError(f"{type(value).__name__} does not belong in a manifest")


def _refuse_contradictions(manifest: Manifest) -> None:
    """Raise ManifestError for a state that contradicts itself."""
    wrong = [
        *_repeated("file", (file.file for file in manifest.files)),
        *_gaps(manifest.user_ids),
    ]
    for name, blocks in manifest.tables.items():
        wrong += _repeated(f"block of {name}", (block.key for block in blocks))
        wrong += [f"{name}, block {b.key}: {fact}" for b in blocks for fact in _odd(b)]
    if manifest.generation > manifest.number:
        wrong.append("the generation is above the number")
    if wrong:
        raise ManifestError(f"the manifest contradicts itself: {'; '.join(wrong[:3])}")


def _repeated(noun: str, names: Iterable[str]) -> list[str]:
    counts = Counter(names)
    return [f"{noun} {name} twice" for name, times in counts.items() if times > 1]


def _gaps(files: Iterable[UserIdsFile]) -> list[str]:
    # The place of an id is its number: a gap would shift all that follow.
    expected = 0
    for file in files:
        if file.first != expected:
            return [f"user ids from {file.first}, expected from {expected}"]
        expected += file.rows
    return []


def _odd(block: Block) -> list[str]:
    """Return what contradicts itself within a block."""
    low, high = block.min_key, block.max_key
    first, last = block.min_time, block.max_time
    facts = []
    # An empty block has no first key; one with rows has.
    if (low is None) != (block.rows == 0) or (first is None) != (block.rows == 0):
        facts.append("rows without a first key or time, or these without rows")
    if type(low) is not type(high) or type(first) is not type(last):
        facts.append("a first and a last of different kinds")
    elif first is not None and last is not None and first > last:
        facts.append("its first time is after its last")
    elif isinstance(low, int) and isinstance(high, int):
        facts += _odd_range(block, low, high)
    elif isinstance(low, str) and isinstance(high, str) and low > high:
        facts.append("its first key is after its last")
    if first is not None and last is not None and "Q" in block.key:
        quarters = {f"{t.year}Q{(t.month + 2) // 3}" for t in (first, last)}
        if quarters != {block.key}:
            facts.append("its times are of another quarter")
    return facts


def _odd_range(block: Block, low: int, high: int) -> list[str]:
    # Keys are unique, so more rows than keys cannot be.
    if not 0 < block.rows <= high - low + 1:
        return ["its rows do not fit between its keys"]
    match re.fullmatch(r"(-?[0-9]{1,19})x([0-9]{1,19})", block.key):
        case None:
            return []
        case found:
            number, size = int(found[1]), int(found[2])
            inside = number * size <= low and high < (number + 1) * size
            return [] if inside else ["its keys are of another range"]
