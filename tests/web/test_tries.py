"""Who counts as one client, and how much is remembered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.tries import FORGET_AFTER, FREE_TRIES, MOST_CLIENTS, Tries, client_name


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        (None, "unknown"),
        ("", "unknown"),
        ("x\nERROR forged line", "unknown"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_a_client_is_an_address_or_a_network_of_64_bits(
    host: str | None, name: str
) -> None:
    assert client_name(host) == name


@given(host=st.text())
def test_whatever_a_header_holds_fits_on_a_log_line(host: str) -> None:
    assert client_name(host).isprintable()


def test_failures_are_forgotten_after_an_hour() -> None:
    now = [0.0]
    tries = Tries(lambda: now[0])
    for _ in range(FREE_TRIES + 3):
        tries.failed("a")
    assert tries.wait("a") == 8
    now[0] = FORGET_AFTER
    assert tries.wait("a") == 0
    assert tries.failed("a") == 1


def test_one_client_does_not_slow_another_down() -> None:
    tries = Tries(lambda: 0.0)
    for _ in range(FREE_TRIES):
        tries.failed("a")
    assert (tries.wait("a"), tries.wait("b")) == (1, 0)


def test_memory_is_bounded_and_the_oldest_is_forgotten_first() -> None:
    tries = Tries(lambda: 0.0)
    for number in range(MOST_CLIENTS + 1):
        for _ in range(FREE_TRIES):
            tries.failed(str(number))
    assert tries.wait("0") == 0
    assert tries.wait("1") == 1
    assert tries.wait(str(MOST_CLIENTS)) == 1
