"""`python -m benchmarks`: rows against NumPy and MLX, written to results/ as JSON and Markdown."""

import argparse
import importlib
import json
import time
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

from rich.console import Console
from rich.table import Table

from benchmarks.measure import (
    REPOSITORY,
    CppRow,
    Roofs,
    Timing,
    engine_benchmark,
    interleaved,
    machine,
    run_cpp,
)
from benchmarks.rows import ROWS, Row

Results = dict[str, dict[str, Timing]]


def _peer() -> ModuleType | None:
    try:
        return importlib.import_module("mlx.core")
    except ImportError:
        return None


def measure_row(row: Row, mlx: ModuleType | None, rounds: int, least: float) -> dict[str, Timing]:
    from tandem import core

    calls = {"tandem": row.tandem(core)}
    if row.numpy is not None:
        calls["numpy"] = row.numpy()
    if mlx is not None and row.mlx:
        calls["mlx"] = row.tandem(mlx)
    timings = interleaved(calls, rounds, least)
    for timing in timings.values():
        timing.samples = [sample / row.per for sample in timing.samples]
    return timings


def us(seconds: float) -> str:
    return f"{seconds * 1e6:.3g}"


def verdict(row: Row, ours: Timing, roof: float) -> str:
    if row.target_us is not None:
        met = ours.median * 1e6 <= row.target_us
        return f"{'met' if met else 'MISSED'} ({row.target_us:g} us)"
    if row.target_roof is not None and roof:
        met = ours.median <= row.target_roof * roof
        return f"{'met' if met else 'MISSED'} ({row.target_roof:g} roofs)"
    return ""


def cells(row: Row, timings: dict[str, Timing], roofs: Roofs) -> list[str]:
    ours = timings["tandem"]
    roof = roofs.seconds(row)
    result = [row.name, f"{us(ours.median)} ±{ours.spread:.0%}"]
    for peer in ("numpy", "mlx"):
        if peer not in timings:
            result.append("-")
            continue
        ratio = timings[peer].median / ours.median
        text = f"{ratio:.2f}x faster" if ratio >= 1 else f"{1 / ratio:.2f}x SLOWER"
        result.append(f"{us(timings[peer].median)} ±{timings[peer].spread:.0%}: {text}")
    result.append(f"{us(roof)} ({roof / ours.median:.0%})" if roof else "-")
    result.append(verdict(row, ours, roof))
    return result


HEAD = ["row", "tandem, us", "NumPy, us: tandem is", "MLX on the CPU, us: tandem is",
        "roof, us (part reached)", "target"]  # fmt: skip


def show(
    console: Console, rows: list[Row], results: Results, cpp: list[CppRow], roofs: Roofs
) -> None:
    table = Table(*HEAD, title="Medians of interleaved samples ± half of the middle 50 %")
    for row in rows:
        table.add_row(*cells(row, results[row.name], roofs))
    console.print(table)
    table = Table("C++ row", "us", "target")
    for row in cpp:
        table.add_row(row.name, us(row.seconds), cpp_verdict(row))
    if cpp:
        console.print(table)


def cpp_verdict(row: CppRow) -> str:
    if row.target_us is None:
        return ""
    return f"{'met' if row.seconds * 1e6 <= row.target_us else 'MISSED'} ({row.target_us:g} us)"


def markdown(rows: list[Row], results: Results, cpp: list[CppRow], roofs: Roofs) -> str:
    facts = machine()
    lines = [
        "# Benchmark",
        "",
        f"{facts['cpu']}, {facts['threads']} threads, load {facts['load_at_start']}; read roof "
        f"{roofs.read_bytes / 1e9:.1f} GB/s, multiply-add roof {roofs.flops / 1e9:.0f} GF/s.",
        "",
        "| " + " | ".join(HEAD) + " |",
        "| " + " | ".join("---" for _ in HEAD) + " |",
    ]
    lines += ["| " + " | ".join(cells(row, results[row.name], roofs)) + " |" for row in rows]
    lines += ["", "| row | what |", "| --- | --- |"]
    lines += [f"| {row.name} | {row.what} |" for row in rows]
    if cpp:
        lines += ["", "| C++ row | us | target |", "| --- | --- | --- |"]
        lines += [f"| {row.name} | {us(row.seconds)} | {cpp_verdict(row)} |" for row in cpp]
    return "\n".join(lines) + "\n"


def write(folder: Path, rows: list[Row], results: Results, cpp: list[CppRow], roofs: Roofs) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    name = folder / time.strftime("bench-%Y%m%d-%H%M%S")
    data = {
        "machine": machine(),
        "roofs": asdict(roofs),
        "rows": [
            {"name": row.name, "what": row.what, "roof_seconds": roofs.seconds(row)}
            | {
                "seconds": {
                    library: timing.samples for library, timing in results[row.name].items()
                }
            }
            for row in rows
        ],
        "cpp": [asdict(row) for row in cpp],
    }
    name.with_suffix(".json").write_text(json.dumps(data, indent=1) + "\n")
    name.with_suffix(".md").write_text(markdown(rows, results, cpp, roofs))
    return name.with_suffix(".md")


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
    options = parser.parse_args()
    unknown = set(options.rows) - set(names)
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    rows = [row for row in ROWS if not options.rows or row.name in options.rows]
    console = Console(width=150, highlight=False)
    binary = None if options.no_cpp else engine_benchmark()
    cpp, roofs = run_cpp(binary) if binary else ([], Roofs())
    mlx = _peer()
    results = {row.name: measure_row(row, mlx, options.rounds, options.least) for row in rows}
    show(console, rows, results, cpp, roofs)
    console.print(f"written: {write(REPOSITORY / 'results', rows, results, cpp, roofs)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
