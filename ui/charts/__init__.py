"""Charts: functions that return an Altair chart and never show it.

Frames are aggregated before they come here; `bounded` checks it. Times
are drawn in UTC, and tooltips carry dates as text, so that no browser's time zone
moves a bar to another day.
"""

from ui.charts.bars import bars, ranges, weekdays
from ui.charts.heat_map import heat_map, hours_of_the_week
from ui.charts.labelled_bars import moved, ranked
from ui.charts.lines import columns_over_time, lines, two_axes
from ui.charts.time_chart import TimeAxis, time_chart

__all__ = [
    "TimeAxis",
    "bars",
    "columns_over_time",
    "heat_map",
    "hours_of_the_week",
    "lines",
    "moved",
    "ranges",
    "ranked",
    "time_chart",
    "two_axes",
    "weekdays",
]
