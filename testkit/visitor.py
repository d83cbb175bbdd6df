"""A visitor who speaks Streamlit's protocol: logs in, opens pages, reads answers."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from testkit.dashboard import LONGEST_WAIT, post


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the server sent for one run of a page."""

    seconds: float
    messages: list[ForwardMsg] = field(repr=False)

    @property
    def texts(self) -> list[str]:
        """Titles, alerts and other texts, as they were sent."""
        return [text for message in self.messages for text in _texts(message)]

    @property
    def downloads(self) -> list[str]:
        """Ids of the files that the page offers."""
        return [
            message.delta.new_element.download_button.deferred_file_id
            for message in self.messages
            if message.delta.new_element.HasField("download_button")
        ]

    @property
    def boxes(self) -> dict[str, str]:
        """Ids of select boxes, by their labels."""
        found = (message.delta.new_element for message in self.messages)
        return {e.selectbox.label: e.selectbox.id for e in found if e.selectbox.id}

    @property
    def addresses(self) -> list[str]:
        """Queries that the browser is told to put into its address."""
        changes = [m for m in self.messages if m.HasField("page_info_changed")]
        return [message.page_info_changed.query_string for message in changes]

    @property
    def bytes(self) -> int:
        """Size of all messages."""
        return sum(message.ByteSize() for message in self.messages)

    @property
    def failed(self) -> bool:
        """Whether the page shows a failure."""
        return any("failed to load. Reported as" in text for text in self.texts) or any(
            message.delta.new_element.HasField("exception")
            for message in self.messages
            if message.HasField("delta")
        )


class Visitor:
    """One browser tab, over an open websocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._session = ""
        self._page, self._hash = "", ""

    def open(
        self,
        page: str,
        query: str = "",
        seconds: float = 60,
        boxes: Mapping[str, str] | None = None,
    ) -> Drawn:
        """Open a page by its name in the address, and wait until it is drawn.

        `boxes` are the select boxes of which it tells what they show, by their ids.
        """
        message = BackMsg()
        if page == self._page:
            # As browsers call the page that they have open.
            message.rerun_script.page_script_hash = self._hash
        message.rerun_script.page_name = self._page = page
        message.rerun_script.query_string = query
        for box, text in (boxes or {}).items():
            message.rerun_script.widget_states.widgets.add(id=box, string_value=text)
        began = time.monotonic()
        self._socket.send(message.SerializeToString())
        messages = list(self._until_finished(began + seconds))
        return Drawn(time.monotonic() - began, messages)

    def download(self, file_id: str) -> str:
        """Ask for a file that the page offers; return its path on the server."""
        message = BackMsg()
        message.backend_operation_request.request_id = file_id
        message.backend_operation_request.session_id = self._session
        message.backend_operation_request.deferred_file.file_id = file_id
        self._socket.send(message.SerializeToString())
        deadline = time.monotonic() + 60
        while True:
            answer = self._receive(deadline)
            if answer.HasField("backend_operation_response"):
                return answer.backend_operation_response.deferred_file.url

    def _until_finished(self, deadline: float) -> Iterator[ForwardMsg]:
        while True:
            message = self._receive(deadline)
            yield message
            if message.HasField("script_finished") and not _runs_again(message):
                return

    def _receive(self, deadline: float) -> ForwardMsg:
        data = self._socket.recv(timeout=max(0.0, deadline - time.monotonic()))
        message = ForwardMsg()
        message.ParseFromString(data if isinstance(data, bytes) else data.encode())
        if message.HasField("navigation"):
            self._hash = message.navigation.page_script_hash
        if message.HasField("new_session"):
            self._session = message.new_session.initialize.session_id
        return message


@contextmanager
def visiting(url: str, session_cookie: str) -> Iterator[Visitor]:
    """Open a tab with a session."""
    with connect(
        url.replace("http", "ws", 1) + "/_stcore/stream",
        origin=Origin(url),
        subprotocols=[Subprotocol("streamlit")],
        additional_headers={"Cookie": session_cookie},
        max_size=None,
        open_timeout=LONGEST_WAIT,
    ) as socket:
        yield Visitor(socket)


def log_in(url: str, token: str) -> str:
    """Return the cookie header of a new session."""
    answer = post(f"{url}/login", data={"token": token})
    return answer.headers["set-cookie"].partition(";")[0]


def _runs_again(message: ForwardMsg) -> bool:
    return message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN


def _texts(message: ForwardMsg) -> Iterator[str]:
    element = message.delta.new_element
    for kind in ("markdown", "alert", "heading"):
        if element.HasField(kind):
            yield getattr(element, kind).body
