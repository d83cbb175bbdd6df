"""The store as the sync job writes it: immutable blocks, one commit point.

Everything that a run changes on disk goes through `Disk`: few verbs, each durable when
it returns, built of single steps, so that tests can let each step be the last one.
"""

import errno
import fcntl
import hashlib
import io
import json
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import polars as pl

from core.errors import logger
from metrics.tables import USER, Table
from store.files import content_of, text_of
from store.legacy_files import DEMO_MARKER
from store.manifest import (
    BLOCKS,
    CURRENT,
    MANIFESTS,
    USER_IDS,
    Block,
    Manifest,
    ManifestError,
    UserIdsFile,
    manifest_number,
    name_in,
)
from sync.checksum import Checksum, letters
from sync.exceptions import BusyError, DamagedBlockError, DamagedStoreError
from sync.partitions import Partition
from sync.plan import Policy

SUSPECTS = "SUSPECTS"
"""Blocks that `--verify` found to differ; the next run reads them again."""
LOCK = ".lock"
USER_ID = "person"  # the column's name in files of earlier versions, too
"""The column of ids in the files of user ids; its name is older than the word."""
# Bytes of SUSPECTS: each file's name takes about fifty.
_LONGEST_LIST = 10_000_000


@contextmanager
def store_locked(root: Path) -> Iterator[str]:
    """Hold the store's lock; yield the store's own name, of random letters.

    Raises BusyError when another job has it. The kernel lets go of it with the
    process, however that ends.
    """
    if root.is_symlink() and not root.exists():
        # As where its disk is not mounted: "File exists" would not say so.
        raise OSError(errno.ENOENT, "it is a link to a folder that is not there")
    root.mkdir(parents=True, exist_ok=True)
    path = root / LOCK
    if os.path.lexists(path) and not path.is_file():
        Disk(root).remove(path)  # a folder, or a link to nothing: no job has it
    with path.open("a+", encoding="ascii", errors="replace") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError from error
        file.seek(0)
        # The name keeps two stores apart that copy one database.
        name = file.read(64)
        # New, or cut off while it was written.
        if not (len(name) == 32 and name.isalnum() and name.isascii()):
            name = token_hex(16)
            file.truncate(0)
            file.write(name)
        yield name


class Disk:
    """The folder of a store."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: Path, content: bytes) -> None:
        """Write a new file and wait until its content is on the disk.

        A file that could not be written whole is taken away again.
        """
        file = self._create(path)
        try:
            self._fill(file, content)
            self._flush(file)
        except OSError:
            # Half a file under a final name could be taken for a whole one.
            self.remove(path)
            raise
        finally:
            os.close(file)

    def make_folder(self, path: Path) -> None:
        """Make a folder and its parents, and wait until their names are on disk.

        A file in its place is removed; a link is kept, since its target may come back.
        """
        if not path.is_dir():
            self.make_folder(path.parent)
            if path.is_symlink():
                fact = f"{path.name} is a link to a folder that is not there"
                raise OSError(errno.ENOENT, fact)
            if path.exists():
                self.remove(path)
            self._make(path)
            self.sync_folder(path.parent)

    def sync_folder(self, path: Path) -> None:
        """Wait until the names in a folder are on the disk, where it can be asked.

        A share of another machine or of a virtual one (SMB) does not take the question.
        """
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._flush(folder)
        except OSError as error:
            if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
                raise
        finally:
            os.close(folder)

    def replace(self, path: Path, target: Path) -> None:
        """Rename onto a name, in one step."""
        path.replace(target)

    def remove(self, path: Path) -> None:
        """Delete a file that may be gone already, or a folder in its place."""
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def _create(self, path: Path) -> int:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)

    def _make(self, path: Path) -> None:
        path.mkdir(exist_ok=True)

    def _fill(self, file: int, content: bytes) -> None:
        # write() may take less than all, on a full disk or a signal.
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(file, rest) :]

    def _flush(self, file: int) -> None:
        os.fsync(file)


class StoreWriter:
    """A store's folder: what is published, and what is about to be."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.root = disk.root
        self._unpublished: list[Path] = []

    def current(self) -> Manifest | None:
        """Return the manifest in force, None before the first run.

        Raises DamagedStoreError when there is one that cannot be read.
        """
        try:
            name = name_in(text_of(self.root / CURRENT))
            return Manifest.from_json(text_of(self.root / MANIFESTS / name))
        except FileNotFoundError as error:
            if not self.is_published:
                return None
            raise DamagedStoreError(error) from error
        except PermissionError:
            raise
        except (ManifestError, OSError, UnicodeDecodeError) as error:
            raise DamagedStoreError(error) from error

    @property
    def is_published(self) -> bool:
        """Whether there is a state in force."""
        return os.path.lexists(self.root / CURRENT)

    def last_number(self) -> int:
        """Return the number of the newest manifest, 0 where there is none."""
        names = (path.name for path in (self.root / MANIFESTS).glob("*"))
        return max(map(manifest_number, names), default=0)

    def write(
        self, table: Table, partition: Partition, frame: pl.DataFrame, proof: Checksum
    ) -> Block:
        """Write a block under a name that was never used; no manifest names it yet."""
        content = _parquet(frame)
        file = self._add(table.name, partition.key, content)
        bounds = frame.select(
            min_key=pl.col(table.key).min(),
            max_key=pl.col(table.key).max(),
            min_time=pl.col(table.time).min(),
            max_time=pl.col(table.time).max(),
        )
        return Block(
            key=partition.key,
            file=file.as_posix(),
            rows=frame.height,
            bytes=len(content),
            checksum=proof.digest,
            sha256=hashlib.sha256(content).hexdigest(),
            letters=letters(table, frame),
            **bounds.row(0, named=True),
        )

    def write_user_ids(self, first: int, ids: pl.Series) -> UserIdsFile:
        """Write user ids, whose numbers begin with `first`."""
        content = _parquet(ids.alias(USER_ID).to_frame())
        return UserIdsFile(
            file=self._add(USER_IDS, str(first), content).as_posix(),
            first=first,
            rows=ids.len(),
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )

    def read_user_ids(self, file: UserIdsFile) -> pl.Series:
        """Return the ids of a file, in the order of their numbers."""
        with _readable(file.file):
            return pl.read_parquet(self.root / file.file, glob=False)[USER_ID]

    def _add(self, folder_name: str, key: str, content: bytes) -> Path:
        """Write a new file; return its path below the store's folder."""
        folder = self.root / BLOCKS / folder_name
        self.disk.make_folder(folder)
        # Random letters: a name is never used twice, not even after a crash.
        path = folder / f"{key}-{token_hex(6)}.parquet"
        self._unpublished.append(path)
        self.disk.write(path, content)
        return path.relative_to(self.root)

    def is_there(self, block: Block | UserIdsFile) -> bool:
        """Return whether a file exists with its size: cheap."""
        # Asked of every block: a `Path` of each takes four times as long.
        try:
            found = os.stat(f"{self.root}/{block.file}")  # noqa: PTH116
        except OSError:
            return False
        return stat.S_ISREG(found.st_mode) and found.st_size == block.bytes

    def is_whole(self, block: Block | UserIdsFile) -> bool:
        """Return whether a file has every byte that was written."""
        try:
            content = content_of(self.root / block.file)
        except OSError:
            return False
        return hashlib.sha256(content).hexdigest() == block.sha256

    def read(self, table: Table, block: Block) -> pl.DataFrame:
        """Return the rows of a whole block, user numbers included."""
        with _readable(block.file):
            path = self.root / block.file
            return pl.read_parquet(path, schema=table.stored_schema, glob=False)

    def pairs(self, table: Table, block: Block) -> pl.DataFrame:
        """Return the ids and numbers of the users of a whole block."""
        wanted = pl.col(table.user_id or "").alias(USER_ID), pl.col(USER)
        with _readable(block.file):
            file = pl.scan_parquet(self.root / block.file, glob=False)
            return file.select(*wanted).collect()

    def keys(self, table: Table, blocks: Sequence[Block]) -> pl.Series:
        """Return the keys of blocks; numbers in place of ids, which take far longer."""
        column = USER if table.user_id == table.key else table.key
        paths = [self.root / block.file for block in blocks]
        with _readable(f"a file of {table.name}"):
            files = pl.scan_parquet(paths, glob=False)
            return files.select(column).collect().to_series()

    def suspects(self) -> frozenset[str] | None:
        """Return the files that the last verification found to differ.

        None where its list cannot be read: then any file may be one of them.
        """
        path = self.root / SUSPECTS
        if not os.path.lexists(path):
            return frozenset()
        try:
            # Not ours: reading it could take all memory.
            if path.stat().st_size > _LONGEST_LIST:
                return None
            files = json.loads(text_of(path))
        except PermissionError:
            raise
        except (OSError, ValueError, RecursionError):
            return None
        is_list = isinstance(files, list) and all(isinstance(f, str) for f in files)
        return frozenset(files) if is_list else None

    def note_suspects(self, blocks: Sequence[Block | UserIdsFile]) -> None:
        """Note for the next run which blocks to read again."""
        self._put(SUSPECTS, json.dumps([block.file for block in blocks]))

    def forget_suspects(self) -> None:
        """Remove the list: the blocks have been read again."""
        self.disk.remove(self.root / SUSPECTS)

    def publish(self, manifest: Manifest) -> str:
        """Put a manifest in force; return its name. CURRENT is the commit point."""
        name = f"{manifest.number:010d}-{token_hex(6)}.json"
        path = self.root / MANIFESTS / name
        self.disk.make_folder(path.parent)
        self._unpublished.append(path)
        self.disk.write(path, manifest.to_json().encode())
        # Files and their names have to be on the disk before CURRENT names them.
        for touched in sorted({path.parent for path in self._unpublished}):
            self.disk.sync_folder(touched)
        self._put(CURRENT, name + "\n")
        self._unpublished.clear()
        return name

    def abandon(self) -> None:
        """Remove what was written and not published."""
        try:
            in_force = text_of(self.root / CURRENT).strip()
        except (FileNotFoundError, IsADirectoryError, UnicodeDecodeError):
            in_force = ""
        # What failed may have been the step after the commit.
        if in_force not in {path.name for path in self._unpublished}:
            for path in self._unpublished:
                self.disk.remove(path)
        self._unpublished.clear()

    def collect_garbage(self, policy: Policy, now: float) -> None:
        """Keep the newest generations and whatever is young; remove the rest.

        `now` is in seconds since 1970. A reader opens the state in force, so what was
        in force within the last hour may still be read.
        """
        oldest = now - policy.keep_seconds
        folder = self.root / MANIFESTS
        if all(_is_young(path, oldest) for path in folder.glob("*")):
            return  # every state is kept; what a crash left behind can wait
        kept = self._kept(policy.keep_generations, oldest)
        wanted = {folder / name for name in kept} | {
            self.root / file.file
            for manifest in kept.values()
            for file in manifest.files
        }
        for pattern in (f"{BLOCKS}/*/*", f"{MANIFESTS}/*", f"{CURRENT}-*.tmp"):
            for path in sorted(self.root.glob(pattern)):
                if path not in wanted and not _is_young(path, oldest):
                    self.disk.remove(path)

    def leave_plain_files(self, tables: Sequence[Table], *, is_first: bool) -> None:
        """Remove a demo, which is no longer read; leave other files alone.

        Says once, at the first sync, which of these are no longer read.
        """
        marker = self.root / DEMO_MARKER
        paths = [self.root / table.file_name for table in tables]
        there = [path for path in paths if path.exists()]
        if marker.exists():
            for path in (*there, marker):
                self.disk.remove(path)
            logger.info("The demo's files are removed. The store has real data now.")
        elif is_first and there:
            names = ", ".join(path.name for path in there)
            logger.info("No longer used, safe to delete: %s", names)

    def _kept(self, generations: int, oldest: float) -> dict[str, Manifest]:
        """Return what is in force, what was so lately, and the newest generations."""
        manifests = self._manifests()
        newest = {m.generation: name for name, m in sorted(manifests.items())}
        names = {newest[number] for number in sorted(newest)[-generations:]}
        # In force, however old its generation is.
        names.add(name_in(text_of(self.root / CURRENT)))
        folder = self.root / MANIFESTS
        names |= {name for name in manifests if _is_young(folder / name, oldest)}
        return {name: manifests[name] for name in names}

    def _manifests(self) -> dict[str, Manifest]:
        found = {}
        for path in (self.root / MANIFESTS).glob("*"):
            try:
                found[path.name] = Manifest.from_json(text_of(path))
            except (ManifestError, UnicodeDecodeError, OSError):
                continue  # cut off by a crash while it was written, or a stranger's
        return found

    def _put(self, name: str, text: str) -> None:
        temporary = self.root / f"{CURRENT}-{token_hex(6)}.tmp"
        if (self.root / name).is_dir():
            self.disk.remove(self.root / name)  # nothing can be renamed onto a folder
        self.disk.write(temporary, text.encode())
        try:
            self.disk.replace(temporary, self.root / name)
        except OSError:
            self.disk.remove(temporary)
            raise
        self.disk.sync_folder(self.root)


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    # Twice the bytes, most of them ids that are rarely read, in half the time.
    frame.write_parquet(buffer, compression="uncompressed")
    return buffer.getvalue()


def _is_young(path: Path, oldest: float) -> bool:
    return path.lstat().st_mtime >= oldest


@contextmanager
def _readable(file: str) -> Iterator[None]:
    """Raise DamagedBlockError for whatever Polars makes of a file that it cannot read.

    Its panics are no `Exception`: they would end the job, not the run.
    """
    try:
        yield
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise DamagedBlockError(file, error) from error
