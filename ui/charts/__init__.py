"""Charts: functions that return an Altair chart and never show it.

Frames are aggregated before they come here; `bounded` holds that promise. Times
are drawn in UTC, and tooltips carry dates as text, so that no browser's time zone
moves a bar to another day.
"""

from ui.charts.bars import bars, bars_over_time
from ui.charts.heat import heat
from ui.charts.line import over_time
from ui.charts.lines import ZOOM, columns_over_time, lines
from ui.charts.moved import moved
from ui.charts.ranges import ranges
from ui.charts.ranked import ranked
from ui.charts.two_axes import two_axes

__all__ = [
    "ZOOM",
    "bars",
    "bars_over_time",
    "columns_over_time",
    "heat",
    "lines",
    "moved",
    "over_time",
    "ranges",
    "ranked",
    "two_axes",
]
