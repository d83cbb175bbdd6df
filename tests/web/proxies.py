"""The reverse proxies of the examples, with the real programs, on loopback."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from testkit.dashboard import LONGEST_WAIT, ROOT, wait_until
from testkit.ports import free_port

HOST = "stats.example.org"


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1; return its file and the key's."""
    files = folder / "tls.crt", folder / "tls.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-days", "1", "-subj", "/CN=x"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-out", str(files[0]), "-keyout", str(files[1])),
        ],
        check=True,
        capture_output=True,
    )
    return files


@contextmanager
def nginx(
    folder: Path, dashboard: str, changes: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run nginx with the example, changed where asked; yield its TLS address."""
    crt, key = certificate(folder)
    port, plain = free_port(), free_port()
    site = _changed(
        ROOT / "deploy" / "nginx.conf",
        {
            f"/etc/ssl/{HOST}.crt": f"'{crt}'",
            f"/etc/ssl/{HOST}.key": f"'{key}'",
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "listen 80": f"listen 127.0.0.1:{plain}",
            "127.0.0.1:8501": dashboard.removeprefix("http://"),
            f"server_name {HOST}": "server_name 127.0.0.1",
        },
    )
    for old, new in (changes or {}).items():
        assert old in site, f"nginx.conf no longer has {old!r}"
        site = site.replace(old, new)
    # As the documentation says of an address with a port.
    site = site.replace("$cookie_fpp_session ", f"$cookie_fpp_session_{port} ")
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(
        f"pid '{folder}/pid'; error_log stderr; daemon off; master_process off;"
        f"events {{}} http {{ access_log off; {_temporary(folder)}"
        f"include '{folder}/site.conf'; }}"
    )
    command = [_program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with _running(command, port) as url:
        yield url


@contextmanager
def caddy(folder: Path, dashboard: str) -> Iterator[str]:
    """Run Caddy with the example; yield the address of its TLS port."""
    crt, key = certificate(folder)
    port = free_port()
    site = _changed(
        ROOT / "deploy" / "Caddyfile",
        {
            "{\n\tservers": f'{{\n\tadmin off\n\tstorage file_system "{folder}"\n'
            "\tauto_https disable_redirects\n\tservers",
            f"{HOST} {{": f'https://127.0.0.1:{port} {{\n\ttls "{crt}" "{key}"',
            "127.0.0.1:8501": dashboard.removeprefix("http://"),
        },
    )
    (folder / "Caddyfile").write_text(site)
    command = [_program("caddy"), "run", "--config", str(folder / "Caddyfile")]
    with _running(command, port) as url:
        yield url


def _program(name: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    assert found, f"{name} is not installed: `make tools` installs it"
    return found


@contextmanager
def _running(command: list[str], port: int) -> Iterator[str]:
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        _wait_for(port, process)
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=LONGEST_WAIT)


def _wait_for(port: int, process: "subprocess.Popen[str]") -> None:
    def listens() -> bool:
        assert process.poll() is None, process.stderr and process.stderr.read()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return False
        return True

    wait_until(listens, f"nothing listens on port {port}")


def _changed(example: Path, replacements: dict[str, str]) -> str:
    """Return the example with the values of this machine; each must be in it."""
    text = example.read_text()
    for old, new in replacements.items():
        assert old in text, f"{example.name} no longer has {old!r}"
        text = text.replace(old, new)
    return text


def _temporary(folder: Path) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return " ".join(f"{kind}_temp_path '{folder}/{kind}';" for kind in kinds)


def trusting(folder: Path) -> ssl.SSLContext:
    """Return a context that knows the certificate in the folder."""
    return ssl.create_default_context(cafile=folder / "tls.crt")
