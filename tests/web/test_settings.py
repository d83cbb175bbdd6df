"""A wrong value stops the start with one line: variable, value, what is allowed."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.settings import (
    BASE_URL_PATH,
    DB_SSL_CA,
    EXCLUDED_ROOMS,
    VARIABLES,
    DashboardSettings,
    Secret,
    SettingError,
    SyncSettings,
    Variable,
)
from metrics.filters import LARGEST_ROOM_ID
from web.startup import settings_or_exit

DSN = "https://public@sentry.example/1"


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    dashboard, sync = DashboardSettings.from_env({}), SyncSettings.from_env({})
    assert dashboard.data_dir == sync.data_dir == Path("data").absolute()
    assert (dashboard.token, dashboard.email, sync.heartbeat_url) == (None, None, None)
    assert dashboard.sync_interval == sync.sync_interval == 600
    assert not dashboard.sentry.sends
    assert (sync.database.host, sync.database.port) == ("mariadb", 3306)
    assert (sync.database.user, sync.database.name) == ("fpp", "free-planning-poker")


def test_set_to_nothing_counts_as_not_set() -> None:
    names = ["DATA_DIR", "ANALYTICS_SECRET_TOKEN", "SYNC_INTERVAL", "BEA_BASE_URL"]
    blank = DashboardSettings.from_env(dict.fromkeys(names, "  "))
    assert blank == DashboardSettings.from_env({})


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        (
            {"SYNC_INTERVAL": "0"},
            "SYNC_INTERVAL is '0'. Use a whole number from 1 to 86400.",
        ),
        (
            {"SYNC_INTERVAL": "1e3"},
            "SYNC_INTERVAL is '1e3'. Use a whole number from 1 to 86400.",
        ),
        (
            {"BEA_BASE_URL": "http://bea", "BEA_SECRET_KEY": "k"},
            (
                "BEA_BASE_URL is 'http://bea'. Use a host name or an IP address, "
                "without scheme and port."
            ),
        ),
        (
            {"BEA_BASE_URL": "bea"},
            (
                "BEA_SECRET_KEY is not set. Use both of BEA_BASE_URL and "
                "BEA_SECRET_KEY, or neither (no email)."
            ),
        ),
        (
            {"SENTRY_ENVIRONMENT": "two words"},
            (
                "SENTRY_ENVIRONMENT is 'two words'. Use one word, such as development "
                "or production."
            ),
        ),
        (
            {"FPP_ANALYTICS_SENTRY_DSN": "https://secret-key.example/1"},
            (
                "FPP_ANALYTICS_SENTRY_DSN is set to something else (not shown: it is "
                "secret). Use a DSN, https://KEY@HOST/PROJECT."
            ),
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_value_names_variable_value_and_what_is_allowed(
    variables: dict[str, str], text: str
) -> None:
    with pytest.raises(SettingError, match=f"^{re.escape(text)}$"):
        DashboardSettings.from_env(variables)


def test_a_file_where_the_store_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(SettingError, match=r"/data'\. Use a folder"):
        DashboardSettings.from_env({"DATA_DIR": str(tmp_path / "data")})


def test_an_authority_that_cannot_be_one_says_why(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    (tmp_path / "key").write_text(key)
    (tmp_path / "empty").touch()
    why = {
        "folder": "not a file",
        "pipe": "not a file",
        "key": "no certificate in PEM format",
        "empty": "no certificate in PEM format",
        "gone": "No such file or directory",
        "x" * 300: "File name too long",
    }
    for name, reason in why.items():
        with pytest.raises(SettingError) as refused:
            DB_SSL_CA.read({"DB_SSL_CA": f"{tmp_path}/{name}"})
        assert f" ({reason}). Use the path of a readable PEM file." in str(
            refused.value
        )


@pytest.mark.parametrize(
    ("environment", "dsn", "sends"),
    [
        ("production", DSN, True),
        ("Production", DSN, True),
        ("staging", DSN, False),
        ("production", "", False),
    ],
)
def test_only_production_with_an_address_sends(
    environment: str, dsn: str, *, sends: bool
) -> None:
    variables = {"SENTRY_ENVIRONMENT": environment, "FPP_ANALYTICS_SENTRY_DSN": dsn}
    assert DashboardSettings.from_env(variables).sentry.sends is sends


@given(secret=st.text(min_size=1).filter(lambda text: text not in "Secret('***')"))
def test_a_secret_prints_as_stars(secret: str) -> None:
    held = Secret(secret)
    assert f"{held} {held!r}" == "Secret('***') Secret('***')"
    assert held.reveal() == secret


def test_the_settings_name_every_secret_that_they_have() -> None:
    dashboard = DashboardSettings.from_env(
        {
            "ANALYTICS_SECRET_TOKEN": "the-token",
            "BEA_BASE_URL": "bea",
            "BEA_SECRET_KEY": "the-key",
            "FPP_ANALYTICS_SENTRY_DSN": DSN,
        }
    )
    sync = SyncSettings.from_env(
        {
            "DB_PASSWORD": " the-password ",  # blanks may be part of one
            "UPTIMEKUMA_PUSH_URL": "https://kuma.example/api/push/x",
            "FPP_ANALYTICS_SENTRY_DSN": DSN,
        }
    )
    assert [secret.reveal() for secret in dashboard.secrets] == [
        "the-token",
        "the-key",
        DSN,
    ]
    assert [secret.reveal() for secret in sync.secrets] == [
        " the-password ",
        "https://kuma.example/api/push/x",
        DSN,
    ]
    assert "the-" not in f"{dashboard}{sync}"


WRONG = {
    "DATA_DIR": "s3://",
    "AWS_REGION": "two words",
    "AWS_ENDPOINT_URL": "minio",
    "ENGINE": "fast",
    "ENGINE_CLUSTER": "a-host",
    "FORWARDED_ALLOW_IPS": "*",
    "STATE_DIR": "s3://bucket",
    "BEA_BASE_URL": "http://bea",
    "DB_HOST": "mariadb:3306",
    "DB_PORT": "65536",
    "DB_SSL_CA": "/no/certificate/here.pem",
    "DB_SSL_MODE": "always",
    "SYNC_INTERVAL": "0",
    "TIME_ZONE": "Mars/Olympus",
    "EXCLUDED_ROOMS": "our room",
    "UPTIMEKUMA_PUSH_URL": "ftp://kuma",
    "FPP_ANALYTICS_SENTRY_DSN": "https://x",
    "FPP_SERVER_URL": "product",
    "SENTRY_ISSUES_URL": "javascript:alert(1)",
    "UPTIME_URL": "ftp://uptime",
    "SENTRY_ENVIRONMENT": "a b",
    "PORT": "0",
    "BASE_URL_PATH": "https://stats.example.org/analytics",
}
"""A wrong value of each variable that can be wrong."""


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda v: v.name)
def test_a_wrong_value_of_any_variable_is_one_line_without_secrets(
    variable: Variable[object],
) -> None:
    if variable.name not in WRONG:
        assert variable.parse("any text")
        return
    with pytest.raises(SettingError) as refused:
        variable.read_if_set({variable.name: WRONG[variable.name]})
    line = str(refused.value)
    assert "\n" not in line
    assert line.startswith(f"{variable.name} is ")
    assert line.endswith(f"Use {variable.allowed}.")
    assert (WRONG[variable.name] in line) != variable.is_secret


ODD = [
    # A user without an account, and a name that no disk takes.
    *(("DATA_DIR", text) for text in ("~no-such-user/data", "x" * 5_000)),
    *(("NOTES_FILE", text) for text in ("~no-such-user/notes.txt",)),
    ("DB_SSL_CA", "x" * 5_000),
    ("STATE_DIR", "~no-such-user"),
    # Each would be a folder below the current one, which has no data.
    *(("DATA_DIR", text) for text in ("https://store/fpp", "file:///srv", "S3://b/f")),
    *((name, "https://team.example/list") for name in ("NOTES_FILE", "VIEWS_FILE")),
    # Not all that read files of variables take comments away.
    ("UPTIME_URL", "https://uptime.example # of the team"),
    ("FPP_SERVER_URL", "https://fpp example"),
    # Nor quotation marks.
    *(
        (variable.name, f"{mark}text{mark}")
        for variable in VARIABLES
        for mark in "\"'"
        if variable.name != "DB_PASSWORD"
    ),
    ("UPTIMEKUMA_PUSH_URL", "https://kuma.example/api/push/x\t# of the team"),
    # Users would have to type what they cannot see.
    *(("ANALYTICS_SECRET_TOKEN", f"to{mark}ken") for mark in "\u200b\ufeff\u00a0\n"),
    # The printed link would lead nowhere.
    *(("BASE_URL_PATH", text) for text in ("a b", "a?b", "ä", "..", "a/../b", "a//b")),
    *(("TIME_ZONE", text) for text in ("Europe", "../UTC", "zone.tab", "x" * 300)),
    *(
        ("EXCLUDED_ROOMS", text)
        for text in ("2147483648", "9" * 5_000, "12;13", "-1", "1.0", "١٢", "1 2")
    ),
]


@pytest.mark.parametrize(("name", "text"), ODD)
def test_an_odd_value_is_refused_by_the_settings_themselves(
    name: str, text: str
) -> None:
    variable = next(each for each in VARIABLES if each.name == name)
    with pytest.raises(SettingError, match=f"^{name} is ") as refused:
        variable.read({name: text})
    assert len(str(refused.value)) < 250


def test_every_id_that_a_room_can_have_can_be_excluded() -> None:
    read = EXCLUDED_ROOMS.read({"EXCLUDED_ROOMS": f" 1,,{LARGEST_ROOM_ID}, 1 "})
    assert read == {1, LARGEST_ROOM_ID}


@pytest.mark.parametrize("name", ["localtime", "Factory", "posix/UTC", "right/UTC"])
def test_a_zone_that_only_the_system_knows_ends_the_start(name: str) -> None:
    with pytest.raises(SystemExit, match=f": TIME_ZONE is '{name}'. Use "):
        settings_or_exit({"TIME_ZONE": name})


ADDRESSES = [
    ("DB_HOST", "mysql://fpp:a-password@mariadb", "a-password"),
    ("DB_HOST", "fpp:a-password@mariadb", "a-password"),
    ("UPTIMEKUMA_PUSH_URL", "http://monitor:99999/api/push/t0ken", "t0ken"),
    ("UPTIMEKUMA_PUSH_URL", "http://monitor:0/api/push/t0ken", "t0ken"),
]


@pytest.mark.parametrize(("name", "text", "secret"), ADDRESSES)
def test_a_wrong_address_is_refused_without_what_is_secret_in_it(
    name: str, text: str, secret: str
) -> None:
    with pytest.raises(SettingError, match=f"^{name} is set to something") as refused:
        SyncSettings.from_env({name: text})
    assert secret not in str(refused.value)


@pytest.mark.parametrize(
    "host", ["mariadb", "db_1.internal", "10.0.0.7", "::1", "bücher"]
)
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    assert SyncSettings.from_env({"DB_HOST": host}).database.host == host
    variables = {"BEA_BASE_URL": host, "BEA_SECRET_KEY": "k"}
    service = DashboardSettings.from_env(variables).email
    assert service is not None
    assert service.host == host


@pytest.mark.parametrize("path", ["analytics", "/analytics/", "tools/v1.0_~-b", "/"])
def test_a_path_for_a_proxy_may_have_slashes_at_its_ends(path: str) -> None:
    assert BASE_URL_PATH.read({"BASE_URL_PATH": path}) == path.strip("/")


def test_every_default_is_a_value_that_is_allowed() -> None:
    for variable in VARIABLES:
        assert not variable.default or variable.read({}) is not None
