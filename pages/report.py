"""Report: the period on one page, to read, to print and to send."""

from ui import page_context
from ui.blocks import report

report.render_report(page_context.current())
