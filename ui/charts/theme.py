"""Colours and sizes that charts share; each hue is readable on light and dark."""

ACCENT = "#4f7cff"
FAINT = "#4f7cff18"
SOFT = "#4f7cff50"
STRONG = "#2f5cff"
MUTED = "#8a8f98"
"""Lines and fills; as text it would be too pale on light."""
TEXT = "currentColor"
"""Text in a chart: an SVG takes the page's colour, so it is readable on both."""
QUIET = 0.75
"""Opacity of secondary text in charts: a contrast of at least 4.5:1 in both themes."""
PALETTE = (
    ACCENT,
    "#e0682b",
    "#079464",
    "#9b5de5",
    "#bb8300",
    "#d94a57",
    "#0e8fa8",
    MUTED,
    "#c2479f",
    "#7a8a1f",
)
PALE = "#e4eaff"
"""The lowest value of a shade that ends in ACCENT."""
INK = "#16181d"
"""Text on a coloured cell, light and dark."""
NESTED = ("#c3d0ff", "#7f9cf5", "#2f55d4")
"""From the outermost of nested bars to the innermost."""
CHART_HEIGHT = 240
ROW_HEIGHT = 26
DASH = (4, 4)
"""How a line says "before", besides its colour."""
DASHES = ((1, 0), (6, 3), (10, 4), (10, 3, 2, 3), (8, 2, 2, 2, 2, 2), (4, 2, 1, 2))
"""How lines differ besides their colour; none looks like `CUT`, dots."""
CUT = (2, 3)
"""The dashes of buckets that are not whole."""
