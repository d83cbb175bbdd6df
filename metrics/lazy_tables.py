"""Tables by name, each built when somebody asks for it: most questions need few."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import override

import polars as pl


class LazyTables(Mapping[str, pl.LazyFrame]):
    """A mapping of names to frames that are built once, and not before."""

    def __init__(
        self, names: Iterable[str], build: Callable[[str], pl.LazyFrame]
    ) -> None:
        self._names = dict.fromkeys(names)
        self._build = build
        self._built: dict[str, pl.LazyFrame] = {}

    @override
    def __getitem__(self, name: str) -> pl.LazyFrame:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._built:
            self._built[name] = self._build(name)
        return self._built[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    @override
    def __len__(self) -> int:
        return len(self._names)
