"""Work beside the work: blocks are written while the server sends the next."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

type Work = Callable[[], object]


@contextmanager
def background() -> Iterator[Callable[[Work], None]]:
    """Yield a function that starts work in a thread of its own.

    It waits for the piece before, so that one is done while the next is prepared,
    never more: memory stays bounded. What a piece raises is raised by the next call
    or by the end of the block, which waits for the last one.
    """
    running: list[Future[object]] = []

    def wait() -> None:
        while running:
            running.pop().result()

    def start(work: Work) -> None:
        wait()
        running.append(pool.submit(work))

    with ThreadPoolExecutor(1) as pool:
        yield start
        wait()
