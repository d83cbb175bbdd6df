"""The report of the period, as `GET /api/report` writes it."""

from base64 import b64encode
from functools import partial

import streamlit as st

from metrics import report
from metrics.export import file_name
from metrics.report_writers import (
    FORMATS,
    MIME,
    Format,
    chart_title,
    to_fragment,
    to_markdown,
    to_svg,
    write,
)
from store import engine
from ui.charts.theme import MUTED
from ui.page_context import PageContext

_LABELS = {"html": "HTML for mail", "md": "Markdown for chat", "json": "JSON"}


def _written(found: report.Report, form: Format) -> bytes:
    return write(found, form).encode()


def render_report(context: PageContext) -> None:
    """Show the report of the page's period, and offer it in each format."""
    query = context.query
    results = engine.collect_all(report.plans(query), context.snapshot.rows)
    notes = context.notes.between(query.period.first_day, query.period.last_day)
    found = report.compose(query, results, context.snapshot.data_until, notes)
    with st.container(horizontal=True, gap="small", key="report_formats"):
        for form in FORMATS:
            st.download_button(
                _LABELS[form],
                data=partial(_written, found, form),
                file_name=file_name("report", query.period, form),
                mime=MIME[form],
                on_click="ignore",
                icon=":material/download:",
                type="tertiary",
                key=f"report_{form}",
            )
    with st.container(key="report", width=760):
        # `st.html` drops drawings, so that the chart is an image in the text.
        drawing = to_svg(found)
        image = b64encode(drawing.replace("currentColor", MUTED).encode()).decode()
        st.html(
            to_fragment(found).replace(
                drawing,
                f'<img alt="{chart_title(found)}" style="width:100%" '
                f'src="data:image/svg+xml;base64,{image}">',
            )
        )
    with st.expander("Copy for a chat", icon=":material/content_copy:"):
        st.code(to_markdown(found), language="markdown", wrap_lines=True)
