"""Settings, frozen, from an environment that is an argument.

`VARIABLES` describes every variable once; README and tests read it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit


class SettingError(Exception):
    """A variable holds what it may not; the text names it and what is allowed."""


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable, for the documentation."""

    name: str
    default: str
    read_by: Literal["both", "dashboard", "sync job", "make run"]
    meaning: str


VARIABLES: tuple[Variable, ...] = (
    Variable("DATA_DIR", "./data", "both", "Folder of the Parquet store."),
    Variable(
        "ANALYTICS_SECRET_TOKEN",
        "random per run, printed",
        "dashboard",
        "What people and programs log in with. Without it the server listens on "
        "127.0.0.1 only.",
    ),
    Variable(
        "BEA_BASE_URL", "unset: no e-mail", "dashboard", "Host of the e-mail service."
    ),
    Variable("BEA_SECRET_KEY", "unset: no e-mail", "dashboard", "Its bearer token."),
    Variable("DB_HOST", "mariadb", "sync job", "Host of the live database."),
    Variable("DB_PORT", "3306", "sync job", "Its port."),
    Variable("DB_USERNAME", "fpp", "sync job", "A user that may SELECT."),
    Variable("DB_PASSWORD", "empty", "sync job", "That user's password."),
    Variable("DB_NAME", "free-planning-poker", "sync job", "The database."),
    Variable(
        "SYNC_INTERVAL",
        "600",
        "both",
        "Seconds between two runs; the dashboard calls data stale by it.",
    ),
    Variable(
        "UPTIMEKUMA_PUSH_URL",
        "unset: no heartbeat",
        "sync job",
        "Push address of an Uptime Kuma monitor.",
    ),
    Variable(
        "FPP_ANALYTICS_SENTRY_DSN", "unset: no Sentry", "both", "Where errors go."
    ),
    Variable(
        "SENTRY_ENVIRONMENT",
        "development",
        "both",
        "Name of the environment; only `production` sends.",
    ),
    Variable("PORT", "8501", "make run", "Port of the dashboard."),
)


class Secret:
    """A text that prints as stars, so that it cannot reach a log by accident."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"


@dataclass(frozen=True, slots=True)
class EmailService:
    """Where the daily summary is posted."""

    host: str
    key: Secret


@dataclass(frozen=True, slots=True)
class SentrySettings:
    """Whether and where errors are sent."""

    dsn: Secret | None
    environment: str

    @property
    def sends(self) -> bool:
        """Whether events leave the machine: only in production, with an address."""
        return self.dsn is not None and self.is_production

    @property
    def is_production(self) -> bool:
        """Whether this is the real thing."""
        return self.environment == "production"


@dataclass(frozen=True, slots=True)
class DashboardSettings:
    """What the dashboard reads from its environment."""

    data_dir: Path
    token: Secret | None
    email: EmailService | None
    sync_interval: int
    sentry: SentrySettings

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "DashboardSettings":
        """Read the variables; raise SettingError on the first wrong one."""
        token = _text(environ, "ANALYTICS_SECRET_TOKEN", "")
        return cls(
            data_dir=_data_dir(environ),
            token=Secret(token) if token else None,
            email=_email(environ),
            sync_interval=_interval(environ),
            sentry=_sentry(environ),
        )

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What must never leave the process."""
        mail = self.email.key if self.email else None
        return tuple(s for s in (self.token, mail, self.sentry.dsn) if s)


@dataclass(frozen=True, slots=True)
class Database:
    """How to reach the live database."""

    host: str
    port: int
    user: str
    password: Secret
    name: str


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """What the sync job reads from its environment."""

    data_dir: Path
    database: Database
    sync_interval: int
    heartbeat_url: Secret | None
    """Secret, since the push token is part of the address."""
    sentry: SentrySettings

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "SyncSettings":
        """Read the variables; raise SettingError on the first wrong one."""
        heartbeat = _url(environ, "UPTIMEKUMA_PUSH_URL")
        return cls(
            data_dir=_data_dir(environ),
            database=Database(
                host=_text(environ, "DB_HOST", "mariadb"),
                port=_integer(environ, "DB_PORT", 3306, range(1, 65536)),
                user=_text(environ, "DB_USERNAME", "fpp"),
                password=Secret(environ.get("DB_PASSWORD", "")),
                name=_text(environ, "DB_NAME", "free-planning-poker"),
            ),
            sync_interval=_interval(environ),
            heartbeat_url=Secret(heartbeat) if heartbeat else None,
            sentry=_sentry(environ),
        )

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What must never leave the process."""
        held = (self.database.password, self.heartbeat_url, self.sentry.dsn)
        return tuple(secret for secret in held if secret)


def _text(environ: Mapping[str, str], name: str, default: str) -> str:
    """Return the variable; one that is set to nothing counts as not set."""
    return environ.get(name, "").strip() or default


def _data_dir(environ: Mapping[str, str]) -> Path:
    path = Path(_text(environ, "DATA_DIR", "./data")).expanduser()
    if path.exists() and not path.is_dir():
        raise SettingError(f"DATA_DIR is '{path}', a file; it has to be a folder")
    return path.absolute()


def _integer(
    environ: Mapping[str, str], name: str, default: int, allowed: range
) -> int:
    text = _text(environ, name, str(default))
    value = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
    if value is None or value not in allowed:
        raise SettingError(
            f"{name} is {text!r}; allowed is a whole number from {allowed.start} "
            f"to {allowed.stop - 1}"
        )
    return value


def _interval(environ: Mapping[str, str]) -> int:
    return _integer(environ, "SYNC_INTERVAL", 600, range(1, 86_401))


def _url(environ: Mapping[str, str], name: str) -> str:
    """Return an http(s) address or ""; its value never stands in the error."""
    text = _text(environ, name, "")
    if text and not _is(text, _is_http):
        raise SettingError(
            f"{name} is not an address; allowed is http://… or https://… "
            "(its value is not shown, since it may hold a secret)"
        )
    return text


def _is(text: str, test: Callable[[str], bool]) -> bool:
    try:
        return test(text)
    except ValueError:
        return False


def _is_http(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _email(environ: Mapping[str, str]) -> EmailService | None:
    host = _text(environ, "BEA_BASE_URL", "")
    key = _text(environ, "BEA_SECRET_KEY", "")
    if not host and not key:
        return None
    if not host or not key:
        unset = "BEA_SECRET_KEY" if host else "BEA_BASE_URL"
        raise SettingError(
            f"{unset} is not set; allowed is both of BEA_BASE_URL and BEA_SECRET_KEY, "
            "or neither (no e-mail)"
        )
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", host):
        raise SettingError(
            f"BEA_BASE_URL is {host!r}; allowed is a host name, without scheme and port"
        )
    return EmailService(host=host, key=Secret(key))


def _sentry(environ: Mapping[str, str]) -> SentrySettings:
    dsn = _url(environ, "FPP_ANALYTICS_SENTRY_DSN")
    if dsn and not re.fullmatch(r"https?://[^@/]+@[^/]+/(.+/)?[0-9]+", dsn):
        raise SettingError(
            "FPP_ANALYTICS_SENTRY_DSN is not a DSN; allowed is "
            "https://KEY@HOST/PROJECT (its value is not shown)"
        )
    environment = _text(environ, "SENTRY_ENVIRONMENT", "development")
    if not re.fullmatch(r"[\w.-]{1,64}", environment):
        raise SettingError(
            f"SENTRY_ENVIRONMENT is {environment!r}; allowed is one word, such as "
            "development or production"
        )
    return SentrySettings(dsn=Secret(dsn) if dsn else None, environment=environment)
