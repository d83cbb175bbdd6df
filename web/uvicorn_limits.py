"""Options of the HTTP server that Streamlit does not pass on to uvicorn.

A property of uvicorn's `Config` wins over the attribute that each instance sets, that
of the running server included.
"""

import socket
from asyncio import Transport
from typing import Any, cast

import h11
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol

from web.auth.gate import MAX_MESSAGE

MAX_HEAD = 16 * 1024
"""Bytes of an unfinished request head; a link with many filters takes 2 KB."""
HEAD_SECONDS = 5.0
"""A head that takes one to two of these is not waited for."""


def limit_uvicorn() -> None:
    """Bound the size and time of an unfinished request; send responses at once.

    Without a `Server` header.
    """
    _fix("encoded_headers", [])
    # Streamlit has one option for both directions, and pages send larger messages.
    _fix("ws_max_size", MAX_MESSAGE)
    _fix("h11_max_incomplete_event_size", MAX_HEAD)
    H11Protocol.connection_made = _connected  # type: ignore[method-assign]  # see above


def _fix(option: str, value: object) -> None:
    # Streamlit builds the Config itself, and sets the attribute on it.
    setattr(Config, option, property(lambda _: value, lambda _, __: None))


_connection_made = H11Protocol.connection_made


def _connected(self: H11Protocol, transport: Transport) -> None:
    _connection_made(self, transport)
    client = transport.get_extra_info("socket")
    # asyncio does so for sockets of a named protocol, and Streamlit makes one without.
    # Else a second small write, such as a body after its head, waits until the client
    # has confirmed the first, which clients put off for 40 ms.
    if client is not None and client.family in {socket.AF_INET, socket.AF_INET6}:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    self.loop.call_later(HEAD_SECONDS, _check, self, transport, False)


def _check(protocol: H11Protocol, transport: Transport, was_unfinished: bool) -> None:
    """Close a connection whose request head was unfinished at two checks in a row.

    A websocket has changed its protocol by then; an idle connection that has had its
    response is closed by uvicorn's keep-alive.
    """
    if transport.is_closing() or cast("Any", transport).get_protocol() is not protocol:
        return
    started = protocol.cycle is None or bool(protocol.conn.trailing_data[0])
    is_unfinished = protocol.conn.their_state is h11.IDLE and started
    # Twice, so that a head that is just arriving has five seconds at least.
    if is_unfinished and was_unfinished:
        transport.close()
    else:
        protocol.loop.call_later(
            HEAD_SECONDS, _check, protocol, transport, is_unfinished
        )
