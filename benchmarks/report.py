"""Results as a table of the terminal, Markdown, JSON and a picture."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measure import CppRow, Roofs, Timing
from benchmarks.rows import Row


@dataclass
class Report:
    """All that one run measured."""

    rows: list[Row]
    timings: dict[str, dict[str, Timing]]  # by row, then by library
    wrong: dict[str, dict[str, str]]  # differences from NumPy in double precision
    versions: dict[str, str]
    cpp: list[CppRow]
    roofs: Roofs
    machine: dict[str, str | int | float]  # before the run

    @property
    def peers(self) -> list[str]:
        return [name for name in self.versions if name != "tandem"]


TITLE = (
    "Medians of interleaved samples ± half of the middle 50 %; ratio: peer over tandem, ! where "
    "the peer is faster"
)


def us(seconds: float) -> str:
    return f"{seconds * 1e6:.3g}" if seconds < 0.01 else f"{seconds * 1e6:,.0f}"


def verdict(row: Row, ours: Timing, roof: float) -> str:
    if row.target_us is not None:
        met = ours.median * 1e6 <= row.target_us
        return f"{'met' if met else 'MISSED'} ({row.target_us:g} us)"
    if row.target_roof is not None and roof:
        met = ours.median <= row.target_roof * roof
        return f"{'met' if met else 'MISSED'} ({row.target_roof:g} roofs)"
    return ""


def cpp_verdict(row: CppRow) -> str:
    if row.target_us is None:
        return ""
    return f"{'met' if row.seconds * 1e6 <= row.target_us else 'MISSED'} ({row.target_us:g} us)"


def against(ours: Timing, peer: Timing) -> str:
    """The peer's time and how many times faster Tandem is; marked where it is slower."""
    ratio = peer.median / ours.median
    text = f"{us(peer.median)} ±{peer.spread:.0%} {ratio:.2f}x"
    return text if ratio >= 1 else f"{text} !"


def cells(report: Report, row: Row) -> list[str]:
    timings = report.timings[row.name]
    ours, roof = timings["tandem"], report.roofs.seconds(row)
    result = [row.name, f"{us(ours.median)} ±{ours.spread:.0%}"]
    for peer in report.peers:
        text = against(ours, timings[peer]) if peer in timings else "-"
        if peer in report.wrong.get(row.name, {}):
            text += " (wrong)"
        result.append(text)
    result.append(f"{us(roof)} ({roof / ours.median:.0%})" if roof else "-")
    result.append(verdict(row, ours, roof))
    return result


def head(report: Report) -> list[str]:
    return [
        "row",
        "tandem, us",
        *(f"{name}, us, ratio" for name in report.peers),
        "roof, us (reached)",
        "target",
    ]


def losses(report: Report) -> list[str]:
    """Rows in which a peer is faster, the worst first."""
    ratios = (
        (timings["tandem"].median / timings[peer].median, f"{name}: {peer}")
        for name, timings in report.timings.items()
        for peer in report.peers
        if peer in timings
    )
    found = [entry for entry in ratios if entry[0] > 1]
    return [f"{text} is {ratio:.2f}x faster" for ratio, text in sorted(found, reverse=True)]


def problems(report: Report) -> list[str]:
    return [
        f"{row}, {library}: {text}"
        for row, found in report.wrong.items()
        for library, text in found.items()
    ]


def show(console: Console, report: Report) -> None:
    table = Table(*head(report), title=TITLE)
    for row in report.rows:
        table.add_row(*cells(report, row))
    console.print(table)
    if report.cpp:
        table = Table("C++ row", "us", "target")
        for row in report.cpp:
            table.add_row(row.name, us(row.seconds), cpp_verdict(row))
        console.print(table)
    for title, lines in (
        ("Where a peer is faster", losses(report)),
        ("Results that differ", problems(report)),
    ):
        if lines:
            console.print(f"{title}:", *(f"  {line}" for line in lines), sep="\n")


def markdown(report: Report) -> str:
    facts = report.machine
    titles = head(report)
    lines = [
        "# Benchmark",
        "",
        f"{facts['cpu']}, {facts['threads']} threads, "
        f"{facts['busy_cores_at_start']} cores busy at the start; read roof "
        f"{report.roofs.read_bytes / 1e9:.1f} GB/s, multiply-add roof "
        f"{report.roofs.flops / 1e9:.0f} GF/s. Versions: "
        + ", ".join(f"{name} {version}" for name, version in report.versions.items())
        + f". {TITLE}.",
        "",
        "| " + " | ".join(titles) + " |",
        "| " + " | ".join("---" for _ in titles) + " |",
    ]
    lines += ["| " + " | ".join(cells(report, row)) + " |" for row in report.rows]
    if report.cpp:
        lines += ["", "| C++ row | us | target |", "| --- | --- | --- |"]
        lines += [f"| {row.name} | {us(row.seconds)} | {cpp_verdict(row)} |" for row in report.cpp]
    for title, found in (
        ("Where a peer is faster", losses(report)),
        ("Results that differ", problems(report)),
    ):
        if found:
            lines += ["", f"{title}:", "", *(f"- {line}" for line in found)]
    lines += ["", "| row | what |", "| --- | --- |"]
    lines += [f"| {row.name} | {row.what} |" for row in report.rows]
    return "\n".join(lines) + "\n"


def picture(report: Report, path: Path) -> None:
    """How many times faster Tandem is, per row and peer, on a logarithmic axis."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    rows = list(reversed(report.rows))
    figure, axes = pyplot.subplots(figsize=(9, 1 + 0.32 * len(rows)), layout="constrained")
    markers = dict(zip(report.peers, "osD^vP*", strict=False))
    for peer, marker in markers.items():
        points = [
            (report.timings[row.name][peer].median / report.timings[row.name]["tandem"].median, y)
            for y, row in enumerate(rows)
            if peer in report.timings[row.name]
        ]
        if points:
            axes.plot(*zip(*points, strict=True), marker, label=peer, alpha=0.8)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.set_xlabel("times faster than the peer (left of the line: the peer is faster)")
    axes.grid(axis="x", alpha=0.3)
    axes.legend()
    figure.savefig(path)
    pyplot.close(figure)


def write(report: Report, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    name = folder / time.strftime("bench-%Y%m%d-%H%M%S")
    data = {
        "machine": report.machine,
        "versions": report.versions,
        "roofs": asdict(report.roofs),
        "rows": [
            {
                "name": row.name,
                "what": row.what,
                "roof_seconds": report.roofs.seconds(row),
                "seconds": {
                    library: timing.samples for library, timing in report.timings[row.name].items()
                },
                "wrong": report.wrong.get(row.name, {}),
            }
            for row in report.rows
        ],
        "cpp": [asdict(row) for row in report.cpp],
    }
    name.with_suffix(".json").write_text(json.dumps(data, indent=1) + "\n")
    name.with_suffix(".md").write_text(markdown(report))
    try:
        picture(report, name.with_suffix(".svg"))
    except ImportError:
        print("no picture: matplotlib is not installed")
    return name.with_suffix(".md")
