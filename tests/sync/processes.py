"""The job as a process of its own, as it runs in production."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from testkit.database_servers import PASSWORD
from testkit.harness import Store

ROOT = Path(__file__).parents[2]


def environment(store: Store, **more: str) -> dict[str, str]:
    """Return the variables under which a process works on this store."""
    database = store.address or store.source.settings
    return {
        **os.environ,
        "DATA_DIR": str(store.root),
        "DB_HOST": database.host,
        "DB_PORT": str(database.port),
        "DB_USERNAME": database.user,
        "DB_PASSWORD": PASSWORD,
        "DB_NAME": database.name,
        **more,
    }


def run(
    store: Store, *arguments: str, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `python …` to its end and return what it said."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(store, **(environ or {})),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def start(store: Store, *arguments: str, quiet: bool = False) -> subprocess.Popen[str]:
    """Start `python …` and return at once; a quiet one's words go nowhere."""
    words = subprocess.DEVNULL if quiet else subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(store),
        stdin=subprocess.DEVNULL if quiet else subprocess.PIPE,
        stdout=words,
        stderr=words,
        text=True,
    )
