"""Servers that do not start, and those that the environment names."""

import tempfile
from pathlib import Path

import pytest

from testkit import database_servers
from testkit.database_servers import Kind, running_server, shared_server
from testkit.ports import free_port


@pytest.mark.parametrize("kind", list(Kind))
def test_a_server_that_is_named_and_does_not_answer_is_said_to_be_so(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_servers, "START_SECONDS", 0)
    monkeypatch.setenv(f"TEST_{kind.name}", f"mysql://root:x@127.0.0.1:{free_port()}")
    said = pytest.raises(RuntimeError, match=rf"(?s)2003.*TEST_{kind.name}")
    with said, shared_server(kind):
        pytest.fail("it answers")


@pytest.mark.mariadb
@pytest.mark.parametrize("kind", list(Kind))
def test_a_server_that_cannot_start_says_why_at_once_and_leaves_nothing(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind.missing:
        pytest.skip(kind.missing)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    said = pytest.raises(RuntimeError, match="no-such-option")
    with said, running_server(kind, options=["--no-such-option"]):
        pytest.fail("it started")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.mariadb
@pytest.mark.skipif(bool(Kind.MARIADB.missing), reason=Kind.MARIADB.missing)
def test_a_server_is_installed_below_a_path_with_blanks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MariaDB's script gives it to no user, which it can do neither there nor at all
    where the tests do not run as root."""
    monkeypatch.setattr(database_servers, "TEMPLATES", tmp_path / "of a checkout")
    with running_server(Kind.MARIADB) as server:
        assert server.create_database().count("SELECT COUNT(*) FROM fpp_votes") == 0
