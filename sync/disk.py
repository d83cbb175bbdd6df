"""Everything that a run changes on disk goes through here.

Few verbs, each durable when it returns, built of single steps: tests let each
step be the last one.
"""

import os
from pathlib import Path


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
            self.remove(path)
            raise
        finally:
            os.close(file)

    def make_folder(self, path: Path) -> None:
        """Make a folder and its parents, and wait until their names are on disk."""
        if not path.is_dir():
            self.make_folder(path.parent)
            self._make(path)
            self.sync_folder(path.parent)

    def sync_folder(self, path: Path) -> None:
        """Wait until the names in a folder are on the disk."""
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._flush(folder)
        finally:
            os.close(folder)

    def replace(self, path: Path, target: Path) -> None:
        """Rename onto a name, in one step."""
        path.replace(target)

    def remove(self, path: Path) -> None:
        """Delete a file that may be gone already."""
        path.unlink(missing_ok=True)

    def _create(self, path: Path) -> int:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)

    def _make(self, path: Path) -> None:
        path.mkdir(exist_ok=True)

    def _fill(self, file: int, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(file, rest) :]

    def _flush(self, file: int) -> None:
        os.fsync(file)
