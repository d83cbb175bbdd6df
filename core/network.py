"""Questions to other servers that end in time, whatever hangs."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any


def run_within[Answer](seconds: float, work: Coroutine[Any, Any, Answer]) -> Answer:
    """Return what the coroutine answers; raises TimeoutError after so many seconds.

    That includes the look-up of names, which nothing can interrupt: it is left behind
    in a thread that keeps no process from ending.
    """

    async def limited() -> Answer:
        async with asyncio.timeout(seconds):
            return await work

    return asyncio.run(limited(), loop_factory=_Loop)


def call_within[Answer](
    seconds: float, call: Callable[[], Answer], let_go: Callable[[Answer], object]
) -> Answer:
    """Return what a call that blocks returns; raises TimeoutError after the seconds.

    Nothing can interrupt it: it is left behind in a thread that keeps no process from
    ending. What it returns too late is given to `let_go`.
    """
    found: Future[Answer] = Future()

    def run() -> None:
        try:
            answer = call()
        # Whatever it is, it is raised where it is waited for.
        except BaseException as error:  # noqa: BLE001
            with suppress(InvalidStateError):
                found.set_exception(error)
            return
        try:
            found.set_result(answer)
        except InvalidStateError:
            let_go(answer)

    threading.Thread(target=run, daemon=True).start()
    try:
        return found.result(seconds)
    except TimeoutError:
        # The call may have ended since, or have raised this error itself.
        if found.cancel():
            raise
        return found.result()


def tls_fault(error: Exception) -> str:
    """Return what is wrong with the TLS of a connection of httpx; "" where it is not.

    Of its text only the kind is told: the rest may name the host.
    """
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "its certificate cannot be verified"
    # Only OpenSSL begins like this.
    return "no TLS connection" if text.startswith("[SSL") else ""


class _Loop(asyncio.SelectorEventLoop):
    # The usual loop has a pool for look-ups, and waits for all of them when it closes.
    async def getaddrinfo(self, *address: Any, **hints: Any) -> Any:
        found: asyncio.Future[Any] = self.create_future()

        def look_up() -> None:
            try:
                answer, error = socket.getaddrinfo(*address, **hints), None
            except OSError as failure:  # raised where it is awaited
                answer, error = [], failure
            # The loop may be closed by now.
            with suppress(RuntimeError):
                self.call_soon_threadsafe(tell, answer, error)

        def tell(answer: object, error: Exception | None) -> None:
            if found.cancelled():
                return
            if error is None:
                found.set_result(answer)
            else:
                found.set_exception(error)

        threading.Thread(target=look_up, daemon=True).start()
        return await found
