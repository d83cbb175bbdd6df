"""Free ports of loopback, for servers that cannot choose one themselves."""

import random
import socket

# Below the ports that the kernel gives to outgoing connections.
_RANGE = range(20_000, 32_000)


def free_port() -> int:
    """Return a free port that is this process's until it ends.

    Asking the kernel for any port and closing it again leaves a gap in which another
    worker of the tests may take it; a name of Linux that is taken for the port does
    not, and goes with the process.
    """
    for port in random.sample(_RANGE, len(_RANGE)):
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0fpp-test-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            name.close()
        else:
            name.detach()  # open until the process ends
            return port
    raise RuntimeError("no port is free")
