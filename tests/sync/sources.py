"""A source as a run has it, for tests of what a run asks of the server."""

from collections.abc import Iterator
from contextlib import contextmanager

from metrics.tables import TABLES
from sync.connection import Deadline, connected
from sync.schema_contract import check_contract
from sync.source import Source
from testkit.database_servers import LiveDatabase


@contextmanager
def opened(database: LiveDatabase) -> Iterator[Source]:
    """Open a source that knows the tables' charsets."""
    with connected(database.settings, 60) as connection:
        source = Source(connection, Deadline(600))
        check_contract(TABLES, source)
        yield source
