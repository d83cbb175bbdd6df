"""Settings, frozen, from an environment that is an argument.

`VARIABLES` describes every variable once; README and tests read it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from core.location import SCHEME, Bucket, Folder


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
    Variable(
        "DATA_DIR",
        "./data",
        "both",
        "Folder of the Parquet store; for the dashboard also `s3://bucket/folder`.",
    ),
    Variable(
        "AWS_ACCESS_KEY_ID",
        "unset: the machine's role",
        "dashboard",
        "Key to object storage, where `DATA_DIR` lies there.",
    ),
    Variable("AWS_SECRET_ACCESS_KEY", "unset", "dashboard", "Its secret."),
    Variable("AWS_REGION", "unset", "dashboard", "Region of the bucket."),
    Variable(
        "AWS_ENDPOINT_URL",
        "unset: Amazon's",
        "dashboard",
        "Address of another S3-compatible server, such as MinIO.",
    ),
    Variable(
        "ENGINE",
        "local",
        "dashboard",
        "Where metrics are computed: `local`, or `remote` on a Polars cluster.",
    ),
    Variable(
        "ENGINE_CLUSTER",
        "unset",
        "dashboard",
        "Address of the cluster's scheduler, for `ENGINE=remote`.",
    ),
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
        "NOTES_FILE",
        "unset: no notes",
        "dashboard",
        "Text file of notes on dates, which charts show as flags: "
        "`2026-11-12 Release of v2 https://…` on a line.",
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

    data_dir: Folder
    token: Secret | None
    email: EmailService | None
    sync_interval: int
    sentry: SentrySettings
    cluster: str | None = None
    """Where plans are executed; None is here."""
    notes_file: Path | None = None
    """Notes on dates, read at each run; one that is missing is named on a page."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "DashboardSettings":
        """Read the variables; raise SettingError on the first wrong one."""
        token = _text(environ, "ANALYTICS_SECRET_TOKEN", "")
        return cls(
            data_dir=_bucket(environ) or _data_dir(environ),
            token=Secret(token) if token else None,
            email=_email(environ),
            sync_interval=_interval(environ),
            sentry=_sentry(environ),
            cluster=_cluster(environ),
            notes_file=_notes_file(environ),
        )

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What must never leave the process."""
        mail = self.email.key if self.email else None
        held = (self.token, mail, self.sentry.dsn, *self._storage_secrets())
        return tuple(secret for secret in held if secret)

    def _storage_secrets(self) -> Iterator[Secret]:
        if isinstance(self.data_dir, Bucket):
            for name in _STORAGE_SECRETS & self.data_dir.options.keys():
                yield Secret(self.data_dir.options[name])


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


_STORAGE = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "AWS_ENDPOINT_URL",
)
_STORAGE_SECRETS = {"aws_access_key_id", "aws_secret_access_key"}


def _bucket(environ: Mapping[str, str]) -> Bucket | None:
    """Return the object storage that DATA_DIR names, None for a local folder."""
    url = _text(environ, "DATA_DIR", "")
    if not url.startswith(SCHEME):
        return None
    if not re.fullmatch(SCHEME + r"[a-z0-9][a-z0-9.-]+[a-z0-9](/[\w.=-]+)*/?", url):
        raise SettingError(
            f"DATA_DIR is {url!r}; allowed is a folder, or {SCHEME}bucket/folder"
        )
    endpoint = _url(environ, "AWS_ENDPOINT_URL")
    if ("AWS_ACCESS_KEY_ID" in environ) != ("AWS_SECRET_ACCESS_KEY" in environ):
        raise SettingError(
            "one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is not set; allowed is "
            "both, or neither (the machine's own role)"
        )
    set_here = {name.lower(): _text(environ, name, "") for name in _STORAGE}
    options = {name: value for name, value in set_here.items() if value}
    plain = {"aws_allow_http": "true"} if endpoint.startswith("http:") else {}
    return Bucket(url.rstrip("/"), options | plain)


def _cluster(environ: Mapping[str, str]) -> str | None:
    """Return the address of the cluster that ENGINE asks for, None for here."""
    engine = _text(environ, "ENGINE", "local")
    if engine not in {"local", "remote"}:
        raise SettingError(f"ENGINE is {engine!r}; allowed is local or remote")
    if engine == "local":
        return None
    address = _url(environ, "ENGINE_CLUSTER")
    if not address:
        raise SettingError(
            "ENGINE is 'remote' and ENGINE_CLUSTER is not set; allowed is the address "
            "of a Polars cluster's scheduler, such as https://scheduler:5051"
        )
    return address


def _data_dir(environ: Mapping[str, str]) -> Path:
    if _text(environ, "DATA_DIR", "").startswith(SCHEME):
        raise SettingError(
            f"DATA_DIR is an address of {SCHEME}; the sync job writes to a folder. "
            "docs/deployment.md tells how its store gets into object storage"
        )
    path = Path(_text(environ, "DATA_DIR", "./data")).expanduser()
    if path.exists() and not path.is_dir():
        raise SettingError(f"DATA_DIR is '{path}', a file; it has to be a folder")
    return path.absolute()


def _notes_file(environ: Mapping[str, str]) -> Path | None:
    path = _text(environ, "NOTES_FILE", "")
    return Path(path).expanduser().absolute() if path else None


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
