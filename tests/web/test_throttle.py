"""What a wrong token costs, who counts as one client, and how much is remembered."""

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.auth.throttle import (
    FORGET_AFTER,
    FREE_ATTEMPTS,
    LONGEST_DELAY,
    MAX_CLIENTS,
    MAX_DELAYED,
    Throttle,
    client_name,
)


class Waiting:
    """Notes how long it was asked to sleep, and does not."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def fail(throttle: Throttle, client: str, times: int = 1) -> tuple[int, int]:
    """Offer wrong tokens; return the count and the cost of the last one."""

    async def failures() -> tuple[int, int]:
        for _ in range(times - 1):
            await throttle.failed(client)
        return await throttle.failed(client)

    return anyio.run(failures)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::FFFF:c000:207", "192.0.2.7"),
        ("64:ff9b::192.0.2.7", "192.0.2.7"),
        ("2002:c000:207::1", "192.0.2.7"),
        (None, "unknown"),
        ("", "unknown"),
        ("x\nERROR forged line", "unknown"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_a_client_is_an_ipv4_address_or_an_ipv6_network_of_64_bits(
    host: str | None, name: str
) -> None:
    assert client_name(host) == name


@given(host=st.text() | st.ip_addresses().map(str))
def test_any_header_fits_on_a_log_line(host: str) -> None:
    assert client_name(host).isprintable()


@given(one=st.ip_addresses(v=4), other=st.ip_addresses(v=4))
def test_two_ipv4_addresses_are_two_clients_however_they_are_written(
    one: object, other: object
) -> None:
    names = {client_name(f"::ffff:{one}"), client_name(str(other))}
    assert len(names) == (1 if one == other else 2)


def test_the_sixth_wrong_token_costs_a_second_and_the_next_ones_more() -> None:
    waiting = Waiting()
    throttle = Throttle(lambda: 0.0, waiting)
    fail(throttle, "a", FREE_ATTEMPTS)
    assert waiting.seconds == []
    fail(throttle, "a", 5)
    assert waiting.seconds == [1, 2, 4, 4, LONGEST_DELAY]


def test_any_number_of_failures_has_a_cost() -> None:
    # 2.0 ** 1024 is an OverflowError: a program with an old token gets there in hours.
    waiting = Waiting()
    assert fail(Throttle(lambda: 0.0, waiting), "a", 3000) == (3000, LONGEST_DELAY)


def test_failures_are_forgotten_after_an_hour_and_after_a_success() -> None:
    # The clock of a machine that has run for a while.
    now = [10 * FORGET_AFTER]
    throttle = Throttle(lambda: now[0], Waiting())
    assert fail(throttle, "a", FREE_ATTEMPTS + 2) == (FREE_ATTEMPTS + 2, 2)
    now[0] += FORGET_AFTER - 1
    assert fail(throttle, "a") == (FREE_ATTEMPTS + 3, 4)
    now[0] += FORGET_AFTER
    assert fail(throttle, "a") == (1, 0)
    throttle.succeeded("a")
    assert fail(throttle, "a") == (1, 0)


def test_one_client_does_not_slow_another_down() -> None:
    throttle = Throttle(lambda: 0.0, Waiting())
    fail(throttle, "a", FREE_ATTEMPTS)
    assert (fail(throttle, "a"), fail(throttle, "b")) == ((6, 1), (1, 0))


def test_memory_is_bounded_and_the_oldest_is_forgotten_first() -> None:
    throttle = Throttle(lambda: 0.0, Waiting())

    async def failures() -> None:
        for number in [*range(MAX_CLIENTS), 0, MAX_CLIENTS]:
            for _ in range(FREE_ATTEMPTS):
                await throttle.failed(str(number))

    anyio.run(failures)
    # The first one has failed again since, and is not the one that is forgotten.
    assert fail(throttle, "0")[0] == 2 * FREE_ATTEMPTS + 1
    assert fail(throttle, "1") == (1, 0)
    assert fail(throttle, str(MAX_CLIENTS)) == (FREE_ATTEMPTS + 1, 1)


def test_responses_that_are_held_back_are_bounded_per_client() -> None:
    async def guesses() -> tuple[bool, bool, bool, list[dict[str, object]]]:
        throttle = Throttle(lambda: 0.0)
        for _ in range(FREE_ATTEMPTS):
            await throttle.failed("a")
        async with anyio.create_task_group() as pending:
            for _ in range(MAX_DELAYED):
                pending.start_soon(throttle.failed, "a")
            await anyio.wait_all_tasks_blocked()
            full, other = throttle.is_full("a"), throttle.is_full("b")
            pending.cancel_scope.cancel()
        throttle.succeeded("a")
        # There is no end of clients: each would take memory for ever.
        kept = [kept for kept in vars(throttle).values() if isinstance(kept, dict)]
        return full, other, throttle.is_full("a"), kept

    assert anyio.run(guesses) == (True, False, False, [{}, {}])


def test_a_response_that_is_no_longer_held_back_makes_room_for_one() -> None:
    async def guesses() -> list[bool]:
        throttle, full = Throttle(lambda: 0.0), []
        for _ in range(FREE_ATTEMPTS):
            await throttle.failed("a")
        async with anyio.create_task_group() as pending:
            for _ in range(MAX_DELAYED - 1):
                pending.start_soon(throttle.failed, "a")
            async with anyio.create_task_group() as one:
                one.start_soon(throttle.failed, "a")
                await anyio.wait_all_tasks_blocked()
                full.append(throttle.is_full("a"))
                one.cancel_scope.cancel()
            for _ in range(2):
                full.append(throttle.is_full("a"))
                pending.start_soon(throttle.failed, "a")
                await anyio.wait_all_tasks_blocked()
            pending.cancel_scope.cancel()
        return full

    assert anyio.run(guesses) == [True, False, True]
