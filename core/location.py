"""A folder of object storage, named and walked as a local folder is.

Knows nothing of how it is read: that is the store's part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

SCHEME = "s3://"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A prefix in S3-compatible object storage, without a slash at its end."""

    url: str
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    """How to reach it, as Polars and other clients of object storage name it."""

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.url.rpartition("/")[2]

    def __truediv__(self, name: str) -> "Bucket":
        """Return the file or folder of this name in it."""
        return replace(self, url=f"{self.url}/{name}")

    def __str__(self) -> str:
        return self.url


type Folder = Path | Bucket
"""Address of a store, or of a file of it."""
