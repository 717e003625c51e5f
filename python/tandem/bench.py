"""``python -m tandem bench``: the rows of the benchmark beside NumPy and installed peers."""

import argparse
import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

import tandem
from tandem.report.text import time_text

__all__ = ["find_benchmarks", "main"]

_PEERS = {"mlx": "mlx[cpu]", "torch": "torch", "jax": "jax", "numexpr": "numexpr"}
_LEAST = 0.01  # seconds of one sample


def find_benchmarks() -> ModuleType | None:
    """The package of rows: installed with this one, or of the source tree it was built from."""
    package = Path(tandem.__file__).resolve().parent
    for folder in (package / "bench_rows", package.parents[1]):
        if (folder / "benchmarks" / "rows" / "__init__.py").is_file():
            if str(folder) not in sys.path:
                sys.path.append(str(folder))
            return importlib.import_module("benchmarks")
    return None


def _table(peers: list[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("row", no_wrap=True, overflow="crop")
    for column in ("tandem", *(text for peer in peers for text in (peer, ""))):
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _ratio(ours: float, theirs: float) -> Text:
    ratio = theirs / ours
    return Text(f"{ratio:.2f}x", "green" if ratio >= 1 else "red")


def _measure(rows: list[Any], libraries: list[Any], rounds: int, console: Console) -> dict:
    measured = importlib.import_module("benchmarks.__main__")
    found = {}
    for row in rows:
        with console.status(f"{row.name}: {row.what}"):
            found[row.name] = measured.measure_row(row, libraries, rounds, _LEAST)
    return found


def _show(console: Console, found: dict, peers: list[str]) -> None:
    table = _table(peers)
    losses, wrong = [], []
    for name, (timings, differences) in found.items():
        ours = timings["tandem"].median
        cells: list[Text | str] = [name, time_text(ours)]
        for peer in peers:
            if peer not in timings:
                cells += ["-", ""]
                continue
            theirs = timings[peer].median
            cells += [time_text(theirs), _ratio(ours, theirs)]
            if theirs < ours:
                losses.append(f"{name}: {peer} is {ours / theirs:.2f}x faster")
        table.add_row(*cells)
        wrong += [f"{name}, {library}: {text}" for library, text in differences.items()]
    console.print("Medians of interleaved samples; ratio: times faster than the peer")
    console.print(table)
    for title, lines in (("Where a peer is faster", losses), ("Results that differ", wrong)):
        if lines:
            console.print(f"{title}:", *(f"  {line}" for line in lines), sep="\n")


def main(options: argparse.Namespace) -> int:
    if find_benchmarks() is None:
        print("python -m tandem bench: this installation has no rows", file=sys.stderr)
        return 2
    from benchmarks.libraries import available
    from benchmarks.rows import ROWS

    if options.list:
        print(*(f"{row.name:<24} {row.what}" for row in ROWS), sep="\n")
        return 0
    names = {row.name for row in ROWS}
    if unknown := sorted(set(options.rows) - names):
        print(f"python -m tandem bench: no such row: {', '.join(unknown)} (--list shows them)",
              file=sys.stderr)  # fmt: skip
        return 2
    if options.rounds < 1:
        print(f"python -m tandem bench: --rounds is at least 1, got {options.rounds}",
              file=sys.stderr)  # fmt: skip
        return 2
    rows = [row for row in ROWS if not options.rows or row.name in options.rows]
    libraries = available()
    peers = [library.name for library in libraries if library.name != "tandem"]
    if missing := [package for name, package in _PEERS.items() if name not in peers]:
        print(f"not installed, so not compared: pip install {' '.join(missing)}", file=sys.stderr)
    console = Console(width=max(80, 30 + 22 * len(peers)), highlight=False)
    found = _measure(rows, libraries, options.rounds, console)
    _show(console, found, peers)
    if options.json:
        data = {
            name: {library: timing.samples for library, timing in timings.items()}
            for name, (timings, _) in found.items()
        }
        Path(options.json).write_text(json.dumps(data, indent=1) + "\n")
    return 1 if any("tandem" in differences for _, differences in found.values()) else 0
