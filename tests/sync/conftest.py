"""One server for the session, a fresh database and store for every test."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.mariadb import LiveDatabase, Server, running_server
from tests.sync.harness import Store


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture
def database(server: Server) -> LiveDatabase:
    return server.create_database()


@pytest.fixture
def store(database: LiveDatabase, tmp_path: Path) -> Store:
    return Store(tmp_path / "data", database)


@pytest.fixture
def small_blocks(store: Store) -> Store:
    """A store whose blocks hold ten ids, so that few rows make many blocks."""
    store.policy = replace(store.policy, block_rows=10, rotation_rows=10)
    return store
