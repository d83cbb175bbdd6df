"""A Sentry that runs on this machine: it keeps what it is sent."""

import gzip
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# JSON has no types of its own.
Event = Mapping[str, Any]


class Sentry:
    """Real envelopes, as the SDK sends them."""

    def __init__(self) -> None:
        self.dsn = ""
        self.envelopes: list[bytes] = []

    @property
    def events(self) -> list[Event]:
        """The errors among what arrived."""
        items = [item for envelope in self.envelopes for item in _items(envelope)]
        return [body for kind, body in items if kind == "event"]


@contextmanager
def sentry() -> Iterator[Sentry]:
    """Run one; yield it once it can be reached."""
    kept = Sentry()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            zipped = self.headers.get("Content-Encoding") == "gzip"
            kept.envelopes.append(gzip.decompress(body) if zipped else body)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        kept.dsn = f"http://public-key@127.0.0.1:{server.server_address[1]}/42"
        yield kept
        server.shutdown()


def _items(envelope: bytes) -> Iterator[tuple[str, Event]]:
    """Yield kind and body of the items, which follow the envelope's own header."""
    lines = envelope.splitlines()[1:]
    for header, body in zip(lines[::2], lines[1::2], strict=True):
        yield json.loads(header)["type"], json.loads(body)
