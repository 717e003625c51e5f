"""The demo in the terminal."""

import sys
from collections.abc import Iterable
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

import tandem
from tandem import core as mx
from tandem.demo.files import write_files
from tandem.demo.measure import STEPS, Figures, Measurement, Size, Work, measure, step_count
from tandem.demo.programs import ProgramRun, run_programs
from tandem.demo.timeline import Lane
from tandem.report.text import bytes_text, chain_text, time_text

TOLERANCE = 1e-5
WIDTH = 80
COLOURS = {"cpu": "cyan", "gpu": "magenta", "copy": "yellow"}


def device_text(device: str) -> Text:
    kind = "gpu" if "gpu" in device else "cpu"
    return Text(device.removeprefix("Device(").removesuffix(")").replace(", ", " "), COLOURS[kind])


class Report:
    """Renders for one console; plain characters where the terminal has no others."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.rich = (console.encoding or "").lower().startswith("utf")
        self.simple = box.SIMPLE_HEAD if self.rich else box.ASCII2
        self.good = "✓" if self.rich else "ok"
        self.bad = "✗" if self.rich else "WRONG"
        self.bar, self.gap = ("█", "·") if self.rich else ("#", ".")
        self.times = "\N{MULTIPLICATION SIGN}" if self.rich else "x"
        self.overflow = "ellipsis" if self.rich else "crop"

    def panel(self, content: RenderableType, title: str = "") -> Panel:
        shape = box.ROUNDED if self.rich else box.ASCII
        return Panel(
            content, title=title or None, title_align="left", box=shape, border_style="blue"
        )

    def table(self, *columns: str, right: Iterable[int] = ()) -> Table:
        table = Table(box=self.simple, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
        for i, column in enumerate(columns):
            side = "right" if i in set(right) else "left"
            table.add_column(column, justify=side, no_wrap=True, overflow=self.overflow,
                             min_width=None if column else len(self.good))  # fmt: skip
        return table

    def mark(self, fine: bool) -> Text:
        return Text(self.good, "green") if fine else Text(self.bad, "bold red")

    def heading(self, text: str, explanation: str) -> None:
        self.console.print()
        self.console.rule(
            Text(text, "bold blue"), align="left", characters="─" if self.rich else "-"
        )
        self.console.print(Text(explanation, "dim"))

    # ---- parts

    def opening(self) -> None:
        info = mx.device_info(mx.cpu)
        lines = [
            Text("Arrays without a location. Operations with a device.", "bold"),
            Text.assemble(("cpu 0  ", COLOURS["cpu"]), str(info.get("device_name", "CPU"))),
        ]
        for i in range(mx.device_count(mx.gpu)):
            name = mx.device_info(mx.Device(mx.gpu, i)).get("device_name", "GPU")
            lines.append(Text.assemble((f"gpu {i}  ", COLOURS["gpu"]), str(name)))
        if not mx.cuda.is_available() and mx.is_available(mx.gpu):
            note = "       no GPU here: gpu times are those of a model, not of this machine"
            lines.append(Text(note, "dim"))
        self.console.print(self.panel(Group(*lines), f"tandem {tandem.__version__}"))

    def programs(self, runs: list[ProgramRun]) -> None:
        self.heading(
            "1  Programs written for MLX, unmodified",
            "python -m tandem run PROGRAM.py, each in a process of its own",
        )
        table = self.table("program", "last line it printed", "time", "", right=(2,))
        for run in runs:
            lines = run.output.strip().splitlines() or [""]
            room = 36
            line = lines[-1]
            last = line if len(line) <= room else line[: room - 3] + "..."
            table.add_row(
                Text(run.name), Text(last), time_text(run.seconds), self.mark(run.exit_code == 0)
            )
        self.console.print(table)

    def work_table(self, work: list[Work]) -> Table:
        table = self.table("what ran", "where", "times", "ops in it", "bytes", right=(2, 3, 4))
        for item in work:
            table.add_row(
                Text(self.op_name(item)),
                device_text(item.device),
                str(item.times),
                str(item.ops) if item.ops else "",
                bytes_text(item.bytes),
            )
        return table

    def op_name(self, item: Work) -> str:
        return item.name if item.kind == "copy" else chain_text(item.name, self.times)

    def sums(self, run: Measurement) -> None:
        self.heading(
            "2  A dependency across devices",
            "c = add(a, b, stream=cpu); d = add(a, c, stream=gpu), and nothing else",
        )
        self.console.print(self.work_table(run.work))
        self.facts(run)

    def facts(self, run: Measurement) -> None:
        error = f"largest error {run.error:.1e}" if run.error else "no error"
        edges = run.counters["edges"]
        text = f" NumPy agrees on {run.checked:,} values ({error}); waits added: {edges}"
        self.console.print(Text.assemble(self.mark(run.error <= TOLERANCE), text))

    def size(self, number: int, size: Size) -> None:
        (m, k), (_, n) = size.shapes
        self.heading(
            f"{number}  Mixed example: {m}x{k} @ {k}x{n}, and {STEPS} {self.times} exp on {k}x{n}",
            "x = matmul(a, b, stream=d1); 500 times b = exp(b, stream=d2); fused, moved and\n"
            "ordered by the runtime",
        )
        table = self.table(
            "chain", "d1+d2", "ops", "kernels", "moved", "avoided", "time", "model time", "",
            right=(2, 3, 4, 5, 6, 7),
        )  # fmt: skip
        for run in size.runs:
            table.add_row(
                run.title,
                run.placement,
                f"{run.counters['nodes_run']}",
                f"{run.counters['kernels_launched'] + run.counters['library_calls']}",
                bytes_text(run.moved),
                bytes_text(run.avoided),
                time_text(run.seconds),
                time_text(run.model_seconds),
                self.mark(run.error <= TOLERANCE),
            )
        self.console.print(table)
        self.beside_numpy(size)
        mixed = next(r for r in size.runs if r.placement == "gpu+cpu" and r.title == "exp(-x)")
        self.console.print(Text("exp(-x) on gpu+cpu: what ran", "bold"))
        self.console.print(self.work_table(mixed.work))
        self.timeline(mixed)
        self.facts(mixed)

    def beside_numpy(self, size: Size) -> None:
        for run in size.runs:
            if run.placement != "cpu":
                continue
            numpy = size.numpy_seconds[run.title]
            ours = max(run.seconds, numpy)
            self.console.print(
                Text(f"CPU alone, {run.title}: the same work by Tandem and NumPy", "bold")
            )
            for name, seconds, style in (
                ("tandem", run.seconds, "cyan"),
                ("numpy", numpy, "white"),
            ):
                width = max(1, round(40 * seconds / ours))
                ratio = (
                    f"  {numpy / run.seconds:.1f}{self.times} faster" if name == "tandem" else ""
                )
                if name == "tandem" and run.seconds > numpy:
                    ratio = f"  {run.seconds / numpy:.1f}{self.times} slower"
                self.console.print(
                    Text.assemble(
                        f"  {name:7}", (self.bar * width, style), f" {time_text(seconds)}{ratio}"
                    )
                )

    def timeline(self, run: Measurement) -> None:
        end = max((i[1] for lane in run.lanes for i in lane.intervals), default=0.0)
        if end <= 0:
            return
        width = WIDTH - 32
        head = f"time line, 0 to {time_text(end)}"
        self.console.print(Text(head, "bold"))
        for lane in run.lanes:
            bar = Text.assemble(f"  {lane.label:15}", self.bar_of(lane, end, width))
            clock = "wall" if lane.clock == "wall" else "model"
            self.console.print(bar.append(f" {time_text(lane.busy):>7} {clock}"))
        if len([lane for lane in run.lanes if lane.label.endswith("compute")]) > 1:
            beside = ", model time laid beside wall time" if run.model_seconds else ""
            text = f"  cpu and gpu compute together for {time_text(run.overlap)}{beside}"
            self.console.print(Text(text, "dim"))

    def bar_of(self, lane: Lane, end: float, width: int) -> Text:
        cells = [False] * width
        for begin, stop in lane.intervals:
            first = min(width - 1, int(begin / end * width))
            last = max(first + 1, min(width, round(stop / end * width)))
            cells[first:last] = [True] * (last - first)
        colour = COLOURS["copy" if lane.label.endswith("copies") else lane.label.split()[0]]
        text = Text()
        for busy in cells:
            text.append(self.bar if busy else self.gap, colour if busy else "dim")
        return text

    def files(self, written: dict[str, Path]) -> None:
        for what, path in written.items():
            self.console.print(Text(f"{what:<7}{path}", no_wrap=True), soft_wrap=True)

    def closing(self, figures: Figures, programs: list[ProgramRun]) -> None:
        ledger = figures.ledger
        self.heading(
            f"{3 + len(figures.sizes)}  Ledger of the runs above",
            "every byte between host and gpu memory; avoided: the gpu had the value already",
        )
        table = self.table("direction", "cause", "transfers", "bytes", right=(2, 3))
        for direction in ("host_to_device", "device_to_host", "device_to_device"):
            for cause, entry in ledger[direction].items():
                if entry["transfers"]:
                    table.add_row(direction.replace("_", " "), cause.replace("_", " "),
                                  str(entry["transfers"]), bytes_text(entry["bytes"]))  # fmt: skip
        table.add_row("avoided", "", str(ledger["eliminated_transfers"]),
                      bytes_text(ledger["eliminated_bytes"]), style="green")  # fmt: skip
        self.console.print(table)
        nodes = sum(run.counters["nodes_run"] for run in figures.runs)
        pieces = sum(
            run.counters["kernels_launched"] + run.counters["library_calls"] for run in figures.runs
        )
        good = is_good(figures, programs)
        self.console.print(
            self.panel(
                Text.assemble(
                    self.mark(good),
                    f" {nodes:,} operations in {pieces:,} kernels and library calls; ",
                    f"{len(figures.runs)} runs checked against NumPy, ",
                    f"{len(programs)} programs run. ",
                    "All as expected." if good else "Something is wrong: see above.",
                )
            )
        )


def is_good(figures: Figures, programs: list[ProgramRun]) -> bool:
    return all(run.error <= TOLERANCE for run in figures.runs) and all(
        program.exit_code == 0 for program in programs
    )


def _progress(console: Console) -> Progress:
    """Shown on terminals alone, and gone when it is done."""
    return Progress(TextColumn("[bold blue]{task.percentage:>3.0f} %"), BarColumn(24),
                    TextColumn("{task.description}"), console=console, transient=True,
                    disable=not console.is_terminal)  # fmt: skip


def main(small: bool = False, html: str | None = None, trace: str | None = None) -> int:
    """The whole demo. The page and the trace go to the files `html` and `trace`, without names
    beside each other in the current folder."""
    # Laid out for 80 columns however wide the terminal is; without one it is plain text.
    console = Console(width=WIDTH, highlight=False)
    report = Report(console)
    report.opening()
    with _progress(console) as progress:
        task = progress.add_task("programs written for MLX", total=step_count(small) + 1)

        def step(text: str) -> None:
            progress.update(task, advance=1, description=f"{text} ...")

        programs = run_programs()
        figures = measure(small, step)
        progress.update(task, advance=1)
    report.programs(programs)
    report.sums(figures.sums)
    for number, size in enumerate(figures.sizes, start=3):
        report.size(number, size)
    report.closing(figures, programs)
    good = is_good(figures, programs)
    pages = write_files(figures, programs, good, html, trace)
    report.files(pages)
    sys.stdout.flush()
    return 0 if good else 1
