"""The demo as a page: the same figures as in the terminal, with time lines and kernels."""

from tandem import __version__
from tandem import core as mx
from tandem.demo.measure import STEPS, Figures, Measurement, Size
from tandem.demo.programs import ProgramRun
from tandem.report.kernels import device_tag, kernel_list
from tandem.report.page import bars, card, code, page, table, tiles
from tandem.report.text import bytes_text, escape, time_text
from tandem.report.timeline import timeline_html

_PROGRAM = f"""import mlx.core as mx          # run it with: python -m tandem run program.py

x = mx.matmul(a, b, stream=mx.gpu)                # runs on the GPU
for _ in range({STEPS}):
    b = mx.exp(mx.negative(b, stream=mx.cpu), stream=mx.cpu)   # runs on the CPU, meanwhile
mx.eval(x, b)"""

_EXPLAINED = f"""x = mx.matmul(a, b, stream=mx.gpu)
for _ in range({STEPS}):
    b = mx.exp(mx.negative(b, stream=mx.cpu), stream=mx.cpu)
y = mx.softmax(mx.add(x, b[0], stream=mx.gpu), axis=-1, stream=mx.gpu)   # needs both
centred = y - mx.mean(y, axis=0)                                         # on the CPU
deviation = mx.sqrt(mx.mean(centred * centred, axis=0))"""

_LEGEND = (
    '<div class="legend"><span><i class="cpu"></i>CPU computes</span>'
    '<span><i class="gpu"></i>GPU computes</span><span><i class="copy"></i>copy engine</span></div>'
)


def _mixed(size: Size) -> Measurement:
    return next(r for r in size.runs if r.placement == "gpu+cpu" and r.title == "exp(-x)")


def _lead() -> str:
    devices = [f"{device_tag('cpu')} {escape(mx.device_info(mx.cpu).get('device_name', 'CPU'))}"]
    for i in range(mx.device_count(mx.gpu)):
        name = mx.device_info(mx.Device(mx.gpu, i)).get("device_name", "GPU")
        devices.append(f"{device_tag('gpu')} {escape(name)}")
    model = (
        "<p><small>There is no GPU in this machine: the one used is simulated, with its own "
        "memory and copy engines. Its times are those of a model, not of this machine.</small></p>"
        if not mx.cuda.is_available()
        else ""
    )
    return (
        "<p>Arrays have no location, operations have a device. This is what one run did: what was "
        "fused, what ran beside what, and every byte that moved.</p>"
        f"<p>{' &nbsp; '.join(devices)}</p>{model}"
    )


def _key_figures(figures: Figures) -> str:
    runs = figures.runs
    operations = sum(run.counters["nodes_run"] for run in runs)
    launches = sum(run.counters["kernels_launched"] + run.counters["library_calls"] for run in runs)
    ledger = figures.ledger
    checked = sum(run.checked for run in runs)
    return tiles(
        [
            (f"{operations:,}", "operations", f"asked for in {len(runs)} runs"),
            (f"{launches:,}", "kernels and library calls", "all that was launched for them"),
            (bytes_text(ledger["total_bytes"]), "moved", f"{ledger['total_transfers']} transfers"),
            (
                bytes_text(ledger["eliminated_bytes"]),
                "not moved",
                f"{ledger['eliminated_transfers']} transfers found their value there",
            ),
            (f"{checked:,}", "values checked", "against NumPy in double precision"),
        ]
    )


def _timelines(figures: Figures) -> str:
    parts = [code(_PROGRAM)]
    for size in figures.sizes:
        run = _mixed(size)
        (m, k), (_, n) = size.shapes
        parts.append(f"<h3>{m} x {k} @ {k} x {n}, and {2 * STEPS} operations on {k} x {n}</h3>")
        parts.append(timeline_html(run.timelines[0].cropped()))
        together = (
            f"CPU and GPU compute together for {time_text(run.overlap)}; "
            f"{run.counters['edges']} waits were added by the runtime."
        )
        parts.append(f"<p>{together}</p>")
    parts.append(_LEGEND)
    text = (
        "Nothing in this program says copy, wait or fuse. The GPU's clock is laid beside the wall "
        "clock, since work for both was handed over together. Point at a piece to see what it is."
    )
    return card("Two devices at once", text, "".join(parts))


def _kernels(figures: Figures) -> str:
    run = figures.explained
    calls = run.counters["library_calls"]
    text = (
        "A program whose devices need each other's results. The runtime put in "
        f"{run.counters['edges']} waits and {run.counters['transfers']} transfers, and made "
        f"{run.counters['kernels_launched']} kernels and {calls} library call{'s' * (calls != 1)} "
        f"of {run.counters['nodes_run']:,} operations. A kernel keeps what lies between its "
        "operations in registers; where a value goes through memory, it says why."
    )
    timeline = timeline_html(run.timelines[0].cropped()) + _LEGEND
    content = f"{code(_EXPLAINED)}{timeline}<h3>Its kernels</h3>{kernel_list(run.notes)}"
    return card("What was moved, what was fused", text, content)


def _placements(figures: Figures) -> str:
    parts = []
    for size in figures.sizes:
        (m, k), (_, n) = size.shapes
        rows = []
        for run in size.runs:
            launched = run.counters["kernels_launched"] + run.counters["library_calls"]
            rows.append(
                [escape(run.title), escape(run.placement), f"{run.counters['nodes_run']:,}",
                 f"{launched:,}", bytes_text(run.moved), bytes_text(run.avoided),
                 time_text(run.seconds), time_text(run.model_seconds), f"{run.error:.0e}"]
            )  # fmt: skip
        parts.append(f"<h3>{m} x {k} @ {k} x {n}, and {STEPS} times exp on {k} x {n}</h3>")
        columns = ("chain", "matmul+chain on", "operations", "launched", "moved", "not moved",
                   "time", "model time", "error")  # fmt: skip
        parts.append(table(columns, rows, numbers=range(2, 9)))
        for run in size.runs:
            if run.placement != "cpu":
                continue
            numpy = size.numpy_seconds[run.title]
            parts.append(
                bars(
                    [
                        (f"Tandem, {run.title}", run.seconds, time_text(run.seconds), "cpu"),
                        (f"NumPy, {run.title}", numpy, time_text(numpy), "soft"),
                    ]
                )
            )
    text = (
        "Time is wall time on this machine, the simulation of the GPU included; model time is the "
        "simulated GPU's own. The bars are the same work on the CPU alone, beside NumPy in the "
        "same run. Error: the largest against NumPy in double precision."
    )
    return card("The same program, placed differently", text, "".join(parts))


def _ledger(figures: Figures) -> str:
    ledger = figures.ledger
    rows = []
    for direction in ("host_to_device", "device_to_host", "device_to_device"):
        for cause, entry in ledger[direction].items():
            if entry["transfers"]:
                name = f"{direction.replace('_', ' ')}: {cause.replace('_', ' ')}"
                text = f"{bytes_text(entry['bytes'])} in {entry['transfers']}"
                rows.append((name, entry["bytes"], text, "copy"))
    text = f"{bytes_text(ledger['eliminated_bytes'])} in {ledger['eliminated_transfers']}"
    rows.append(("not moved", ledger["eliminated_bytes"], text, "good"))
    explanation = (
        "Every byte that went between host and GPU memory in these runs, by direction and cause. "
        "Not moved: a copy in and out around each operation would have moved it, and the GPU had "
        "the value already."
    )
    return card("The ledger", explanation, bars(rows))


def _programs(programs: list[ProgramRun]) -> str:
    rows = []
    for run in programs:
        mark = '<b class="good">ok</b>' if run.exit_code == 0 else '<b class="bad">failed</b>'
        lines = run.output.strip().splitlines() or [""]
        rows.append([f"<code>{escape(run.name)}</code>", f"<code>{escape(lines[-1][:80])}</code>",
                     time_text(run.seconds), mark])  # fmt: skip
    text = "Each in a process of its own: <code>python -m tandem run PROGRAM.py</code>."
    columns = ("program", "last line it printed", "time", "")
    return card("Programs written for MLX, unmodified", text, table(columns, rows, numbers=[2]))


def demo_page(figures: Figures, programs: list[ProgramRun], good: bool, trace: str) -> str:
    verdict = (
        '<b class="good">Every run agrees with NumPy.</b>'
        if good
        else '<b class="bad">Something is wrong: see the terminal.</b>'
    )
    body = "".join(
        [
            _key_figures(figures),
            _timelines(figures),
            _kernels(figures),
            _placements(figures),
            _ledger(figures),
            _programs(programs),
        ]
    )
    footer = (
        f"{verdict} Written by <code>python -m tandem demo</code>, version {__version__}. Every "
        "figure comes from the events, counters and ledger of that run. The file "
        f"<code>{escape(trace)}</code> holds the same events for ui.perfetto.dev or "
        "chrome://tracing."
    )
    return page("What Tandem did", _lead(), body, footer)
