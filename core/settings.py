"""Settings, frozen, from an environment that is an argument.

Each variable is declared once: parsing, the message for a wrong value, the table of the
README and `.env.example` all come from its declaration. `VARIABLES` has all of them.
"""

import errno
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.location import SCHEME, Bucket, Folder

_LARGEST_ROOM_ID = 2**31 - 1
_LONGEST_SHOWN = 100
_PRODUCTION = "production"
# As OpenSSL looks for it; also "TRUSTED CERTIFICATE" and "X509 CERTIFICATE".
_CERTIFICATE = re.compile(rb"-----BEGIN (?:\w+ )?CERTIFICATE-----")
_QUOTED = re.compile(r"""(["']).*\1""", re.DOTALL)
LONGEST_INTERVAL = 86_400
"""Seconds between two runs of the sync job, at most."""

type Reader = Literal["both", "dashboard", "sync job", "compose, make run"]
type SslMode = Literal[
    "disabled", "preferred", "required", "verify_ca", "verify_identity"
]


class SettingError(Exception):
    """A variable has a wrong value; the message says which and what is allowed."""


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
class Variable[T]:
    """An environment variable; blank counts as not set."""

    name: str
    read_by: Reader
    meaning: str
    allowed: str
    """Completes the sentence "Use …" of the error message."""
    parse: Callable[[str], T]
    """Raises ValueError, OSError or RuntimeError for a wrong value."""
    default: str = ""
    unset: str = "unset"
    """What it means, in words, that a variable without a default is not set."""
    is_secret: bool = False

    def read(self, environ: Mapping[str, str]) -> T:
        """Return the value or the default; raises SettingError for a wrong value."""
        return self._parsed(environ.get(self.name, "").strip() or self.default)

    def read_if_set(self, environ: Mapping[str, str]) -> T | None:
        """Return the value, None when it is not set; raises SettingError."""
        text = environ.get(self.name, "").strip()
        return self._parsed(text) if text else None

    def wrong(self, text: str, reason: str | None = None) -> SettingError:
        """Return the error for a value, which it shows unless that is a secret."""
        hidden = "set to something else (not shown: it is secret)"
        # An address in the place of a host name can contain a password.
        shown = repr(
            text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
        )
        value = hidden if self.is_secret or "@" in text else shown
        why = f" ({reason})" if reason else ""
        return SettingError(f"{self.name} is {value}{why}. Use {self.allowed}.")

    def _parsed(self, text: str) -> T:
        # As from a file of variables whose reader, unlike compose, does not take them
        # away: no login has a token with them, and a folder is a new and empty one.
        if _QUOTED.fullmatch(text):
            raise self.wrong(text, "the quotation marks are part of it")
        try:
            return self.parse(text)
        # Paths also raise the others: too long, not to be reached, of no user (~name).
        except OSError as error:
            raise self.wrong(text, error.strerror) from None
        except (ValueError, RuntimeError):
            raise self.wrong(text) from None


def _matching(pattern: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError
        return text

    return parse


def _token(text: str) -> Secret:
    # A mark without a width would be no part of what users type or copy.
    if not text.isprintable():
        raise ValueError
    return Secret(text)


def _whole_number(first: int, last: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        # int() also takes "1_000", "٣" and blanks.
        if not re.fullmatch(r"[0-9]{1,9}", text) or not first <= int(text) <= last:
            raise ValueError
        return int(text)

    return parse


def _address(text: str) -> str:
    # A comment behind it, which compose takes away and others do not.
    if re.search(r"\s", text):
        raise ValueError
    parts = urlsplit(text)
    # Asking for a port that is above 65535 raises ValueError.
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
        raise ValueError
    return text


def _host(text: str) -> str:
    try:
        ip_address(text)
    except ValueError:
        return _matching(r"\w[\w.-]*")(text)
    return text


def _secret_address(text: str) -> Secret:
    return Secret(_address(text))


def _dsn(text: str) -> Secret:
    return Secret(_matching(r"https?://[^@/]+@[^/]+/(.+/)?[0-9]+")(_address(text)))


def _time_zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except ZoneInfoNotFoundError as error:
        raise ValueError(text) from error


def _room_ids(text: str) -> frozenset[int]:
    ids = [part.strip() for part in text.split(",") if part.strip()]
    if not all(re.fullmatch("[0-9]{1,10}", room) for room in ids):
        raise ValueError(text)
    rooms = frozenset(map(int, ids))
    # One beyond the type of the database's column could not be looked for.
    if rooms and max(rooms) > _LARGEST_ROOM_ID:
        raise ValueError(text)
    return rooms


def _path(text: str) -> Path:
    # An address would be taken for a folder "https:" below the current one.
    if re.match(r"\w[\w+.-]*://", text):
        raise ValueError
    return Path(text).expanduser().absolute()


def _url_path(text: str) -> str:
    """Return a path without slashes at its ends, of what needs no escaping."""
    path = text.strip("/")
    if not re.fullmatch(r"([A-Za-z0-9_~-][A-Za-z0-9._~-]*(/|$))*", path):
        raise ValueError
    return path


def _authority(text: str) -> Path:
    """Return the path of a file that holds a certificate."""
    path = _path(text)
    # A pipe would be waited for.
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a file")
    if not _CERTIFICATE.search(path.read_bytes()):
        raise OSError(errno.EINVAL, "no certificate in PEM format")
    return path


def _environment(text: str) -> str:
    name = _matching(r"[\w.-]{1,64}")(text)
    # Who writes "Production" means it; nothing would be sent, without a word.
    return _PRODUCTION if name.lower() == _PRODUCTION else name


def _ssl_mode(text: str) -> SslMode:
    # MySQL's own tools write VERIFY_CA and VERIFY-CA.
    mode = text.lower().replace("-", "_")
    for known in get_args(SslMode.__value__):
        if mode == known:
            return cast("SslMode", mode)
    raise ValueError


def _folder(text: str) -> Path:
    path = _path(text)
    if path.exists() and not path.is_dir():
        raise ValueError
    return path


def _store(text: str) -> str:
    """Return a folder or an address of object storage, as text."""
    if not text.startswith(SCHEME):
        return str(_folder(text))
    bucket = SCHEME + r"[a-z0-9][a-z0-9.-]+[a-z0-9](/[\w.=-]+)*/?"
    return _matching(bucket)(text).rstrip("/")


def _proxies(text: str) -> tuple[str, ...]:
    """Return addresses and networks; "*" would believe every client."""
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        ip_network(name)
    return names


DATA_DIR = Variable(
    name="DATA_DIR",
    read_by="both",
    meaning="Folder of the Parquet store; for the dashboard also `s3://bucket/folder`.",
    default="./data",
    allowed="a folder (the dashboard also reads s3://bucket/folder)",
    parse=_store,
)
AWS_ACCESS_KEY_ID = Variable(
    name="AWS_ACCESS_KEY_ID",
    read_by="dashboard",
    meaning="Key to object storage, if `DATA_DIR` is there.",
    unset="unset: the machine's role",
    allowed="a key",
    parse=Secret,
    is_secret=True,
)
AWS_SECRET_ACCESS_KEY = Variable(
    name="AWS_SECRET_ACCESS_KEY",
    read_by="dashboard",
    meaning="The key's secret.",
    allowed="a key's secret",
    parse=Secret,
    is_secret=True,
)
AWS_REGION = Variable(
    name="AWS_REGION",
    read_by="dashboard",
    meaning="Region of the bucket.",
    allowed="the name of a region",
    parse=_matching(r"[\w-]+"),
)
AWS_ENDPOINT_URL = Variable(
    name="AWS_ENDPOINT_URL",
    read_by="dashboard",
    meaning="Address of another S3-compatible server, such as MinIO.",
    unset="unset: Amazon's",
    allowed="an address, http://… or https://…",
    parse=_address,
    is_secret=True,
)
ENGINE = Variable(
    name="ENGINE",
    read_by="dashboard",
    meaning="Where metrics are computed: `local`, or `remote` on a Polars cluster.",
    default="local",
    allowed="local or remote",
    parse=_matching("local|remote"),
)
ENGINE_CLUSTER = Variable(
    name="ENGINE_CLUSTER",
    read_by="dashboard",
    meaning="Address of the cluster's scheduler, for `ENGINE=remote`.",
    allowed="the address of a Polars cluster's scheduler, such as "
    "https://scheduler:5051",
    parse=_address,
    is_secret=True,
)
ANALYTICS_SECRET_TOKEN = Variable(
    name="ANALYTICS_SECRET_TOKEN",
    read_by="dashboard",
    meaning="Access token of users and programs. Without it the server listens on "
    "127.0.0.1 only.",
    unset="random per run, printed",
    allowed="a token, made by openssl rand -base64 32",
    parse=_token,
    is_secret=True,
)
STATE_DIR = Variable(
    name="STATE_DIR",
    read_by="dashboard",
    meaning="Folder for the list of logged-out sessions, so that they stay logged out "
    "after a restart.",
    default="~/.local/state/fpp-analytics",
    allowed="a folder that the dashboard may write to",
    parse=_folder,
)
FORWARDED_ALLOW_IPS = Variable(
    name="FORWARDED_ALLOW_IPS",
    read_by="dashboard",
    meaning="Addresses or networks of your reverse proxy, whose `X-Forwarded-*` "
    "headers the server trusts.",
    default="127.0.0.1",
    allowed="addresses or networks, separated by commas (* would let every client "
    "forge its address)",
    parse=_proxies,
)
BEA_BASE_URL = Variable(
    name="BEA_BASE_URL",
    read_by="dashboard",
    meaning="Host of the email service.",
    unset="unset: no email",
    allowed="a host name or an IP address, without scheme and port",
    parse=_host,
)
BEA_SECRET_KEY = Variable(
    name="BEA_SECRET_KEY",
    read_by="dashboard",
    meaning="Bearer token of the email service.",
    unset="unset: no email",
    allowed="the key of the email service",
    parse=Secret,
    is_secret=True,
)
DB_HOST = Variable(
    name="DB_HOST",
    read_by="sync job",
    meaning="Host of the live database.",
    default="mariadb",
    allowed="a host name or an IP address, without scheme and port (DB_PORT)",
    parse=_host,
)
DB_PORT = Variable(
    name="DB_PORT",
    read_by="sync job",
    meaning="Port of the live database.",
    default="3306",
    allowed="a whole number from 1 to 65535",
    parse=_whole_number(1, 65_535),
)
DB_USERNAME = Variable(
    name="DB_USERNAME",
    read_by="sync job",
    meaning="A database user with SELECT.",
    default="fpp",
    allowed="a user name",
    parse=str,
)
DB_PASSWORD = Variable(
    name="DB_PASSWORD",
    read_by="sync job",
    meaning="Password of the database user.",
    unset="empty",
    allowed="the password",
    parse=Secret,
    is_secret=True,
)
DB_NAME = Variable(
    name="DB_NAME",
    read_by="sync job",
    meaning="Name of the database.",
    default="free-planning-poker",
    allowed="a database name",
    parse=str,
)
DB_SSL_CA = Variable(
    name="DB_SSL_CA",
    read_by="sync job",
    meaning="File with the certificate authority of the database's certificate.",
    unset="unset: the certificate is not verified",
    allowed="the path of a readable PEM file",
    parse=_authority,
)
DB_SSL_MODE = Variable(
    name="DB_SSL_MODE",
    read_by="sync job",
    meaning="Encryption of the database connection, as MySQL names it: `disabled`, "
    "`preferred`, `required`, `verify_ca` or `verify_identity`.",
    unset="`verify_identity` with `DB_SSL_CA`, otherwise `preferred`",
    allowed="disabled, preferred, required, verify_ca or verify_identity",
    parse=_ssl_mode,
)
SYNC_INTERVAL = Variable(
    name="SYNC_INTERVAL",
    read_by="both",
    meaning="Seconds between two sync runs. Data is late after two missed runs; "
    "`/health` is degraded once data is older than three intervals.",
    default="600",
    allowed=f"a whole number from 1 to {LONGEST_INTERVAL}",
    parse=_whole_number(1, LONGEST_INTERVAL),
)
NOTES_FILE = Variable(
    name="NOTES_FILE",
    read_by="dashboard",
    meaning="Text file of notes on dates, which charts show as flags: "
    "`2026-11-12 Release of v2 https://…` on a line.",
    unset="unset: no notes",
    allowed="a path",
    parse=_path,
)
FPP_SERVER_URL = Variable(
    name="FPP_SERVER_URL",
    read_by="dashboard",
    meaning="The product's server, which the Overview asks for live users and rooms.",
    unset="unset: no live figures",
    allowed="an address, http://… or https://…",
    parse=_secret_address,
    is_secret=True,
)
SENTRY_ISSUES_URL = Variable(
    name="SENTRY_ISSUES_URL",
    read_by="dashboard",
    meaning="Page of the product's errors, for a link on the Overview.",
    unset="unset: no link",
    allowed="an address, http://… or https://…",
    parse=_address,
)
UPTIME_URL = Variable(
    name="UPTIME_URL",
    read_by="dashboard",
    meaning="Page of the product's uptime, for a link on the Overview.",
    unset="unset: no link",
    allowed="an address, http://… or https://…",
    parse=_address,
)
TIME_ZONE = Variable(
    name="TIME_ZONE",
    read_by="dashboard",
    meaning="Zone of days, weeks and hours on the pages, such as `Europe/Berlin`. A "
    "link can ask for another one (`?tz=`).",
    default="UTC",
    allowed="a name such as Europe/Berlin or UTC",
    parse=_time_zone,
)
EXCLUDED_ROOMS = Variable(
    name="EXCLUDED_ROOMS",
    read_by="dashboard",
    meaning="IDs of rooms that no page counts, such as the team's own: `12, 345`. "
    "The Room page still opens them, with a note.",
    unset="unset: none",
    allowed="IDs of rooms, such as 12, 345",
    parse=_room_ids,
)
VIEWS_FILE = Variable(
    name="VIEWS_FILE",
    read_by="dashboard",
    meaning="Text file of named views for the menu of all pages: "
    "`Release week /votes?period=last_week` on a line.",
    unset="unset: no views",
    allowed="a path",
    parse=_path,
)
UPTIMEKUMA_PUSH_URL = Variable(
    name="UPTIMEKUMA_PUSH_URL",
    read_by="sync job",
    meaning="Push address of an Uptime Kuma monitor.",
    unset="unset: no heartbeat",
    allowed="an address, http://… or https://…",
    parse=_secret_address,
    is_secret=True,
)
FPP_ANALYTICS_SENTRY_DSN = Variable(
    name="FPP_ANALYTICS_SENTRY_DSN",
    read_by="both",
    meaning="Sentry project that receives errors.",
    unset="unset: no Sentry",
    allowed="a DSN, https://KEY@HOST/PROJECT",
    parse=_dsn,
    is_secret=True,
)
SENTRY_ENVIRONMENT = Variable(
    name="SENTRY_ENVIRONMENT",
    read_by="both",
    meaning="Name of the environment; only `production` sends to Sentry.",
    default="development",
    allowed="one word, such as development or production",
    parse=_environment,
)
PORT = Variable(
    name="PORT",
    read_by="compose, make run",
    meaning="Port of the dashboard on this machine.",
    default="8501",
    allowed="a whole number from 1 to 65535",
    parse=_whole_number(1, 65_535),
)
BASE_URL_PATH = Variable(
    name="BASE_URL_PATH",
    read_by="compose, make run",
    meaning="Path below which a proxy serves the dashboard, such as `analytics`.",
    unset="unset: none",
    allowed="a path of letters, digits, '-', '_', '~' and '.', such as analytics or "
    "tools/analytics",
    parse=_url_path,
)

VARIABLES: tuple[Variable[object], ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Variable)
)
"""Every variable declared above, in the same order."""


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

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "SentrySettings":
        """Read the variables; raises SettingError."""
        dsn = FPP_ANALYTICS_SENTRY_DSN.read_if_set(environ)
        return cls(dsn, SENTRY_ENVIRONMENT.read(environ))

    @property
    def sends(self) -> bool:
        """Whether events leave the machine: only in production, with a DSN."""
        return self.dsn is not None and self.is_production

    @property
    def is_production(self) -> bool:
        """Whether this process serves real users."""
        return self.environment == _PRODUCTION


@dataclass(frozen=True, slots=True)
class DashboardSettings:
    """What the dashboard reads from its environment."""

    data_dir: Folder
    token: Secret | None
    email: EmailService | None
    sync_interval: int
    sentry: SentrySettings
    state_dir: Path
    cluster: str | None = None
    """Address of the cluster that computes metrics; None for this process."""
    server_url: Secret | None = None
    """The product's server; secret, since an address may contain a password."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Pages elsewhere that belong beside the live figures, by their labels."""
    notes_file: Path | None = None
    """Notes on dates, read at each run; one that is missing is named on a page."""
    time_zone: ZoneInfo = ZoneInfo("UTC")  # noqa: RUF009  # immutable
    excluded_rooms: frozenset[int] = frozenset()
    """Rooms that no page counts."""
    views_file: Path | None = None
    """Named views, read at each run."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "DashboardSettings":
        """Read the variables; raises SettingError for the first wrong one."""
        # Read by uvicorn itself; checked here, so that a wrong one stops the start.
        FORWARDED_ALLOW_IPS.read(environ)
        return cls(
            data_dir=_location(environ),
            token=ANALYTICS_SECRET_TOKEN.read_if_set(environ),
            email=_email(environ),
            sync_interval=SYNC_INTERVAL.read(environ),
            sentry=SentrySettings.from_env(environ),
            state_dir=STATE_DIR.read(environ),
            cluster=_cluster(environ),
            server_url=FPP_SERVER_URL.read_if_set(environ),
            links=_links(environ),
            notes_file=NOTES_FILE.read_if_set(environ),
            time_zone=TIME_ZONE.read(environ),
            excluded_rooms=EXCLUDED_ROOMS.read(environ),
            views_file=VIEWS_FILE.read_if_set(environ),
        )

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What must never leave the process."""
        mail = self.email.key if self.email else None
        options = self.data_dir.options if isinstance(self.data_dir, Bucket) else {}
        names = ("aws_access_key_id", "aws_secret_access_key")
        storage = (Secret(options[name]) for name in names if name in options)
        held = (self.token, mail, self.server_url, self.sentry.dsn, *storage)
        return tuple(secret for secret in held if secret)


@dataclass(frozen=True, slots=True)
class Database:
    """How to reach the live database."""

    host: str
    port: int
    user: str
    password: Secret
    name: str
    ssl_ca: Path | None = None
    ssl_mode: SslMode = "preferred"


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """What the sync job reads from its environment."""

    data_dir: Path
    database: Database
    sync_interval: int
    heartbeat_url: Secret | None
    """Secret, since it contains the push token."""
    sentry: SentrySettings

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "SyncSettings":
        """Read the variables; raises SettingError for the first wrong one."""
        store = DATA_DIR.read(environ)
        if store.startswith(SCHEME):
            raise SettingError(
                f"DATA_DIR is {store!r}, but the sync job writes to a folder. Use a "
                "folder, and copy it to object storage as docs/deployment.md says."
            )
        return cls(
            data_dir=Path(store),
            database=Database(
                host=DB_HOST.read(environ),
                port=DB_PORT.read(environ),
                user=DB_USERNAME.read(environ),
                # Blanks may be part of a password.
                password=Secret(environ.get(DB_PASSWORD.name, "")),
                name=DB_NAME.read(environ),
                ssl_ca=DB_SSL_CA.read_if_set(environ),
                ssl_mode=_chosen_ssl_mode(environ),
            ),
            sync_interval=SYNC_INTERVAL.read(environ),
            heartbeat_url=UPTIMEKUMA_PUSH_URL.read_if_set(environ),
            sentry=SentrySettings.from_env(environ),
        )

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What must never leave the process."""
        held = (self.database.password, self.heartbeat_url, self.sentry.dsn)
        return tuple(secret for secret in held if secret)


def _chosen_ssl_mode(environ: Mapping[str, str]) -> SslMode:
    """Return the mode that is set; with an authority, certificates are verified."""
    has_authority = DB_SSL_CA.read_if_set(environ) is not None
    mode = DB_SSL_MODE.read_if_set(environ)
    if mode is None:
        return "verify_identity" if has_authority else "preferred"
    if mode.startswith("verify") and not has_authority:
        raise SettingError(
            f"DB_SSL_MODE is {mode!r} and DB_SSL_CA is not set. Set it to "
            f"{DB_SSL_CA.allowed}."
        )
    return mode


def _links(environ: Mapping[str, str]) -> dict[str, str]:
    asked = {"Errors": SENTRY_ISSUES_URL, "Uptime": UPTIME_URL}
    found = {label: of.read_if_set(environ) for label, of in asked.items()}
    return {label: url for label, url in found.items() if url is not None}


def _location(environ: Mapping[str, str]) -> Folder:
    """Return the folder or the object storage that DATA_DIR names."""
    store = DATA_DIR.read(environ)
    if not store.startswith(SCHEME):
        return Path(store)
    key, secret = _both_or_neither(
        environ, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "the machine's role"
    )
    endpoint = AWS_ENDPOINT_URL.read_if_set(environ)
    given = {
        "aws_access_key_id": key and key.reveal(),
        "aws_secret_access_key": secret and secret.reveal(),
        "aws_region": AWS_REGION.read_if_set(environ),
        "aws_endpoint_url": endpoint,
        "aws_allow_http": "true" if endpoint and endpoint[:5] == "http:" else None,
    }
    return Bucket(store, {name: value for name, value in given.items() if value})


def _cluster(environ: Mapping[str, str]) -> str | None:
    """Return the address of the cluster that ENGINE selects, None for this process."""
    if ENGINE.read(environ) == "local":
        return None
    address = ENGINE_CLUSTER.read_if_set(environ)
    if address is None:
        raise SettingError(
            "ENGINE is 'remote' and ENGINE_CLUSTER is not set. Set it to "
            f"{ENGINE_CLUSTER.allowed}."
        )
    return address


def _email(environ: Mapping[str, str]) -> EmailService | None:
    host, key = _both_or_neither(environ, BEA_BASE_URL, BEA_SECRET_KEY, "no email")
    return EmailService(host, key) if host and key else None


def _both_or_neither[A, B](
    environ: Mapping[str, str], one: Variable[A], other: Variable[B], neither: str
) -> tuple[A | None, B | None]:
    values = one.read_if_set(environ), other.read_if_set(environ)
    if (values[0] is None) != (values[1] is None):
        unset = one if values[0] is None else other
        raise SettingError(
            f"{unset.name} is not set. Use both of {one.name} and {other.name}, or "
            f"neither ({neither})."
        )
    return values
