"""The server: pages, JSON API, health and login behind one gate.

streamlit run app.py
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from anyio import to_thread

from core import clock
from core.errors import flush_errors, logger, start_errors
from ui.warm_up import warm_up
from web import errors, server, startup
from web.uvicorn_limits import limit_uvicorn

settings = startup.settings_or_exit(os.environ)
dashboard = server.Server.of(settings, clock.now, st.get_option("server.baseUrlPath"))
start_errors(settings.sentry, dashboard.secrets)
startup.format_streamlit_logs()
startup.warn_of_short_token(settings)
# Streamlit would log a failed page a second time.
errors.report_page_errors_once()
limit_uvicorn()


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Warm up and print the address; at the end flush what Sentry has not sent."""
    # Before the address is printed, so that the first user does not pay for imports.
    await to_thread.run_sync(warm_up, settings.data_dir, clock.now())
    dashboard.announce()
    yield
    logger.info("stopped")
    flush_errors()


app = st.App(
    Path(__file__).parent / "pages" / "main.py",
    routes=dashboard.routes(),
    middleware=dashboard.middleware(),
    lifespan=lifespan,
    on_script_error=errors.show_page_error,
)
