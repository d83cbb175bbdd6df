"""The database driver, with its C extension where the machine can load it.

The extension reads about seven times faster than its pure-Python twin. It brings
its own OpenSSL and does not load where an older system OpenSSL (3.0) came first,
so this module has to be imported before anything that imports `ssl`.
"""

from contextlib import suppress
from importlib import import_module

with suppress(ImportError):
    import_module("_mysql_connector")

import mysql.connector

HAS_EXTENSION = bool(mysql.connector.HAVE_CEXT)


def _of_the_extension() -> tuple[type[Exception], ...]:
    """Return the extension's own errors, which some of its calls let through."""
    if not HAS_EXTENSION:
        return ()
    extension = import_module("_mysql_connector")
    return extension.MySQLError, extension.MySQLInterfaceError


FAILURES: tuple[type[Exception], ...] = (
    mysql.connector.Error,
    OSError,
    *_of_the_extension(),
)
"""What the driver raises when a connection fails, in either implementation."""


def number(failure: Exception) -> int | None:
    """Return the server's or the system's error number, if there is one."""
    found = getattr(failure, "errno", None)
    return found if isinstance(found, int) else None


def implementation() -> str:
    """Return which implementation of the driver runs, for the log."""
    kind = "C extension" if HAS_EXTENSION else "pure Python (about 7 times slower)"
    return f"mysql-connector-python {mysql.connector.__version__}, {kind}"
