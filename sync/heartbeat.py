"""The push monitor: up only once the new state is durable, down with a reason."""

from typing import Literal

from core.errors import ErrorContext, capture_error
from core.settings import Secret

_SECONDS = 5.0
_TRIES = 2


class HeartbeatError(Exception):
    """The monitor did not take the push; the sync itself is not touched by it."""


def push(
    url: Secret | None, status: Literal["up", "down"], message: str, seconds: float
) -> None:
    """Tell the monitor how the run went; a failure is reported, never raised."""
    if url is None:
        return
    values = {"status": status, "msg": message, "ping": str(round(seconds * 1000))}
    failure = "nothing was tried"
    for _ in range(_TRIES):
        failure = _try(url, values)
        if not failure:
            return
    capture_error(
        HeartbeatError(f"the heartbeat was not taken: {failure}"),
        ErrorContext("sync", "heartbeat", {"status": status}),
        "medium",
    )


def _try(url: Secret, values: dict[str, str]) -> str:
    """Push once; return what went wrong, without the address, or ""."""
    import httpx  # loading it costs 0.15 s, which a job without a monitor saves

    try:
        address = httpx.URL(url.reveal()).copy_merge_params(values)
        answer = httpx.get(address, timeout=_SECONDS, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return type(error).__name__
    return "" if answer.status_code == httpx.codes.OK else f"{answer.status_code}"
