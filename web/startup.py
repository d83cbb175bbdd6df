"""Checks before the server starts, and the line that says where it listens."""

import signal
import sys
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote

import polars as pl
import streamlit.logger

from core.errors import log_through_root, logger
from core.location import Folder
from core.settings import BASE_URL_PATH, TIME_ZONE, DashboardSettings, SettingError
from metrics.time_zone import zone_of
from store import engine
from store.reader import current_version
from web.auth.sessions import AccessToken
from web.paths import Paths

SHORT_TOKEN = 16
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
REQUIRED_OPTIONS: Mapping[str, object] = {
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.disableDataExport": True,
    "client.allowedOrigins": [],
    "logger.enableRich": False,
}
"""Set in `.streamlit/config.toml`; the server does not start with weaker ones."""


def settings_or_exit(environ: Mapping[str, str]) -> DashboardSettings:
    """Read, check and apply the settings; a wrong one ends the start with a line."""
    try:
        settings = DashboardSettings.from_env(environ)
        check_zone(settings)
        check_options()
        check_address(settings)
        check_base_path()
        # Before the first request: a missing package must not fail a page.
        if settings.cluster:
            engine.use(engine.Remote.at(settings.cluster))
    except (SettingError, engine.EngineError) as error:
        sys.exit(f"fpp-analytics: {error}")
    return settings


def check_zone(settings: DashboardSettings) -> None:
    """Raise SettingError for a zone that only the system knows: pages could not."""
    name = settings.time_zone.key
    if zone_of(name) is None:
        raise TIME_ZONE.wrong(name)


def check_options() -> None:
    """Raise SettingError when an option that protects users is off."""
    for name, required in REQUIRED_OPTIONS.items():
        value = streamlit.get_option(name)
        if value != required:
            raise SettingError(
                f"Streamlit's option {name} is {value!r}. Use {required!r}, as "
                ".streamlit/config.toml sets it."
            )


def check_address(settings: DashboardSettings) -> None:
    """Raise SettingError when a server without a token could be reached."""
    address = streamlit.get_option("server.address")
    if settings.token is None and address not in _LOOPBACK:
        raise SettingError(
            f"Not listening on {address} without a token. Set ANALYTICS_SECRET_TOKEN, "
            "or use 127.0.0.1."
        )


def check_base_path() -> None:
    """Raise SettingError for a path below which no link would lead anywhere."""
    # Scripts and compose hand the variable over as Streamlit's option.
    path = streamlit.get_option("server.baseUrlPath")
    # Streamlit takes blanks as they are.
    if BASE_URL_PATH.read({BASE_URL_PATH.name: path}) != path.strip("/"):
        raise BASE_URL_PATH.wrong(path)


def keep_ctrl_c_from_computations() -> None:
    """Let SIGINT reach the server's own handler only, after Polars is imported.

    Polars handles it too: whatever it computes, in whichever thread, would end with
    KeyboardInterrupt, which passes every `except Exception` and ends the server's loop
    instead of its orderly stop.
    """
    # Python's handler is installed once more, in place of the one that Polars put
    # before it.
    signal.signal(signal.SIGINT, signal.getsignal(signal.SIGINT))


def warn_of_short_token(settings: DashboardSettings) -> None:
    """Log a warning when the token is short enough to be guessed."""
    if settings.token and len(settings.token.reveal()) < SHORT_TOKEN:
        logger.warning(
            "ANALYTICS_SECRET_TOKEN has fewer than %d characters. It can be guessed. "
            "Make one with: openssl rand -base64 32",
            SHORT_TOKEN,
        )


def warn_of_no_data(data_dir: Folder) -> None:
    """Log a warning when there is nothing at DATA_DIR that pages could show.

    What is there and cannot be read is left to the pages.
    """
    try:
        if current_version(data_dir):
            return
    except (OSError, pl.exceptions.PolarsError):
        return
    is_missing = isinstance(data_dir, Path) and not data_dir.exists()
    found = (
        "does not exist" if is_missing else "has no store and no fpp_*.parquet files"
    )
    logger.warning(
        "No data yet: %s %s. Pages stay empty until the sync job has run. If the data "
        "is elsewhere, correct DATA_DIR.",
        data_dir,
        found,
    )


def start_message(token: AccessToken, paths: Paths) -> str:
    """Return the message after the start: the address, and how to log in.

    It contains a token only if that was made for this run.
    """
    host = _display(streamlit.get_option("server.address"))
    scheme = "https" if streamlit.get_option("server.sslCertFile") else "http"
    base = f"{scheme}://{host}:{streamlit.get_option('server.port')}"
    if not token.is_random:
        return f"FPP Analytics  {base}{paths.home}"
    link = f"{base}{paths.login}?token={quote(token.secret.reveal())}"
    return (
        f"FPP Analytics  {link}\n\n"
        "  This link logs in until the server stops. It works on this machine only;\n"
        "  set ANALYTICS_SECRET_TOKEN to serve others."
    )


def _display(address: str | None) -> str:
    """Return the host under which a browser on this machine reaches the address."""
    try:
        ip = ip_address(address or "::")
    except ValueError:
        return address or ""
    # No browser reaches 0.0.0.0 on every system.
    if ip.is_unspecified:
        return "127.0.0.1"
    return f"[{ip}]" if ip.version == 6 else str(ip)


def format_streamlit_logs() -> None:
    """Write Streamlit's records as ours: JSON in production, without secrets.

    Each of its loggers gets a handler of its own when its module is first imported.
    """
    setattr(streamlit.logger, "setup_formatter", log_through_root)  # noqa: B010 - mypy
