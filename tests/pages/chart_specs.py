"""What pages send to the browser as charts, read by Vega itself.

The dashboard leaves the check against the schema out (`ui/charts/rendering.py`).
"""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import quote

import altair as alt
import jsonschema_rs
import polars as pl
import vl_convert
from streamlit.testing.v1 import AppTest


def _quoted(part: dict[str, Any]) -> dict[str, Any]:
    """Write references as addresses: names of Vega-Lite's types have < and |."""
    return {**part, "$ref": quote(part["$ref"], "#/")} if "$ref" in part else part


# Checks a chart in a hundredth of the time of jsonschema and of `alt.Root.validate`,
# which was a third of the time of a page.
VALIDATOR = jsonschema_rs.validator_for(
    json.loads(json.dumps(alt.Root._rootschema), object_hook=_quoted)
)


def check_charts(app: AppTest) -> None:
    """Raise a ValidationError for a chart that breaks the schema."""
    for chart in app.get("vega_lite_chart"):
        VALIDATOR.validate(json.loads(chart.proto.spec))


def read_aloud(app: AppTest) -> list[str]:
    """Return what marks say to a screen reader: the same as their tooltips."""
    return [
        text for chart in app.get("vega_lite_chart") for text in _descriptions(chart)
    ]


def _descriptions(chart: Any) -> list[str]:  # an element of Streamlit's runner
    # Shapes of countries are on the dashboard's server.
    if "assets/countries" in chart.proto.spec:
        return []
    spec = json.loads(chart.proto.spec)
    _let_all_be_read(spec)
    spec["width"] = 600
    spec["datasets"] = {
        sent.name: rows.to_dicts()
        for sent, rows in zip(chart.proto.datasets, data_of(chart), strict=True)
    }
    drawn = vl_convert.vegalite_to_scenegraph(json.loads(json.dumps(spec, default=str)))
    return [*_in_marks(drawn)]


def data_of(chart: Any) -> list[pl.DataFrame]:
    """Return the rows that a chart draws."""
    return [
        pl.read_ipc_stream(BytesIO(sent.data.data)) for sent in chart.proto.datasets
    ]


def _let_all_be_read(spec: dict[str, Any]) -> None:
    """Let marks for a mouse alone be read as well: they say what their tooltips do."""
    for layer in spec.get("layer", ()):
        _let_all_be_read(layer)
    if "tooltip" in spec.get("encoding", {}):
        spec["mark"].pop("aria", None)


def _in_marks(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _in_marks(each)
    elif isinstance(node, dict):
        if node.get("role") in {"axis", "legend", "title"}:
            return
        if isinstance(node.get("description"), str):
            yield node["description"]
        for each in node.values():
            yield from _in_marks(each)


def ticks(spec: dict[str, Any]) -> list[str]:
    """Return the labels of a chart's axes."""
    return [*_labels(vl_convert.vegalite_to_scenegraph(spec))]


def _labels(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _labels(each)
    elif isinstance(node, dict):
        if node.get("role") == "axis-label":
            yield from (str(label["text"]) for label in node["items"])
            return
        for each in node.values():
            yield from _labels(each)
