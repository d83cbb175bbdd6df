"""What pages send to the browser as charts, checked against Vega-Lite's schema.

The dashboard itself leaves that out (`ui/charts/rendering.py`).
"""

import json

import altair as alt
from jsonschema.validators import validator_for  # type: ignore[import-untyped]
from streamlit.testing.v1 import AppTest

SCHEMA = alt.Root._rootschema
# `alt.Root.validate` copies and rewrites the whole schema for each chart, which takes
# three times as long as to check the chart.
VALIDATOR = validator_for(SCHEMA)(SCHEMA)


def check_charts(app: AppTest) -> None:
    """Raise jsonschema's ValidationError for a chart that breaks the schema."""
    for chart in app.get("vega_lite_chart"):
        VALIDATOR.validate(json.loads(chart.proto.spec))
