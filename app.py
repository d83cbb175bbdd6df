"""The server: pages, JSON API, health and login behind one gate.

streamlit run app.py
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from anyio import to_thread

from core import clock
from core.errors import flush_errors, logger, start_errors
from ui.warm_up import warm_up
from web import banner, failure, server, start

settings = start.settings_or_exit(os.environ)
dashboard = server.Server.of(settings, clock.now, st.get_option("server.baseUrlPath"))
start_errors(settings.sentry, dashboard.secrets, libraries=start.LOGGERS)
start.warn_of_short_token(settings)
failure.report_page_failures_once()
banner.send_no_banner()


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Warm up and say where the server is; at the end send what is left to send."""
    await to_thread.run_sync(warm_up, settings.data_dir, clock.now())
    sys.stdout.write(dashboard.announcement())
    sys.stdout.flush()
    yield
    logger.info("stopped")
    flush_errors()


app = st.App(
    Path(__file__).parent / "pages" / "main.py",
    routes=dashboard.routes(),
    middleware=dashboard.middleware(),
    lifespan=lifespan,
    on_script_error=failure.show_page_failure,
)
