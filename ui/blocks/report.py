"""The report of the period, as `GET /api/report` writes it."""

from dataclasses import replace
from functools import partial

import streamlit as st

from core.countries import COUNTRY_NAMES
from metrics import report
from metrics.export import file_name
from metrics.report_writers import (
    FORMATS,
    MIME,
    Format,
    to_fragment,
    to_markdown,
    write,
)
from ui import export
from ui import format as fmt
from ui.page_context import PageContext, Results

_LABELS = {"html": "HTML for mail", "md": "Markdown for chat", "json": "JSON"}


def _written(found: report.Report, form: Format) -> bytes:
    return write(found, form).encode()


def render_report(context: PageContext) -> None:
    """Show the report of the page's period, and offer it in each format."""
    query = context.query
    if context.unfiltered is not None:
        query = context.unfiltered
        # What is downloaded says what it is about.
        context = replace(context, query=query, filters=())
        st.caption("Filters do not apply to this page: it shows all users and rooms.")
    results = context.compute(
        further=lambda shared: report.plans(
            replace(query, frames=shared.frames), shared
        ),
        reads=report.READS,
    ).now
    notes = context.notes.between(query.known.first_day, query.known.last_day)
    # What is downloaded is read elsewhere: a relative link would lead nowhere.
    address = (st.context.url or "").removesuffix("/report")
    found = report.compose(
        query,
        results,
        context.snapshot.data_until,
        notes,
        COUNTRY_NAMES,
        address,
        bots=context.bots,
    )
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
    with st.container(key="report"):
        st.html(fmt.kept_together_in_html(to_fragment(found)))
    with st.expander("Copy for a chat", icon=":material/content_copy:"):
        # Without colours of a language: they are too pale on light.
        st.code(to_markdown(found), language=None, wrap_lines=True)
    export.render_download(context, Results(*report.by_period(results)), "report")
