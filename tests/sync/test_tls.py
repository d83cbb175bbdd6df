"""TLS to the database: real servers with certificates of ours, and rogue ones."""

import socket
import struct
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import mysql.connector
import pytest

from core.settings import SettingError, SslMode, SyncSettings
from sync.connection import translated
from sync.exceptions import SourceError
from testkit.dashboard import LONGEST_WAIT
from testkit.database_servers import Kind, LiveDatabase, running_server
from testkit.harness import Store
from tests.sync.endpoints import listening
from tests.sync.rows import insert_votes

pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed <socket:ResourceWarning",
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning",
)


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def authority(folder: Path, name: str) -> Path:
    """Make a certificate authority; return its certificate."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-subj", f"/CN={name}", "-keyout", str(key), "-out", str(certificate)),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    return certificate


def certificate(folder: Path, name: str, host: str) -> tuple[Path, Path]:
    """Make a server's certificate for a host, signed by the authority `ours`."""
    key, request, signed = (folder / f"{name}.{end}" for end in ("key", "csr", "crt"))
    openssl(
        *("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={host}"),
        *("-keyout", str(key), "-out", str(request)),
    )
    names = folder / f"{name}.ext"
    names.write_text(
        f"subjectAltName=DNS:{host}\nauthorityKeyIdentifier=keyid\n"
        "subjectKeyIdentifier=hash\nbasicConstraints=CA:FALSE\n"
    )
    openssl(
        *("x509", "-req", "-days", "2", "-in", str(request), "-out", str(signed)),
        *("-CA", str(folder / "ours.pem"), "-CAkey", str(folder / "ours.key")),
        *("-CAcreateserial", "-extfile", str(names)),
    )
    return key, signed


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    authority(folder, "ours")
    authority(folder, "theirs")
    certificate(folder, "right", "localhost")
    certificate(folder, "wrong", "elsewhere.example.org")
    return folder


@contextmanager
def encrypted(kind: Kind, folder: Path, name: str) -> Iterator[LiveDatabase]:
    options = [
        f"--ssl-ca={folder / 'ours.pem'}",
        f"--ssl-cert={folder / f'{name}.crt'}",
        f"--ssl-key={folder / f'{name}.key'}",
    ]
    with running_server(kind, options=options) as server:
        yield server.create_database()


@pytest.fixture(scope="module")
def secured(own_kind: Kind, certificates: Path) -> Iterator[LiveDatabase]:
    with encrypted(own_kind, certificates, "right") as database:
        insert_votes(database, range(1, 11))
        yield database


def reach(store: Store, database: LiveDatabase, mode: SslMode, ca: Path | None) -> None:
    store.source = database
    store.address = replace(
        database.settings, host="localhost", ssl_mode=mode, ssl_ca=ca
    )


@pytest.mark.parametrize(
    "mode", ["preferred", "required", "verify_ca", "verify_identity"]
)
def test_a_certificate_is_verified_once_an_authority_is_given(
    secured: LiveDatabase,
    store: Store,
    certificates: Path,
    reported: Sequence[str],
    mode: SslMode,
) -> None:
    reach(store, secured, mode, certificates / "ours.pem")
    assert store.sync() == 0
    store.assert_equals_source()
    reach(store, secured, mode, certificates / "theirs.pem")
    assert store.sync() == (1 if mode.startswith("verify") else 0)
    if mode.startswith("verify"):
        assert "(2026)" in reported[-1]
        assert "DB_SSL_CA" in reported[-1]


def test_a_certificate_of_another_host_is_refused_where_identity_counts(
    own_kind: Kind, store: Store, certificates: Path, reported: Sequence[str]
) -> None:
    ours = certificates / "ours.pem"
    with encrypted(own_kind, certificates, "wrong") as database:
        reach(store, database, "verify_ca", ours)
        assert store.sync() == 0
        reach(store, database, "verify_identity", ours)
        assert store.sync() == 1
    assert "DB_SSL_CA and that the certificate names DB_HOST" in reported[-1]


@pytest.mark.parametrize("mode", ["required", "verify_ca", "verify_identity"])
def test_a_server_without_encryption_is_refused_where_it_is_required(
    own_kind: Kind,
    store: Store,
    certificates: Path,
    reported: Sequence[str],
    mode: SslMode,
) -> None:
    off = ["--skip-ssl"] if own_kind is Kind.MARIADB else ["--tls-version="]
    with running_server(own_kind, options=off) as server:
        database = server.create_database()
        ca = certificates / "ours.pem" if mode.startswith("verify") else None
        reach(store, database, mode, ca)
        assert store.sync() == 1
    assert "DB_SSL_MODE" in reported[-1]


def packet(number: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([number]) + body


GREETING = packet(
    0,
    b"\x0a8.4.0\0"
    + (7).to_bytes(4, "little")
    + b"abcdefgh\0"
    + b"\xff\xf7"  # every capability but TLS
    + b"\xff\x02\x00\xff\xdf\x15"
    + bytes(10)
    + b"ijklmnopqrst\0"
    + b"mysql_native_password\0",
)
OK = b"\0\0\0\x02\0\0\0"


@contextmanager
def rogue(
    script: Callable[[socket.socket], None], greeting: bytes = GREETING
) -> Iterator[tuple[int, bytearray]]:
    """Answer on a port as a server does, and keep all that the client sends."""
    heard = bytearray()

    def answer(connection: socket.socket) -> None:
        connection.settimeout(LONGEST_WAIT)
        connection.sendall(greeting)
        heard.extend(connection.recv(65_536))
        script(connection)
        while found := connection.recv(65_536):
            heard.extend(found)

    with listening(answer) as port:
        yield port, heard


def closes(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_WR)


def resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("cut", [closes, resets])
def test_a_connection_cut_while_tls_is_agreed_is_called_broken(
    store: Store,
    reported: Sequence[str],
    cut: Callable[[socket.socket], None],
) -> None:
    with rogue(cut, GREETING.replace(b"\xff\xf7", b"\xff\xff")) as (port, _):
        store.address = replace(store.source.settings, port=port)
        assert store.sync() == 1
    assert "the connection broke" in reported[-1]
    assert "DB_SSL_MODE" not in reported[-1]


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("error:0A000126:SSL routines::unexpected eof while reading", 2013),
        ("error:00000000:lib(0)::reason(0)", 2013),
        ("error:0A00010B:SSL routines::wrong version number", 2026),
    ],
)
def test_what_the_extension_says_of_a_cut_is_told_from_other_faults_of_tls(
    said: str, number: int
) -> None:
    with pytest.raises(SourceError) as error, translated("connecting"):
        raise mysql.connector.InterfaceError(f"SSL connection error: {said}", 2026)
    assert error.value.number == number


def asks_for_clear_text(connection: socket.socket) -> None:
    connection.sendall(packet(2, b"\xfemysql_clear_password\0"))


def asks_for_a_file(path: Path) -> Callable[[socket.socket], None]:
    def script(connection: socket.socket) -> None:
        connection.sendall(packet(2, OK))
        connection.recv(65_536)
        connection.sendall(packet(1, b"\xfb" + str(path).encode()))

    return script


def test_a_rogue_server_gets_no_password_in_clear_text(
    database: LiveDatabase, store: Store
) -> None:
    with rogue(asks_for_clear_text) as (port, heard):
        store.address = replace(database.settings, port=port)
        assert store.sync() == 1
    assert heard
    assert database.settings.password.reveal().encode() not in heard


def test_a_rogue_server_gets_no_file(
    database: LiveDatabase, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("what only we may read")
    # The extension waits for what follows the file.
    store.policy = replace(store.policy, statement_seconds=1, attempts=1)
    with rogue(asks_for_a_file(tmp_path / "secret")) as (port, heard):
        store.address = replace(database.settings, port=port)
        assert store.sync() == 1
    assert heard
    assert b"what only we may read" not in heard


def test_the_mode_follows_from_the_authority(certificates: Path) -> None:
    ca = str(certificates / "ours.pem")
    read = SyncSettings.from_env
    assert read({}).database.ssl_mode == "preferred"
    assert read({"DB_SSL_CA": ca}).database.ssl_mode == "verify_identity"
    chosen = read({"DB_SSL_CA": ca, "DB_SSL_MODE": "VERIFY-CA"})
    assert chosen.database.ssl_mode == "verify_ca"


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"DB_SSL_MODE": "sometimes"}, "DB_SSL_MODE"),
        ({"DB_SSL_MODE": "verify_ca"}, "DB_SSL_CA"),
        ({"DB_SSL_CA": "/nowhere.pem"}, "DB_SSL_CA"),
    ],
)
def test_a_wrong_setting_of_tls_is_named(environ: dict[str, str], named: str) -> None:
    with pytest.raises(SettingError, match=named):
        SyncSettings.from_env(environ)
