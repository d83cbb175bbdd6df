"""What tooltips of ranked charts say: the value, and that of the other period."""

import altair as alt
import polars as pl


def counted(frame: pl.DataFrame, value: str, title: str) -> list[alt.Tooltip]:
    """Return the value, and the one before with the change where there is one."""
    now = alt.Tooltip(f"{value}:Q", title=title.capitalize(), format=",")
    before, change = f"{value}_before", f"{value}_change"
    if before not in frame.columns or frame[before].null_count() == frame.height:
        return [now]
    return [
        now,
        alt.Tooltip(f"{before}:Q", title="Before", format=","),
        alt.Tooltip(f"{change}:Q", title="Change", format="+,"),
    ]
