"""Which worker of pytest-xdist runs which module of tests."""

from collections.abc import Iterator

from xdist.scheduler.loadscope import LoadScopeScheduling
from xdist.workermanage import WorkerController


class FolderByFolder(LoadScopeScheduling):
    """Lets a worker stay in a folder: what its tests share is started once.

    That is a browser, a dashboard, servers of databases. A worker whose folder has no
    module left goes where no other is, or else takes what is next.
    """

    def _assign_work_unit(self, node: WorkerController) -> None:
        done = self.assigned_work[node]
        if done:
            here = _folder([*done][-1])
            taken = {_folder(scope) for scope in self._current(node)}
            near = (s for s in self.workqueue if _folder(s) == here)
            free = (s for s in self.workqueue if _folder(s) not in taken)
            if chosen := next(near, None) or next(free, None):
                self.workqueue.move_to_end(chosen, last=False)
        super()._assign_work_unit(node)

    def _current(self, node: WorkerController) -> Iterator[str]:
        """Yield the last module of each other worker."""
        for other, units in self.assigned_work.items():
            if other is not node and units:
                yield [*units][-1]


def _folder(scope: str) -> str:
    return scope.rpartition("/")[0]
