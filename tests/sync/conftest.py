"""One server of each kind, a fresh database and store for every test."""

import logging
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import overload

import pytest

from core.errors import logger
from sync.connection import HAS_EXTENSION
from sync.source import Source
from sync.table_sync import Settled, TableSync
from testkit.database_servers import (
    Kind,
    LiveDatabase,
    Server,
    running_server,
    shared_server,
)
from testkit.harness import Store


@pytest.fixture(autouse=True, scope="package")
def without_authorities() -> Iterator[None]:
    """Let the driver load no authorities, which no server of a test has.

    In pure Python it does so twice for each connection: most of what a login costs.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ssl.SSLContext, "load_default_certs", lambda *_: None)
        yield


@pytest.fixture(scope="package")
def shared() -> Iterator[Callable[[Kind], Server]]:
    """Return the server of a kind: started when first asked for, kept to the end.

    A parametrised fixture alone would end one whenever a test asks for the other.
    """
    started: dict[Kind, Server] = {}
    with ExitStack() as running:

        def of(kind: Kind) -> Server:
            if kind not in started:
                started[kind] = running.enter_context(shared_server(kind))
            return started[kind]

        yield of


@pytest.fixture(scope="package", params=list(Kind), ids=str)
def server(request: pytest.FixtureRequest, shared: Callable[[Kind], Server]) -> Server:
    """Each kind of server in turn; all its tests share one."""
    kind: Kind = request.param
    if kind.missing:
        pytest.skip(kind.missing)
    return shared(kind)


on_one_kind = pytest.mark.parametrize("server", [Kind.MARIADB], indirect=True, ids=str)
"""For what becomes of files, monitors and readers, whichever server was copied."""


@pytest.fixture(params=["extension", "pure"])
def implementation(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Each implementation of the driver in turn.

    Other tests have the one that production has, on a machine that can load it.
    """
    kind: str = request.param
    if kind == "pure":
        monkeypatch.setattr("sync.connection.HAS_EXTENSION", False)
    elif not HAS_EXTENSION:
        pytest.skip("an older OpenSSL is loaded already: run with -n 1 (conftest.py)")
    return kind


in_each_implementation = pytest.mark.usefixtures("implementation")


@pytest.fixture(scope="package")
def own_kind(server: Server) -> Kind:
    """The kind of server, where a test may start one for itself."""
    if server.kind.address:
        pytest.skip("ends a server or chooses its options: not those of another")
    return server.kind


@pytest.fixture
def mortal(own_kind: Kind) -> Iterator[Server]:
    """A private server of the same kind, for a test that kills it."""
    with running_server(own_kind) as mortal:
        yield mortal


@pytest.fixture
def database(server: Server) -> LiveDatabase:
    return server.create_database()


@pytest.fixture
def store(database: LiveDatabase, tmp_path: Path) -> Store:
    return Store(tmp_path / "data", database)


@pytest.fixture
def small_blocks(store: Store) -> Store:
    """A store with blocks of ten ids, so that few rows make many blocks."""
    store.policy = replace(store.policy, block_rows=10)
    return store


class Lines(logging.Handler):
    """Keeps what the product logs."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class Texts(Sequence[str]):
    """The texts of the records at or above a level, as they come in."""

    def __init__(self, lines: Lines, level: int) -> None:
        self._lines = lines
        self._level = level

    def _texts(self) -> list[str]:
        return [
            record.getMessage()
            for record in self._lines.records
            if record.levelno >= self._level
        ]

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self._texts()[index]

    def __len__(self) -> int:
        return len(self._texts())


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler = Lines()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.fixture
def logged(lines: Lines) -> Texts:
    """Everything that the job said."""
    return Texts(lines, logging.INFO)


@pytest.fixture
def reported(lines: Lines) -> Texts:
    """The failures that the job reported."""
    return Texts(lines, logging.WARNING)


DuringSettling = Callable[[Callable[[], object]], None]


@pytest.fixture
def during_settling(monkeypatch: pytest.MonkeyPatch) -> DuringSettling:
    """Let something happen to the source once, inside the next run's snapshot."""

    def happen(action: Callable[[], object]) -> None:
        todo = [action]
        settle = TableSync.settle

        def settle_after(self: TableSync, source: Source, now: datetime) -> Settled:
            while todo:
                todo.pop()()
            return settle(self, source, now)

        monkeypatch.setattr(TableSync, "settle", settle_after)

    return happen
