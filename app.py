"""The server: pages, JSON API, health and login behind one gate.

streamlit run app.py
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Thread

import streamlit as st

from core import clock
from core.errors import (
    ErrorContext,
    capture_error,
    flush_errors,
    logger,
    start_errors,
)

# Read when Polars is imported, which the next line does. Its allocator would give
# memory back within a second; the next page needs it again (docs/speed.md).
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:60000")

from web import errors, server, startup
from web.uvicorn_limits import limit_uvicorn

settings = startup.settings_or_exit(os.environ)
dashboard = server.Server.of(settings, clock.now, st.get_option("server.baseUrlPath"))
start_errors(settings.sentry, dashboard.secrets)
startup.keep_ctrl_c_from_computations()
startup.format_streamlit_logs()
startup.warn_of_short_token(settings)
# Streamlit would log a failed page a second time.
errors.report_page_errors_once()
limit_uvicorn()


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Print the address and warm up; at the end flush what Sentry has not sent."""
    dashboard.announce()
    warm_up = Thread(target=load_pages, daemon=True)
    warm_up.start()
    yield
    # Python that ends while it imports may abort (exit code 134). Where a storage does
    # not answer, it takes a minute: it is left behind.
    warm_up.join(5)
    dashboard.close()
    logger.info("stopped")
    flush_errors()


def load_pages() -> None:
    """Import what pages share, which takes a second, and compute once.

    The server answers meanwhile; a page waits for the import (pages/main.py).
    """
    turn = sys.getswitchinterval()
    # A first visitor's browser asks for 150 files meanwhile, and each would wait for
    # several turns of five milliseconds.
    sys.setswitchinterval(turn / 25)
    try:
        from ui.warm_up import warm_up

        startup.warn_of_no_data(settings.data_dir)
        warm_up(settings.data_dir, clock.now())
    except Exception as error:  # noqa: BLE001 - it must not end the server
        capture_error(error, ErrorContext("start", "warm-up"), "high")
    finally:
        sys.setswitchinterval(turn)


app = st.App(
    Path(__file__).parent / "pages" / "main.py",
    routes=dashboard.routes(),
    middleware=dashboard.middleware(),
    lifespan=lifespan,
    on_script_error=errors.show_page_error,
)
