"""Every query through the real client of a Polars cluster, and whether answers agree.

    make cluster

A scheduler can only be had with a licence. In its place a gRPC server on loopback takes
what the client of `ENGINE=remote` sends, and gives each plan to a process of its own,
which knows nothing but the plan and reads the store from object storage, as a worker
does. The answer goes back to the client in the form that it expects. It is compared
with the one that this process computes from a folder; a difference ends the run. Plans
are executed whole: dividing them among workers is what the scheduler would do.
"""

import logging
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import grpc
import polars as pl
from polars.testing import assert_frame_equal

from metrics.tables import TABLES
from store import engine
from store.legacy_files import scan_plain
from testkit.dashboard import GOLDEN, ROOT
from testkit.fixed_clock import GOLDEN_NOW
from testkit.object_storage import object_storage
from testkit.publishing import publish
from testkit.queries import Data, answering, names
from ui.page_context import Results

_WORKERS = 4
# Seconds.
_HOLD = 2.0
# Several blocks of each table, as in a store of today's size.
_BLOCK_ROWS = 2_000
_SCHEDULER = "polars_cloud.compute_plane.client.v1.ClientService"
_FLIGHT = "arrow.flight.protocol.FlightService"
# Of a query whose rows can be fetched.
_IN_PROGRESS = 3
# The client lets the plan end in a file of this name, in place of its rows.
_WORKER = """
import sys
import polars as pl
pl.LazyFrame.deserialize(sys.argv[1]).collect()
pl.read_parquet("<flight>", glob=False).rechunk().write_ipc_stream("rows")
"""


@dataclass
class Scheduler:
    """Takes plans as a cluster's scheduler does, and lets a process execute each."""

    folder: Path
    """Where plans are kept, one file each."""
    hold: float = 0.0
    """Seconds for which rows are held back."""
    _rows: dict[bytes, list[bytes]] = field(default_factory=dict)
    """By query, the messages of an Arrow stream."""

    @property
    def handlers(self) -> Mapping[str, Mapping[str, object]]:
        """The methods that the client calls, by service."""
        once = grpc.unary_unary_rpc_method_handler
        return {
            _SCHEDULER: {
                "SubmitQuery": once(self._submit),
                "GetQueryStatus": once(lambda *_: written({1: _IN_PROGRESS})),
            },
            _FLIGHT: {
                "PollFlightInfo": once(self._describe),
                "DoGet": grpc.unary_stream_rpc_method_handler(self._send),
            },
        }

    def _submit(self, request: bytes, call: grpc.ServicerContext) -> bytes:
        """Execute a plan; return the query's id."""
        query = str(uuid4())
        plan = self.folder / query
        plan.write_bytes(read(request)[2])
        try:
            self._rows[query.encode()] = [*arrow_messages(executed(plan))]
        except subprocess.CalledProcessError as error:
            call.abort(grpc.StatusCode.INTERNAL, error.stderr.decode()[-2_000:])
        return written({1: written({1: query.encode()})})

    def _describe(self, request: bytes, _: object) -> bytes:
        """Return the schema of an answer, and the ticket with which to fetch it."""
        query = read(request)[3]
        schema = self._rows[query][0]
        ticket = written({1: written({1: query})})
        return written({1: written({1: schema, 3: ticket})})

    def _send(self, request: bytes, _: object) -> Iterator[bytes]:
        """Yield the rows of an answer."""
        time.sleep(self.hold)
        for message in self._rows.pop(read(request)[1]):
            (length,) = struct.unpack_from("<i", message, 4)
            header, body = message[8 : 8 + length], message[8 + length :]
            yield written({2: header, 1000: body})


def serve(folder: Path, hold: float) -> None:
    """Serve a scheduler on loopback until the process is ended; print its port."""
    unlimited = [("grpc.max_receive_message_length", -1)]
    server = grpc.server(ThreadPoolExecutor(_WORKERS), options=unlimited)
    server.add_generic_rpc_handlers(
        [
            grpc.method_handlers_generic_handler(service, handlers)
            for service, handlers in Scheduler(folder, hold).handlers.items()
        ]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


@contextmanager
def running(folder: Path, hold: float = 0.0) -> Iterator[str]:
    """Run a scheduler that keeps what came in a folder; yield its address.

    It has its own process: the client holds Python's lock while it waits for rows.
    """
    command = [sys.executable, "-m", "benchmarks.remote_engine", "--serve"]
    process = subprocess.Popen(
        [*command, str(folder), str(hold)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    port = next(iter(process.stdout or ())).strip()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate()


def executed(plan: Path) -> bytes:
    """Execute a plan in a process that has nothing else; return an Arrow stream."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", _WORKER, str(plan)]
        subprocess.run(command, cwd=folder, env={}, check=True, capture_output=True)
        return (Path(folder) / "rows").read_bytes()


def arrow_messages(stream: bytes) -> Iterator[bytes]:
    """Divide an Arrow stream into its messages: the schema first, then rows."""
    while (length := struct.unpack_from("<i", stream, 4)[0]) > 0:
        end = 8 + length + _body_length(stream[8 : 8 + length])
        yield stream[:end]
        stream = stream[end:]


def _body_length(header: bytes) -> int:
    """Return the fourth field of a flatbuffer `Message`, 0 where it is left out."""
    (table,) = struct.unpack_from("<I", header)
    vtable = table - struct.unpack_from("<i", header, table)[0]
    size, place = struct.unpack_from("<H", header, vtable)[0], 4 + 2 * 3
    offset = struct.unpack_from("<H", header, vtable + place)[0] if size > place else 0
    return int(struct.unpack_from("<q", header, table + offset)[0]) if offset else 0


def written(fields: Mapping[int, int | bytes]) -> bytes:
    """Return a message of Protocol Buffers."""
    parts = []
    for number, value in fields.items():
        if isinstance(value, int):
            parts += [_varint(number << 3), _varint(value)]
        else:
            parts += [_varint(number << 3 | 2), _varint(len(value)), value]
    return b"".join(parts)


def _varint(value: int) -> bytes:
    digits = []
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])


def read(message: bytes) -> dict[int, bytes]:
    """Return the texts and messages within a message of Protocol Buffers."""
    found: dict[int, bytes] = {}
    place = 0
    while place < len(message):
        key, place = _read_varint(message, place)
        value, place = _read_varint(message, place)
        # A number, or the length of what follows.
        if key & 7 == 2:
            found[key >> 3] = message[place : place + value]
            place += value
    return found


def _read_varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        digit = message[place]
        place += 1
        value |= (digit & 0x7F) << shift
        shift += 7
        if digit < 0x80:
            return value, place


def answered(data: Data, name: str, used: engine.Engine) -> Mapping[str, pl.DataFrame]:
    """Answer a query with an engine; return its tables."""
    answer = answering(data, name)
    engine.use(used)
    found = answer()
    engine.use(engine.Local())
    if isinstance(found, Results):
        earlier = {f"earlier {name}": frame for name, frame in found.earlier.items()}
        return {**found.now, **earlier}
    if isinstance(found, dict):
        return found
    raise TypeError(f"{name} is answered by {type(found).__name__}")


def compare(here: Data, there: Data, sent: Path, address: str) -> None:
    """Answer every query in both ways; print a line for each."""
    remote, local = engine.Remote.at(address), engine.Local()
    known = set[Path]()
    print("| query | plans | kB sent | s |\n| --- | --: | --: | --: |")
    for name in names():
        started = time.perf_counter()
        theirs = answered(there, name, remote)
        seconds = time.perf_counter() - started
        mine = answered(here, name, local)
        if theirs.keys() != mine.keys():
            raise RuntimeError(f"{name}: {theirs.keys() ^ mine.keys()} lack")
        for table, frame in mine.items():
            assert_frame_equal(theirs[table], frame)
        new = {*sent.iterdir()} - known
        known |= new
        size = sum(plan.stat().st_size for plan in new) / 1000
        print(f"| {name} | {len(new)} | {size:,.0f} | {seconds:.1f} |", flush=True)
    print(f"\n{len(known)} plans came, and all answers agree.")


def longest_pause(address: str) -> float:
    """Return for how many seconds no other thread ran while a plan was away."""
    beats, done = [time.perf_counter()], threading.Event()

    def beat() -> None:
        while not done.wait(0.01):
            beats.append(time.perf_counter())

    thread = threading.Thread(target=beat)
    thread.start()
    engine.Remote.at(address).run([pl.LazyFrame({"a": [1]})], 0)
    done.set()
    thread.join()
    return max(after - before for before, after in pairwise(beats))


def main() -> None:
    if sys.argv[1:2] == ["--serve"]:
        serve(Path(sys.argv[2]), float(sys.argv[3]))
        return
    # Streamlit warns of each page that runs outside of its server.
    logging.disable(logging.WARNING)
    rows = {t.name: scan_plain(GOLDEN / t.file_name, t).collect() for t in TABLES}
    with tempfile.TemporaryDirectory() as store, tempfile.TemporaryDirectory() as sent:
        publish(Path(store), rows, GOLDEN_NOW, block_rows=_BLOCK_ROWS)
        with object_storage() as storage, running(Path(sent)) as address:
            storage.copy(Path(store))
            os.environ.update(storage.variables)
            here, there = Data.at(Path(store)), Data.at(storage.store)
            compare(here, there, Path(sent), address)
        with running(Path(sent), _HOLD) as address:
            pause = longest_pause(address)
    print(
        f"While rows were held back for {_HOLD:g} s, no other thread of the "
        f"client's process ran for {pause:.1f} s."
    )


if __name__ == "__main__":
    main()
