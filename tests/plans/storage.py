"""A folder served as object storage that writes down every byte that is asked for."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from core.location import Bucket


@dataclass(frozen=True)
class Read:
    """One request for a part of a file; `end` is not in it."""

    file: str
    start: int
    end: int


@dataclass
class Storage:
    """A bucket, and what has been read of it."""

    bucket: Bucket
    reads: list[Read] = field(default_factory=list)

    @property
    def files(self) -> set[str]:
        """Return the files of which anything was read."""
        return {read.file for read in self.reads}

    def times(self) -> Counter[tuple[str, int, int]]:
        """Return how often each part was read."""
        return Counter((read.file, read.start, read.end) for read in self.reads)


@contextmanager
def serving(folder: Path) -> Iterator[Storage]:
    """Serve a folder on loopback as the bucket `store`, for the length of a block."""
    reads: list[Read] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Objects, folder, reads))
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    options = {
        "aws_endpoint_url": f"http://127.0.0.1:{server.server_port}",
        "aws_allow_http": "true",
        "aws_region": "anywhere",
        "aws_access_key_id": "reader",
        "aws_secret_access_key": "unused",
    }
    try:
        yield Storage(Bucket("s3://store", options), reads)
    finally:
        server.shutdown()
        server.server_close()


class _Objects(BaseHTTPRequestHandler):
    """Answers as S3 does to reads: whole objects, ranges, suffixes."""

    protocol_version = "HTTP/1.1"

    def __init__(self, folder: Path, reads: list[Read], *connection: object) -> None:
        self.folder, self.reads = folder, reads
        super().__init__(*connection)  # type: ignore[arg-type]  # passed on as they are

    def do_GET(self) -> None:
        self._answer(whole=True)

    def do_HEAD(self) -> None:
        self._answer(whole=False)

    def log_message(self, *_: object) -> None:
        """Write nothing: the test's output stays quiet."""

    def _answer(self, *, whole: bool) -> None:
        name = self.path.partition("?")[0].removeprefix("/store/")
        path = self.folder / name
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        start, end = _part(self.headers.get("Range"), len(content))
        self.send_response(206 if "Range" in self.headers else 200)
        self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(content)}")
        self.send_header("Content-Length", str(end - start))
        self.send_header("ETag", f'"{path.stat().st_mtime_ns}"')
        self.send_header("Last-Modified", "Tue, 24 Nov 2026 10:00:00 GMT")
        self.end_headers()
        if whole:
            self.reads.append(Read(name, start, end))
            self.wfile.write(content[start:end])


def _part(asked: str | None, size: int) -> tuple[int, int]:
    """Return what part a header asks for: from here to there, or the last bytes."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", asked or "bytes=0-")
    assert found, asked
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(int(last) + 1, size) if last else size
