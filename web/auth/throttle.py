"""Slows guessing down: each wrong token of a client costs more time than the last.

A right token always passes at once, so that a guesser locks no user out, not even
behind the same address.
"""

from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import anyio

FREE_ATTEMPTS = 5
LONGEST_DELAY = 4.0
"""Below the five seconds after which many HTTP clients give up."""
FORGET_AFTER = 3600.0
MAX_CLIENTS = 10_000
"""Bounds the memory; the client that failed longest ago is forgotten first."""
MAX_DELAYED = 20
"""Responses of one client that are held back at a time: each holds a connection."""

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    last: float


class Throttle:
    """Failed attempts per client, in memory, by a monotonic clock in seconds."""

    def __init__(
        self, monotonic: Callable[[], float], sleep: Sleep = anyio.sleep
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._failures: OrderedDict[str, _Failures] = OrderedDict()
        self._delayed = Counter[str]()

    def is_full(self, client: str) -> bool:
        """Return whether as many responses of the client are held back as may be."""
        return self._delayed[client] >= MAX_DELAYED

    async def failed(self, client: str) -> tuple[int, int]:
        """Note a wrong token and delay its response.

        Returns the number of failures within the last hour, and the seconds that this
        one cost (0 up to the fifth).
        """
        count = self._count(client) + 1
        self._failures[client] = _Failures(count, self._monotonic())
        self._failures.move_to_end(client)
        if len(self._failures) > MAX_CLIENTS:
            self._failures.popitem(last=False)
        if delay := _delay(count - 1):
            await self._hold(client, delay)
        return count, delay

    def succeeded(self, client: str) -> None:
        """Forget the failures of the client."""
        self._failures.pop(client, None)

    async def _hold(self, client: str, delay: float) -> None:
        self._delayed[client] += 1
        try:
            await self._sleep(delay)
        finally:
            self._delayed[client] -= 1
            if not self._delayed[client]:
                del self._delayed[client]

    def _count(self, client: str) -> int:
        failures = self._failures.get(client)
        if failures and self._monotonic() - failures.last < FORGET_AFTER:
            return failures.count
        return 0


def _delay(failures: int) -> int:
    """Return what a wrong token costs after so many failures: 0, 1, 2, 4 seconds."""
    doublings = failures - FREE_ATTEMPTS
    if doublings < 0:
        return 0
    # The exponent is bounded as well: 2.0 ** 1024 is an OverflowError.
    return int(min(2.0 ** min(doublings, 10), LONGEST_DELAY))


def client_name(host: str | None) -> str:
    """Name a client: an IPv4 address, or the first 64 bits of an IPv6 address.

    An IPv4 address inside an IPv6 one counts as itself: all of them share their first
    64 bits. Anything else in a proxy's header becomes "unknown", since the name is
    written to the log.
    """
    try:
        address = ip_address(host or "")
    except ValueError:
        return "unknown"
    if isinstance(address, IPv4Address):
        return str(address)
    if embedded := _embedded(address):
        return str(embedded)
    return str(ip_network((address.packed[:8] + bytes(8), 64)))


_NAT64 = ip_network("64:ff9b::/96")


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(address.packed[12:])
    return address.ipv4_mapped or address.sixtofour
