"""Answers questions about the data, away from the event loop."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from anyio import CapacityLimiter, to_thread

from core.location import Folder
from store.reader import Snapshot, ask
from web.sessions import Clock

AT_ONCE = 2
"""Questions that compute at the same time; the others wait, and the pages do not."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The one place of the API that opens the store, once per request."""

    data_dir: Folder
    clock: Clock
    limiter: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(AT_ONCE))

    async def ask[Answer](
        self, question: Callable[[Snapshot, datetime], Answer]
    ) -> Answer:
        """Answer in a thread from the newest data.

        Raises StoreError when the store is damaged.
        """
        return await to_thread.run_sync(self._answer, question, limiter=self.limiter)

    def _answer[Answer](
        self, question: Callable[[Snapshot, datetime], Answer]
    ) -> Answer:
        return ask(self.data_dir, lambda snapshot: question(snapshot, self.clock()))
