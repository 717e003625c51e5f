"""`python -m benchmarks`: rows against every peer that is installed, written to results/ as JSON,
Markdown and a picture."""

import argparse
from pathlib import Path

from rich.console import Console

from benchmarks import document, report
from benchmarks.libraries import Library, available
from benchmarks.measure import (
    REPOSITORY,
    Roofs,
    Timing,
    difference,
    engine_benchmark,
    interleaved,
    machine,
    run_cpp,
)
from benchmarks.rows import ROWS, Row


def measure_row(
    row: Row, libraries: list[Library], rounds: int, least: float
) -> tuple[dict[str, Timing], dict[str, str]]:
    """Times by library, and how wrong results differ."""
    calls, wrong = {}, {}
    for library in libraries:
        call = row.call(library)
        if call is None:
            continue
        calls[library.name] = call
        if text := difference(row, library):
            wrong[library.name] = text
    timings = interleaved(calls, rounds, least)
    for timing in timings.values():
        timing.samples = [sample / row.per for sample in timing.samples]
    return timings, wrong


def main() -> int:
    names = [row.name for row in ROWS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "rows", nargs="*", metavar="ROW", help=f"rows to measure: {', '.join(names)}"
    )
    parser.add_argument("--rounds", type=int, default=15, help="samples of each library in a row")
    parser.add_argument("--least", type=float, default=0.02, help="seconds of one sample at least")
    parser.add_argument(
        "--no-cpp", action="store_true", help="leave out the C++ rows and the roofs"
    )
    parser.add_argument(
        "--write-docs", nargs="?", const="", metavar="RUN.json",
        help="measure nothing: fill docs/performance.md and the README from a run, or the newest",
    )  # fmt: skip
    options = parser.parse_args()
    if options.write_docs is not None:
        source = Path(options.write_docs) if options.write_docs else None
        for path in document.write_docs(REPOSITORY, source):
            print(f"written: {path}")
        return 0
    unknown = set(options.rows) - set(names)
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    rows = [row for row in ROWS if not options.rows or row.name in options.rows]
    console = Console(width=200, highlight=False)
    before = machine()
    binary = None if options.no_cpp else engine_benchmark()
    cpp, roofs = run_cpp(binary) if binary else ([], Roofs())
    libraries = available()
    versions = {library.name: library.version() for library in libraries}
    found = report.Report(rows, {}, {}, versions, cpp, roofs, before)
    for row in rows:
        with console.status(f"{row.name}: {row.what}"):
            timings, wrong = measure_row(row, libraries, options.rounds, options.least)
        found.timings[row.name] = timings
        if wrong:
            found.wrong[row.name] = wrong
    report.show(console, found)
    console.print(f"written: {report.write(found, REPOSITORY / 'results')}")
    return 1 if any("tandem" in wrong for wrong in found.wrong.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
