"""What a person sees when a page fails: a sentence and a reference, once reported."""

import logging

import streamlit as st

from core.errors import ErrorContext, capture_error


def show_page_failure(error: Exception) -> bool:
    """Report the failure of a page and say so; Streamlit adds nothing."""
    reference = capture_error(error, ErrorContext("page", "run"), "high")
    st.error(
        "This page could not be shown. The failure has been reported; whoever looks "
        f"after the dashboard finds it under the reference **{reference}**. "
        "Reload the page, or choose another period.",
        icon=":material/error:",
    )
    return True


def report_page_failures_once() -> None:
    """Keep Streamlit from logging a failure that `show_page_failure` reports."""
    log = logging.getLogger("streamlit.error_util")
    log.addFilter(lambda record: record.msg != "Uncaught app execution")
