"""``python -m tandem profile [--html FILE] [--trace FILE] program.py [ARGUMENT ...]``."""

import argparse
import sys
from pathlib import Path

from tandem.profile.measure import Profile, profile
from tandem.profile.page import profile_page
from tandem.profile.table import print_profile
from tandem.report.page import write_page
from tandem.report.trace_events import TracedRun, trace_document, write_trace
from tandem.run import run_program

__all__ = ["main"]


def _report(found: Profile, options: argparse.Namespace) -> None:
    print_profile(found)
    if options.html:
        path = write_page(options.html, profile_page(found, options.program))
        print(f"page   {path.resolve()}")
    if options.trace:
        run = TracedRun(options.program, found.timeline(), found.notes)
        document = trace_document([run], {"ledger": found.run.ledger})
        print(f"trace  {write_trace(options.trace, document).resolve()}")
    sys.stdout.flush()


def main(options: argparse.Namespace) -> int:
    """Runs and reports, also when the program fails; its exit code or exception is passed on."""
    if not Path(options.program).is_file():
        print(f"python -m tandem profile: there is no file {options.program}", file=sys.stderr)
        return 2
    found = Profile()
    try:
        with profile() as found:
            run_program(options.program, options.arguments)
    finally:
        _report(found, options)
    return 0
