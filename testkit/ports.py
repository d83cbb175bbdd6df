"""Free ports of loopback, for servers that cannot choose one themselves."""

import fcntl
import random
import socket
import tempfile
from pathlib import Path
from typing import TextIO

# Below the ports that the kernel gives to outgoing connections.
_RANGE = range(20_000, 32_000)
_held: list[TextIO] = []


def free_port() -> int:
    """Return a free port that is this process's until it ends.

    Asking the kernel for any port and closing it again leaves a gap in which another
    worker of the tests may take it; a lock on a file named after the port does not.
    """
    folder = Path(tempfile.gettempdir()) / "fpp-test-ports"
    folder.mkdir(exist_ok=True, mode=0o777)
    for port in random.sample(_RANGE, len(_RANGE)):
        lock = (folder / str(port)).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            lock.close()
        else:
            _held.append(lock)
            return port
    raise RuntimeError("no port is free")
