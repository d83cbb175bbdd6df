"""`streamlit run app.py` in a terminal, for scripts/run: Ctrl-C ends it with exit 0."""

import os
import signal

# Ctrl-C ends it at once and quietly, while modules load as well: Streamlit's own
# command prints "Aborted!". While the server runs it handles SIGINT itself: it stops,
# then raises it again.
if __name__ == "__main__":
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))

import errno
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from core.settings import PORT, SettingError

ROOT = Path(__file__).parent.parent


def be_in_front() -> None:
    """Let the keys of the terminal reach this process only.

    `make` ends with an error whenever a signal reaches it.
    """
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return
    started_by = os.getpgrp()
    if os.tcgetpgrp(terminal) != started_by:
        return  # In the background: the keys are for another process.

    def suspended(*_: object) -> None:
        # Stop together with the processes that wait for this one, and go on with them.
        os.tcsetpgrp(terminal, started_by)
        os.setpgid(0, started_by)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.killpg(started_by, signal.SIGTSTP)

    signal.signal(signal.SIGTSTP, suspended)
    # Without this a process that is not in front stops when it asks for the terminal.
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.setpgid(0, 0)
    # A shell takes the terminal back by itself. Until then a second Ctrl-C is lost.
    os.tcsetpgrp(terminal, os.getpgrp())


def port_of(environ: Mapping[str, str]) -> int:
    """Return the port to listen on; 0 stands for any free one.

    Raises SettingError for a wrong one and for one that cannot be opened: Streamlit
    would say neither which variable it is nor what to do.
    """
    port = 0 if environ.get(PORT.name, "").strip() == "0" else PORT.read(environ)
    with socket.socket() as probe:
        # As the server does: a port that was closed a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            is_taken = error.errno == errno.EADDRINUSE
            remedy = (
                "Stop the program that uses it, or choose" if is_taken else "Choose"
            )
            raise SettingError(
                f"Port {port} cannot be opened ({error.strerror}). {remedy} another "
                f"port: {PORT.name}=8601 make run"
            ) from None
    return port


def require_home() -> None:
    """Raise SettingError where Streamlit would end with a traceback."""
    try:
        Path.home()
    except RuntimeError:
        raise SettingError(
            "This user has no home folder. Name one: HOME=/some/folder make run"
        ) from None


def main() -> None:
    """Make a history to look at where none is asked for; start the server."""
    be_in_front()
    try:
        port = port_of(os.environ)
        require_home()
    except SettingError as error:
        sys.exit(f"fpp-analytics: {error}")
    if not os.environ.get("DATA_DIR"):
        from simulation.__main__ import main as simulate

        os.environ["DATA_DIR"] = "data"
        if code := simulate(["--if-needed", "data"]):
            sys.exit(code)
    from streamlit.web import cli

    sys.argv[1:1] = ["run", str(ROOT / "app.py"), "--server.port", str(port)]
    cli.main()


if __name__ == "__main__":
    main()
