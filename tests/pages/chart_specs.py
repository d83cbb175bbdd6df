"""What pages send to the browser as charts, checked against Vega-Lite's schema.

The dashboard itself leaves that out (`ui/charts/rendering.py`).
"""

import json

import altair as alt
from streamlit.testing.v1 import AppTest


def check_charts(app: AppTest) -> None:
    """Raise jsonschema's ValidationError for a chart that breaks the schema."""
    for chart in app.get("vega_lite_chart"):
        alt.Root.validate(json.loads(chart.proto.spec))
