"""Errors that nothing else handles: in a request, and in the run of a page."""

import logging

import streamlit as st
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.errors import ErrorContext, Severity, capture_error
from store.snapshot import REPAIR_ADVICE, StoreError
from web.responses import NO_STORE


class ErrorMiddleware:
    """Answers 500 when login, health, media or the gate itself fails.

    The API and the pages handle their own errors; a websocket that fails is closed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            # A websocket has no response to replace; the server closes it.
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - the boundary of every request
            # Without the path: it may contain something private that a user typed.
            context = ErrorContext("server", "request", {"method": scope["method"]})
            failed = failure(error, context)
            if not started:
                await failed(scope, receive, send)


def failure(error: Exception, context: ErrorContext) -> JSONResponse:
    """Report what ends a request; return the answer to it, with the reference."""
    reference = report(error, context, "critical")
    # It names cause and fix; the text of another error may hold anything.
    known = isinstance(error, StoreError)
    text = str(error) if known else "Internal server error"
    body = {"detail": text, "reference": reference}
    return JSONResponse(body, 500, headers=NO_STORE)


def report(error: Exception, context: ErrorContext, severity: Severity) -> str:
    """Report what ends a request or a page; return its reference.

    The text of an error of the store says all there is to say.
    """
    says_all = isinstance(error, StoreError)
    return capture_error(error, context, severity, traceback=not says_all)


def show_page_error(error: Exception) -> bool:
    """Report the error of a page and show its reference; Streamlit adds nothing."""
    reference = report(error, ErrorContext("page", "run"), "high")
    text = f"This page failed to load. Reported as **{reference}**. {_advice(error)}"
    if _is_act_in_block():
        # Drawn in the page it would replace its head: what a block draws there next
        # ends the app in the browser, and the page is white.
        st.toast(text, icon=":material/error:", duration="infinite")
    else:
        st.error(text, icon=":material/error:")
    return True


def _is_act_in_block() -> bool:
    """Return whether a click in a fragment failed, before the fragment was drawn."""
    run = get_script_run_ctx()
    return bool(
        run is not None and run.fragment_ids_this_run and not run.has_script_started
    )


def _advice(error: Exception) -> str:
    match error:
        # It names cause and fix; the text of another error may hold anything.
        case StoreError():
            return str(error)
        # The sync job has replaced it while the page ran, or it is lost.
        case FileNotFoundError():
            again = "Reload; if this message returns,"
            return f"A file of the store is gone. {again} {REPAIR_ADVICE}"
    return "Reload, or choose another period."


def report_page_errors_once() -> None:
    """Keep Streamlit from logging an error that `show_page_error` reports."""
    log = logging.getLogger("streamlit.error_util")
    # Its traceback would be in the log twice.
    log.addFilter(lambda record: record.msg != "Uncaught app execution")
