"""Asks one container whether it is well: `healthcheck.py dashboard|sync`.

Standard library only, and quick: it runs every half minute.
"""

import os
import sys
import time
import urllib.request
from pathlib import Path


def dashboard() -> None:
    """Ask the server, or raise OSError; the age of the data is not its fault."""
    base = _value("STREAMLIT_SERVER_BASE_URL_PATH", "").strip("/")
    port = _value("STREAMLIT_SERVER_PORT", "8501")
    path = f"/{base}/health" if base else "/health"
    # No proxy of the environment: it would ask its own machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(f"http://127.0.0.1:{port}{path}", timeout=4).close()


def sync() -> None:
    """Look for a run within the last three intervals, or raise OSError."""
    interval = int(_value("SYNC_INTERVAL", "600"))
    published = Path(_value("DATA_DIR", "./data")) / "CURRENT"
    age = time.time() - published.stat().st_mtime
    if age >= 3 * interval:
        raise OSError(f"no run has succeeded for {age:.0f} seconds: see its log")


def _value(name: str, default: str) -> str:
    # As `core.settings` takes it: a blank value is none.
    return os.environ.get(name, "").strip() or default


if __name__ == "__main__":
    check = {"dashboard": dashboard, "sync": sync}[sys.argv[1]]
    try:
        check()
    except OSError as error:
        sys.exit(f"{sys.argv[1]}: {error}")
