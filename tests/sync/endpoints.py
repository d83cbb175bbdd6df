"""Real endpoints on loopback: HTTP that keeps what it is sent, and other protocols."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass
class Endpoint:
    """A server with a fixed answer; a hanging one never answers."""

    status: int = 200
    hangs: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    pause: float = 0.0
    """Seconds before each byte of an answer, which never ends then."""
    paths: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    port: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """The push address, whose last part is a secret."""
        return f"http://127.0.0.1:{self.port}/api/push/t0ken?status=up"

    @property
    def pushes(self) -> list[dict[str, str]]:
        """The query of every request, as names and values."""
        queries = [parse_qs(urlsplit(path).query) for path in self.paths]
        return [{name: values[0] for name, values in q.items()} for q in queries]


@contextmanager
def endpoint(
    *,
    status: int = 200,
    hangs: bool = False,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    pause: float = 0.0,
) -> Iterator[Endpoint]:
    """Serve for the length of a block."""
    told = Endpoint(status, hangs, headers or {}, body, pause)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            told.paths.append(self.path)
            length = int(self.headers.get("Content-Length", 0))
            told.bodies.append(self.rfile.read(length))
            if told.hangs:
                told.released.wait(60)
                return
            if told.pause:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
                with suppress(OSError):
                    while not told.released.wait(told.pause):
                        self.wfile.write(b"x")
                return
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", f"{len(told.body)}")
            self.end_headers()
            self.wfile.write(told.body)

        do_GET = do_POST = _answer  # noqa: N815  # the names that http.server calls

        def log_message(self, *of: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        told.port = server.server_port
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield told
        finally:
            told.released.set()
            server.shutdown()


@contextmanager
def listening(handle: Callable[[socket.socket], object]) -> Iterator[int]:
    """Hand each connection to a function, and close it then; yield the port."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                handle(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield int(listener.getsockname()[1])
