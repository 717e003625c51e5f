"""docs/performance.md and the comparison in README.md, filled from the JSON of a run.

python -m benchmarks --write-docs            from the newest run in results/
python -m benchmarks --write-docs RUN.json   from that one
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

BUSY = 0.5  # cores at work for others, above which figures are no more than a hint
SHOWN_IN_README = (
    "exp500", "cached_add", "chain_16m", "softmax", "layer_norm", "sum_16m", "sort_1m",
    "matmul_1024",
)  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One library in one row."""

    seconds: float
    wrong: bool


@dataclass(frozen=True)
class Measured:
    """One row of a run."""

    name: str
    what: str
    roof: float
    cells: dict[str, Cell]  # by library

    @property
    def ours(self) -> float:
        return self.cells["tandem"].seconds

    def ratio(self, peer: str) -> float:
        """How many times faster Tandem is."""
        return self.cells[peer].seconds / self.ours

    def losses(self) -> list[tuple[float, str]]:
        return [
            (1 / self.ratio(peer), peer)
            for peer in self.cells
            if peer != "tandem" and self.ratio(peer) < 1
        ]


def rows_of(run: dict[str, Any]) -> list[Measured]:
    return [
        Measured(
            row["name"],
            row["what"],
            row["roof_seconds"],
            {
                library: Cell(median(samples), library in row["wrong"])
                for library, samples in row["seconds"].items()
            },
        )
        for row in run["rows"]
    ]


def time_text(seconds: float) -> str:
    for limit, scale, unit in ((1e-6, 1e9, "ns"), (1e-3, 1e6, "us"), (1.0, 1e3, "ms")):
        if seconds < limit:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds:.2f} s"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def peer_cell(row: Measured, peer: str) -> str:
    if peer not in row.cells:
        return "-"
    ratio = row.ratio(peer)
    text = f"{time_text(row.cells[peer].seconds)}, {ratio:.2f}x"
    if ratio < 1:
        text = f"**{text}**"
    return f"{text} (other result)" if row.cells[peer].wrong else text


def conditions(run: dict[str, Any]) -> str:
    machine, roofs = run["machine"], run["roofs"]
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    text = f"{machine['cpu']}, {machine['threads']} threads. {versions}."
    if roofs["read_bytes"]:
        text += (
            f" Roofs measured in the same run: {roofs['read_bytes'] / 1e9:.1f} GB/s read, "
            f"{roofs['flops'] / 1e9:.0f} GFLOP/s."
        )
    if machine["busy_cores_at_start"] > BUSY:
        text += (
            f" **The machine was busy ({machine['busy_cores_at_start']} cores at the start): "
            "these figures are no more than a hint.**"
        )
    return text


def figures(run: dict[str, Any]) -> str:
    """The part of docs/performance.md that a run fills."""
    rows = rows_of(run)
    peers = [name for name in run["versions"] if name != "tandem"]
    lines = [conditions(run), "", "## Rows", ""]
    body = []
    for row in rows:
        roof = f"{row.roof / row.ours:.2f}" if row.roof else "-"
        cells = [peer_cell(row, peer) for peer in peers]
        body.append([f"`{row.name}`", row.what, time_text(row.ours), *cells, roof])
    lines += table(["row", "what", "tandem", *peers, "of the roof"], body)
    losses = sorted(((loss, row, peer) for row in rows for loss, peer in row.losses()),
                    key=lambda entry: -entry[0])  # fmt: skip
    lines += ["", "## Where a peer is faster", ""]
    if losses:
        found = [[f"`{row.name}`", peer, f"{loss:.2f}x"] for loss, row, peer in losses]
        lines += table(["row", "peer", "faster than Tandem"], found)
    else:
        lines.append("Nowhere in this run.")
    if run["cpp"]:
        lines += ["", "## From C++", ""]
        lines += table(
            ["row", "time", "target"],
            [
                [
                    f"`{row['name']}`",
                    time_text(row["seconds"]),
                    f"{row['target_us']:g} us" if row["target_us"] is not None else "",
                ]
                for row in run["cpp"]
            ],
        )
    return "\n".join(lines)


def summary(run: dict[str, Any]) -> str:
    """The comparison in the README."""
    rows = {row.name: row for row in rows_of(run)}
    peers = [name for name in run["versions"] if name != "tandem"]
    shown = [rows[name] for name in SHOWN_IN_README if name in rows]
    body = [
        [row.what, time_text(row.ours), *(peer_cell(row, peer) for peer in peers)] for row in shown
    ]
    compared = sum(len(row.cells) - 1 for row in rows.values())
    lost = sum(len(row.losses()) for row in rows.values())
    text = (
        f"{conditions(run)} In {lost} of {compared} comparisons a peer is faster: "
        "[docs/performance.md](docs/performance.md) has every row and all losses. The time is "
        "followed by how many times faster Tandem is; bold where it is slower. Command: "
        "`./dev bench`."
    )
    return "\n".join([*table(["", "tandem", *peers], body), "", text])


def filled(text: str, part: str) -> str:
    """The page with `part` between its marks."""
    marks = r"(<!-- figures: begin -->\n).*?(<!-- figures: end -->)"
    result, count = re.subn(marks, lambda m: f"{m[1]}{part}\n{m[2]}", text, flags=re.DOTALL)
    if count != 1:
        raise SystemExit("the page has no place for figures")
    return result


def newest_run(results: Path) -> Path:
    runs = sorted(results.glob("bench-*.json"))
    if not runs:
        raise SystemExit(f"no run in {results}: ./dev bench makes one")
    return runs[-1]


def write_docs(repository: Path, source: Path | None) -> list[Path]:
    run = json.loads((source or newest_run(repository / "results")).read_text())
    written = []
    for name, part in (("docs/performance.md", figures(run)), ("README.md", summary(run))):
        path = repository / name
        path.write_text(filled(path.read_text(), part))
        written.append(path)
    return written
