"""Charts laid over each other, without Altair's many copies of them."""

from collections.abc import Iterable
from typing import Any, Self

import altair as alt


class _Light(alt.SchemaBase):
    """Copies of one level.

    Altair copies layers down to their last axis, several times, only to move
    properties of the layer itself.
    """

    def copy(
        self, deep: bool | Iterable[Any] = True, ignore: list[str] | None = None
    ) -> Self:
        """Return a copy; what `deep` names is copied too, but never everything."""
        copied: Self = super().copy(False if deep is True else deep, ignore)
        return copied


class Layer(_Light, alt.Chart):
    """One of the charts that are laid over each other."""


class _Layers(_Light, alt.LayerChart):
    """Charts laid over each other."""


def layered(*layers: alt.Chart | alt.LayerChart, **properties: Any) -> alt.LayerChart:
    """Lay charts over each other, the first at the bottom.

    What layers share moves up when the chart becomes a specification; `alt.layer`
    does that now as well. Layers of one frame are cheapest without data, which is a
    property of the whole then.
    """
    chart = _Layers(**properties)
    chart.layer = list(layers)
    return chart
