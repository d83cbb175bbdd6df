"""Everything that a run changes on disk goes through here.

Few verbs, each durable when it returns: tests let each of them be the last one.
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
        try:
            with path.open("xb") as file:
                self._fill(file.fileno(), content)
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def _fill(self, file: int, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)

    def make_folder(self, path: Path) -> None:
        """Make a folder and its parents, and wait until their names are on disk."""
        if not path.is_dir():
            self.make_folder(path.parent)
            path.mkdir(exist_ok=True)
            self.sync_folder(path.parent)

    def sync_folder(self, path: Path) -> None:
        """Wait until the names in a folder are on the disk."""
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def replace(self, path: Path, target: Path) -> None:
        """Rename onto a name, in one step."""
        path.replace(target)

    def remove(self, path: Path) -> None:
        """Delete a file that may be gone already."""
        path.unlink(missing_ok=True)
