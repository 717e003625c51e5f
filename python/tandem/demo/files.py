"""The files of the demo: its page and its trace."""

import tempfile
from pathlib import Path

from tandem.demo.measure import Figures
from tandem.demo.page import demo_page
from tandem.demo.programs import ProgramRun
from tandem.report.page import write_page
from tandem.report.trace_events import TracedRun, trace_document, write_trace

__all__ = ["demo_trace", "write_files"]


def demo_trace(figures: Figures) -> dict:
    """All runs of the demo in the trace-event format, the ledger among its totals."""
    runs = []
    for run in figures.runs:
        title = f"{run.title} on {run.placement}"
        program, reading = run.timelines
        runs += [TracedRun(title, program, run.notes), TracedRun(f"{title}: read", reading)]
    return trace_document(runs, {"ledger": figures.ledger})


def _place(name: str) -> Path:
    """In the current folder, or where anybody may write."""
    try:
        Path(name).touch()
    except OSError:
        return Path(tempfile.gettempdir()) / name
    return Path(name)


def write_files(
    figures: Figures, programs: list[ProgramRun], good: bool, html: str | None, trace: str | None
) -> dict[str, Path]:
    """Where the page and the trace were written, by what they are."""
    page = Path(html) if html else _place("tandem-demo.html")
    events = Path(trace) if trace else _place("tandem-demo.trace.json")
    write_trace(events, demo_trace(figures))
    write_page(page, demo_page(figures, programs, good, events.name))
    return {"page": page.resolve(), "trace": events.resolve()}
