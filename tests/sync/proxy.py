"""A TCP proxy on loopback that does to a connection what networks do."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

_CHUNK = 1024


@dataclass
class Fault:
    """What happens to the server's answers once so many bytes have passed."""

    kind: Literal["none", "cut", "stall", "slow"] = "none"
    after: int = 0
    connections: int = 1
    """How many connections it happens to; later ones pass untouched."""
    source: str = "127.0.0.1"
    """The address that the server sees; it never blocks 127.0.0.1."""


class Proxy:
    """Passes connections on to a port of loopback, faults included."""

    def __init__(self, target: int, fault: Fault) -> None:
        self.fault = fault
        self.faults = 0
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._closed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._closed.set()
        self._listener.close()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(
                ("127.0.0.1", self._target), source_address=(self.fault.source, 0)
            )
            faulty = self.faults < self.fault.connections and self.fault.kind != "none"
            self.faults += faulty
            ends = client, server, faulty
            threading.Thread(target=self._connect, args=ends, daemon=True).start()

    def _connect(
        self,
        client: socket.socket,
        server: socket.socket,
        faulty: bool,
    ) -> None:
        """Pass on what either end sends; close both when both have ended."""
        with client, server:
            asked = threading.Thread(
                target=lambda: self._pass(client, server, faulty=False), daemon=True
            )
            asked.start()
            self._pass(server, client, faulty=faulty)
            asked.join()

    def _pass(
        self, giver: socket.socket, taker: socket.socket, *, faulty: bool
    ) -> None:
        passed = 0
        with suppress(OSError):
            while chunk := giver.recv(_CHUNK):
                if faulty and passed + len(chunk) > self.fault.after:
                    self._strike(chunk, passed, taker)
                    if self.fault.kind != "slow":
                        break
                else:
                    taker.sendall(chunk)
                passed += len(chunk)
        for end in (giver, taker):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _strike(self, chunk: bytes, passed: int, taker: socket.socket) -> None:
        match self.fault.kind:
            case "cut":
                taker.sendall(chunk[: self.fault.after - passed])
            case "stall":
                self._closed.wait()
            case "slow":
                time.sleep(0.01)
                taker.sendall(chunk)


@contextmanager
def proxied(target: int, fault: Fault) -> Iterator[Proxy]:
    """Run a proxy for the length of a block."""
    proxy = Proxy(target, fault)
    try:
        yield proxy
    finally:
        proxy.close()
