"""Slows down who guesses: each client that fails has to wait longer and longer."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

FREE_TRIES = 5
LONGEST_WAIT = 60.0
FORGET_AFTER = 3600.0
MOST_CLIENTS = 10_000
"""Bounds the memory; the client that failed longest ago is forgotten first."""


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    last: float


class Tries:
    """Failed tries per client, in memory, by a monotonic clock in seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._by_client: OrderedDict[str, _Failures] = OrderedDict()

    def wait(self, client: str) -> int:
        """Return the seconds until the client may try again; 0 means now."""
        failures = self._failures(client)
        if failures.count < FREE_TRIES:
            return 0
        wait = min(2.0 ** (failures.count - FREE_TRIES), LONGEST_WAIT)
        return max(0, ceil(failures.last + wait - self._monotonic()))

    def failed(self, client: str) -> int:
        """Note a failed try; return how many there were."""
        count = self._failures(client).count + 1
        self._by_client[client] = _Failures(count, self._monotonic())
        self._by_client.move_to_end(client)
        if len(self._by_client) > MOST_CLIENTS:
            self._by_client.popitem(last=False)
        return count

    def succeeded(self, client: str) -> None:
        """Forget what the client did wrong."""
        self._by_client.pop(client, None)

    def _failures(self, client: str) -> _Failures:
        failures = self._by_client.get(client)
        if failures and self._monotonic() - failures.last < FORGET_AFTER:
            return failures
        return _Failures(0, 0.0)


def client_name(host: str | None) -> str:
    """Name a client: an IPv4 address or an IPv6 network of 64 bits.

    Whatever else a proxy header may hold becomes "unknown": it reaches the log.
    """
    try:
        address = ip_address(host or "")
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        return str(ip_network((address.packed[:8] + bytes(8), 64)))
    return str(address)
