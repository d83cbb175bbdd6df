"""An S3-compatible server on loopback, and stores that are copied into it."""

import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from core.location import Bucket
from core.settings import DashboardSettings
from store.manifest import BLOCKS, CURRENT, MANIFESTS
from testkit.dashboard import wait_until
from testkit.ports import free_port

_BUCKET, _FOLDER = "fpp", "analytics/store"
VARIABLES: Mapping[str, str] = {
    "DATA_DIR": f"s3://{_BUCKET}/{_FOLDER}",
    "AWS_ACCESS_KEY_ID": "reader",
    "AWS_SECRET_ACCESS_KEY": "not-so-secret",
    "AWS_REGION": "eu-central-1",
}
"""With them a dashboard reads a bucket; the address of the server is missing."""


@contextmanager
def never_answering() -> Iterator[str]:
    """Yield the address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"http://127.0.0.1:{silent.getsockname()[1]}"


@dataclass(frozen=True, slots=True)
class Storage:
    """A running server with an empty bucket."""

    variables: Mapping[str, str]
    """With them a dashboard reads the store in the bucket."""

    @property
    def store(self) -> Bucket:
        """The folder of the store, as the dashboard's settings name it."""
        folder = DashboardSettings.from_env(self.variables).data_dir
        assert isinstance(folder, Bucket)
        return folder

    def copy(self, store: Path) -> None:
        """Copy a store that is at rest: what names the state comes last."""
        client = self._client()
        for part in (BLOCKS, MANIFESTS, CURRENT):
            for file in sorted([store / part, *(store / part).rglob("*")]):
                if file.is_file():
                    key = f"{_FOLDER}/{file.relative_to(store).as_posix()}"
                    client.upload_file(str(file), _BUCKET, key)

    def create_bucket(self) -> None:
        """Create the bucket of the store."""
        where = {"LocationConstraint": self.variables["AWS_REGION"]}
        client = self._client()
        client.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration=where)

    def _client(self) -> Any:
        # boto3 has no types.
        return boto3.client(
            "s3",
            endpoint_url=self.variables["AWS_ENDPOINT_URL"],
            region_name=self.variables["AWS_REGION"],
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
        )


@contextmanager
def object_storage() -> Iterator[Storage]:
    """Run a server with an empty bucket."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        address = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
        storage = Storage({**VARIABLES, **address})
        storage.create_bucket()
        yield storage
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    def listens() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            return False
        return True

    wait_until(listens, "the storage did not start")
