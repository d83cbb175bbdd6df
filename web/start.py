"""What has to be true before the server answers, and what it says once it does."""

import logging
import sys
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import quote

import streamlit as st

from core.settings import DashboardSettings, SettingError
from store import engine
from web.paths import Paths
from web.sessions import Access

LOGGERS = ("uvicorn", "uvicorn.error", "websockets")
"""Loggers of the server, which write as ours does."""
SHORT = 16
_logger = logging.getLogger("fpp")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
REQUIRED_OPTIONS: Mapping[str, object] = {
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.disableDataExport": True,
    "logger.enableRich": False,
}
"""What `.streamlit/config.toml` sets, and nobody may loosen."""


def settings_or_exit(environ: Mapping[str, str]) -> DashboardSettings:
    """Read, check and apply the settings; a wrong one ends the process in one line."""
    try:
        settings = DashboardSettings.from_env(environ)
        check_options()
        check_address(settings)
        if settings.cluster:
            engine.use(engine.Remote.at(settings.cluster))
    except (SettingError, engine.EngineError) as error:
        sys.exit(f"fpp-analytics: {error}")
    return settings


def check_options() -> None:
    """Raise SettingError when an option that protects people is off."""
    for name, required in REQUIRED_OPTIONS.items():
        value = st.get_option(name)
        if value != required:
            raise SettingError(
                f"Streamlit's option {name} is {value!r}; allowed is {required!r}, "
                "as the project's .streamlit/config.toml sets it"
            )


def check_address(settings: DashboardSettings) -> None:
    """Raise SettingError when a server without a token would be reachable."""
    address = st.get_option("server.address")
    if settings.token is None and address not in _LOOPBACK:
        raise SettingError(
            f"server.address is {address!r} and ANALYTICS_SECRET_TOKEN is not set; "
            "allowed is 127.0.0.1, or a token of your own"
        )


def warn_of_short_token(settings: DashboardSettings) -> None:
    """Say in the log that a token of this length can be guessed."""
    if settings.token and len(settings.token.reveal()) < SHORT:
        _logger.warning(
            "ANALYTICS_SECRET_TOKEN has fewer than %d characters, so it can be "
            "guessed; make one with: openssl rand -base64 32",
            SHORT,
        )


def announcement(access: Access, paths: Paths) -> str:
    """Return the block that is printed after the start.

    Only a token that was made for this run stands in it.
    """
    host = _display(st.get_option("server.address"))
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    base = f"{scheme}://{host}:{st.get_option('server.port')}"
    if not access.by_link:
        return f"\n  FPP Analytics  {base}{paths.home}\n"
    link = f"{base}{paths.login}?token={quote(access.token.reveal())}"
    return (
        f"\n  FPP Analytics  {link}\n\n"
        "  This link logs in until the server stops. It works on this machine only;\n"
        "  set ANALYTICS_SECRET_TOKEN to serve others.\n"
    )


def _display(address: str | None) -> str:
    """Return what a browser on this machine asks for."""
    try:
        ip = ip_address(address or "::")
    except ValueError:
        return address or ""
    if ip.is_unspecified:
        return "127.0.0.1"
    return f"[{ip}]" if ip.version == 6 else str(ip)
