"""Answers that do not name the server: nobody learns what to look for holes in."""

from uvicorn import Config


def send_no_banner() -> None:
    """Keep uvicorn from adding `Server: uvicorn` to every answer.

    It has an option for that, which Streamlit does not hand on. A property of the
    class goes before what an instance holds: that of the running server included.
    """
    silent = property(lambda _: [], _ignored)
    Config.encoded_headers = silent  # type: ignore[assignment]  # see above


def _ignored(_: Config, __: list[tuple[bytes, bytes]]) -> None:
    """Drop what the server would set."""
