"""A store in S3-compatible object storage reads like one in a folder."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from shlex import quote

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from core.location import Bucket
from core.settings import DashboardSettings, SettingError, SyncSettings
from metrics import legacy_api
from store import engine, files
from store.reader import StoreError, current_version, open_store
from testkit.dashboard import ROOT
from testkit.object_storage import (
    VARIABLES,
    Storage,
    never_answering,
    object_storage,
)
from testkit.ports import free_port
from testkit.publishing import golden, publish
from web.health import check

NOW = datetime(2026, 11, 20, 18)


@pytest.fixture(scope="module")
def storage() -> Iterator[Storage]:
    with object_storage() as running:
        yield running


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store of the golden data in a folder, in several blocks a table."""
    folder = tmp_path_factory.mktemp("store")
    publish(folder, golden(), NOW, block_rows=2_000)
    return folder


@pytest.fixture(scope="module")
def remote(storage: Storage, local: Path) -> Bucket:
    """Return the same store in object storage."""
    storage.copy(local)
    return storage.store


def test_manifest_and_blocks_are_read_from_object_storage(
    remote: Bucket, local: Path
) -> None:
    far, near = open_store(remote), open_store(local)
    assert (far.version, far.data_until, far.tables) == (
        near.version,
        near.data_until,
        near.tables,
    )
    assert current_version(remote) == far.version
    assert all(f.startswith("s3://fpp/") for f in far.files["fpp_votes"])
    assert len(far.files["fpp_estimations"]) == 6


def test_every_reference_metric_is_the_same_from_object_storage(
    remote: Bucket, local: Path
) -> None:
    far, near = (
        engine.collect_all(
            legacy_api.plans(legacy_api.sharing(open_store(place).frames), NOW)
        )
        for place in (remote, local)
    )
    assert far.keys() == near.keys()
    for name, frame in near.items():
        assert_frame_equal(far[name], frame)


def test_a_plan_on_object_storage_can_be_sent_to_another_process(
    remote: Bucket, tmp_path: Path
) -> None:
    plan = legacy_api.plans(legacy_api.sharing(open_store(remote).frames), NOW)["votes"]
    (tmp_path / "plan").write_bytes(plan.serialize())
    code = (
        "import polars as pl, sys;"
        "print(pl.LazyFrame.deserialize(sys.argv[1]).collect()['total_votes'][0])"
    )
    said = subprocess.check_output([sys.executable, "-c", code, tmp_path / "plan"])
    assert int(said) == 2907


AWS = """#!/bin/sh -e
case $2 in
  sync) mkdir -p "$4"; cp -r "$3/." "$4" ;;
  cp) cp "$3" "$4" ;;
esac
cp -r "$NEXT/." "$STORE"
"""
"""Copies to a folder; after each command the store has become the next one."""


def test_a_copy_as_documented_is_whole_though_a_run_ends_meanwhile(
    tmp_path: Path,
) -> None:
    store, later, copied = (tmp_path / name for name in ("store", "later", "copied"))
    votes = {"fpp_votes": golden()["fpp_votes"].head(10)}
    publish(store, votes, NOW)
    shutil.copytree(store, later)
    publish(later, {"fpp_votes": golden()["fpp_votes"]}, NOW + timedelta(minutes=10))
    (tmp_path / "aws").write_text(AWS)
    (tmp_path / "aws").chmod(0o755)
    page = (ROOT / "docs" / "deployment.md").read_text()
    commands = re.search(r"## Object storage.*?```sh\n(.*?)```", page, re.DOTALL)
    assert commands
    # The temporary folder may have a blank in its name.
    script = commands[1].replace("/tmp/", f"{quote(str(tmp_path))}/")  # noqa: S108 - the page's
    script = script.replace(" /data/", f" {quote(str(store))}/")
    script = script.replace("s3://fpp/store", quote(str(copied)))
    path = f"{tmp_path}:{os.environ['PATH']}"
    environ = {"PATH": path, "STORE": str(store), "NEXT": str(later)}
    for expected in (10, 2907):
        subprocess.run(["sh", "-ec", script], env=environ, check=True)
        found = open_store(copied).frames.votes.select(pl.len()).collect().item()
        assert found == expected


def test_a_folder_without_a_state_is_a_store_without_tables(remote: Bucket) -> None:
    empty = open_store(replace(remote, url="s3://fpp/nothing"))
    assert (empty.tables, empty.version) == ({}, "")
    assert current_version(replace(remote, url="s3://fpp/nothing")) == ""


def test_a_storage_that_does_not_answer_is_explained(remote: Bucket) -> None:
    closed = f"http://127.0.0.1:{free_port()}"
    away = replace(remote, options={**remote.options, "aws_endpoint_url": closed})
    with pytest.raises(StoreError, match=r"cannot be read: .* Check that the storage"):
        open_store(away)
    assert check(away, 600, NOW).present == frozenset()


def test_a_storage_that_never_answers_is_not_waited_for(
    remote: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LONGEST_ANSWER", "100ms")
    with never_answering() as address:
        away = replace(remote, options={**remote.options, "aws_endpoint_url": address})
        with pytest.raises(StoreError, match=r"cannot be read: .* Check that the sto"):
            open_store(away)


def test_the_keys_are_secrets_and_print_nowhere(storage: Storage) -> None:
    settings = DashboardSettings.from_env(storage.variables)
    held = {secret.reveal() for secret in settings.secrets}
    assert {"reader", "not-so-secret"} <= held
    assert "not-so-secret" not in repr(settings)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"DATA_DIR": "s3://"},
            "Use a folder .the dashboard also reads s3://bucket/folder",
        ),
        (
            {"DATA_DIR": "s3://Bad_Name/x"},
            "Use a folder .the dashboard also reads s3://bucket/folder",
        ),
        (
            {"AWS_ENDPOINT_URL": "minio:9000"},
            "AWS_ENDPOINT_URL is set to something else",
        ),
    ],
)
def test_a_wrong_address_is_refused(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        DashboardSettings.from_env({**VARIABLES, **wrong})


def test_a_key_without_its_secret_is_refused() -> None:
    half = {n: v for n, v in VARIABLES.items() if n != "AWS_SECRET_ACCESS_KEY"}
    with pytest.raises(
        SettingError,
        match=r"neither .the machine's role",
    ):
        DashboardSettings.from_env(half)


def test_the_sync_job_refuses_object_storage_and_says_where_to_read_on() -> None:
    with pytest.raises(SettingError, match="the sync job writes to a folder"):
        SyncSettings.from_env(VARIABLES)
