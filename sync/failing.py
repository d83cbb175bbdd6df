"""What the driver raises, in either implementation, as our own faults."""

from collections.abc import Iterator
from contextlib import contextmanager

from mysql.connector import errorcode

from sync.driver import FAILURES, number
from sync.faults import AccessDeniedError, SourceError

_REFUSED = {
    errorcode.ER_ACCESS_DENIED_ERROR,
    errorcode.ER_DBACCESS_DENIED_ERROR,
    errorcode.ER_BAD_DB_ERROR,
}


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Raise AccessDeniedError or SourceError, which names the action, instead."""
    try:
        yield
    except FAILURES as error:
        code = number(error)
        if code in _REFUSED:
            raise AccessDeniedError(code) from error
        raise SourceError(action, code) from error
