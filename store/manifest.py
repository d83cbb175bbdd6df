"""The manifest: the files that one published state of the store consists of.

    DATA_DIR/CURRENT              the name of the manifest in force
    DATA_DIR/manifests/*.json     one per published state, immutable
    DATA_DIR/blocks/<table>/*     Parquet files, immutable, names never used twice
    DATA_DIR/blocks/people/*      the same: user ids in the order of their numbers

The sync job writes it, the store reads it; neither imports the other.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

FORMAT = 3
EARLIER_FORMAT = 2
"""Of the first edition: its checksums are of another kind, it has none of itself."""
CURRENT = "CURRENT"
MANIFESTS = "manifests"
BLOCKS = "blocks"
USER_IDS = "people"
"""The folder of user ids; its name is older than the word."""
_NAME = re.compile(r"(?:([0-9]{1,18})-)?[A-Za-z0-9_-]{1,80}\.json")
_OWN_SUM = ',"sha256":"{}"}}'
_BEGINNING = f'{{"format":{FORMAT},'
# Of all files, each followed by a line break: one search takes a third of many. A path
# that climbs or is absolute would read whatever the process may read.
_FILES = re.compile(rf"(?:{BLOCKS}(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*+){{2}}\n)*+")
_HEX = re.compile("[0-9a-f]*+")

type Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
type Seconds = Annotated[float, Meta(ge=0)]
type Instant = Annotated[datetime, Meta(tz=False)]
"""UTC, without saying so."""


class ManifestError(Exception):
    """A manifest that cannot be read: damaged, or written by a newer version."""


@dataclass(frozen=True, slots=True)
class Block:
    """One immutable Parquet file, and the proof that it equals its source rows."""

    key: str
    """Its partition: number and size of a key range (7x65536), a quarter, or "all"."""
    file: str
    """Path below DATA_DIR."""
    rows: Count
    bytes: Count
    min_key: int | str | None
    max_key: int | str | None
    min_time: Instant | None
    max_time: Instant | None
    checksum: str | None
    """Of the rows, by the server's own functions (`sync.checksum`).

    None in a block of the earlier format, until a run has compared it.
    """
    sha256: str
    """Of the file."""
    checked_at: Instant | None = field(default=None, compare=False)
    """When the rows were last compared with the source, by the source's clock, UTC."""
    letters: tuple[str, ...] | None = field(default=None, compare=False)
    """Texts with more than plain ASCII; None where no run has looked yet.

    The server need not convert the others from its charset to compare them.
    """


@dataclass(frozen=True, slots=True)
class UserIdsFile:
    """One immutable file of user ids: the numbers `first`, `first` + 1, …."""

    file: str
    """Path below DATA_DIR."""
    first: Count
    rows: Count
    bytes: Count
    sha256: str


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the sync job did."""

    finished_at: Instant
    seconds: Seconds
    new: Count
    changed: Count
    gone: Count
    healed: Count
    """Blocks that were read again although nothing in them was new."""
    recheck_seconds: Seconds = 0.0
    """Part of the seconds: those spent on older blocks."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The database that the store is a replica of."""

    database: str
    server: str
    """A digest of what identifies the server."""
    created: str | None = None
    """When its oldest table was created, where the server has no id of its own."""

    def matches(self, known: "Origin") -> bool:
        """Return whether this is the origin that a manifest names."""
        # Manifests of earlier builds have no time.
        return self == replace(known, created=known.created or self.created)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One published state of all tables."""

    number: Count
    """Grows by one with every published state."""
    generation: Count
    """Grows by one whenever any row differs from the state before."""
    snapshot_at: Instant
    """The instant of the source that the rows equal, by the source's clock, UTC."""
    tables: Mapping[str, tuple[Block, ...]]
    user_ids: tuple[UserIdsFile, ...] = ()
    """The ids behind the numbers in the blocks, in order."""
    runs: tuple[Run, ...] = field(default=())
    """The latest runs, newest last."""
    ignored: tuple[str, ...] = field(default=())
    """Columns of the source that are not copied, as table.column."""
    origin: Origin | None = None
    longest_wait: Seconds | None = None
    """Seconds until a run has seen any edit of any row, at the latest."""

    @property
    def files(self) -> tuple[Block | UserIdsFile, ...]:
        """Every file that the state consists of."""
        blocks = (block for blocks in self.tables.values() for block in blocks)
        return (*blocks, *self.user_ids)

    def to_json(self) -> str:
        """Return the text that `from_json` reads; it ends with its own checksum."""
        fields = msgspec.json.encode(self).decode()
        body = _BEGINNING + fields[1:-1]
        return body + _OWN_SUM.format(hashlib.sha256(body.encode()).hexdigest())

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Read a manifest; raise ManifestError where it is damaged or contradictory."""
        try:
            if text.startswith(_BEGINNING):
                _require_own_sum(text)
                manifest = _MANIFEST.decode(text)
            else:
                manifest = _of_earlier_format(text)
            _refuse_contradictions(manifest)
        except (msgspec.MsgspecError, ValueError, KeyError, RecursionError) as error:
            raise ManifestError(f"not a manifest: {_short(error)}") from error
        return manifest


_MANIFEST = msgspec.json.Decoder(Manifest)


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


def _of_earlier_format(text: str) -> Manifest:
    """Read a manifest of the first edition; no block of it is checked yet."""
    raw = msgspec.json.decode(text, type=dict[str, Any])
    if raw["format"] != EARLIER_FORMAT:
        raise ManifestError(
            f"the store has format {raw['format']!r:.20}, this version reads {FORMAT}: "
            "run the same version of the sync job and the dashboard"
        )
    raw["user_ids"] = raw.pop("people")
    for block in (block for blocks in raw["tables"].values() for block in blocks):
        block |= {"checksum": None, "checked_at": None}
    return msgspec.convert(_without_offsets(raw), Manifest)


def _without_offsets(value: Any, name: str = "") -> Any:
    """Return JSON whose times, all UTC, no longer say so."""
    match value:
        case dict():
            return {key: _without_offsets(item, key) for key, item in value.items()}
        case list():
            return [_without_offsets(item) for item in value]
        case str() if name.endswith(("_time", "_at")):
            return value.removesuffix("+00:00")
        case _:
            return value


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]


def _refuse_contradictions(manifest: Manifest) -> None:
    """Raise ManifestError for a state that contradicts itself."""
    files = manifest.files
    wrong = [
        *_repeated("file", [file.file for file in files]),
        *_misnamed(files),
        *_gaps(manifest.user_ids),
    ]
    for name, blocks in manifest.tables.items():
        wrong += _repeated(f"block of {name}", [block.key for block in blocks])
        wrong += [f"{name}, block {b.key}: {fact}" for b in blocks for fact in _odd(b)]
    if manifest.generation > manifest.number:
        wrong.append("the generation is above the number")
    if wrong:
        raise ManifestError(f"the manifest contradicts itself: {'; '.join(wrong[:3])}")


def _repeated(noun: str, names: Sequence[str]) -> list[str]:
    if len({*names}) == len(names):
        return []
    counts = Counter(names)
    return [f"{noun} {name} twice" for name, times in counts.items() if times > 1]


def _misnamed(files: Sequence[Block | UserIdsFile]) -> list[str]:
    """Return what is wrong with the paths and checksums of files, without them."""
    paths = "".join(f"{file.file}\n" for file in files)
    if not _FILES.fullmatch(paths) or paths.count("\n") != len(files):
        return ["a file outside of the folder of blocks"]
    sums = [file.sha256 for file in files]
    if {*map(len, sums)} - {64} or not _HEX.fullmatch("".join(sums)):
        return ["a checksum of a file that is none"]
    return []


def _gaps(files: Iterable[UserIdsFile]) -> list[str]:
    # The place of an id is its number: a gap would shift all that follow.
    expected = 0
    for file in files:
        if file.first != expected:
            return [f"user IDs from {file.first}, expected from {expected}"]
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
    number, _, size = block.key.partition("x")
    if not size:
        return []
    lower = int(number) * int(size)
    inside = lower <= low and high < lower + int(size)
    return [] if inside else ["its keys are of another range"]
