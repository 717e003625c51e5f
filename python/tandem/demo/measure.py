"""The measurements of the demo, as data. Nothing is printed here and no figure is made up: counts,
bytes and times come from the events, counters and ledger of the runs made here."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tandem import core as mx
from tandem import inspect
from tandem.demo.timeline import Lane, lanes, model_seconds, overlap
from tandem.report.notes import Note, recorded_notes
from tandem.report.text import count_ops
from tandem.report.timeline import Timeline

STEPS = 500
SAMPLE = 20_000  # elements of a long chain that are checked
SMALL = ((4096, 512), (512, 4))
LARGE = ((4096, 5120), (5120, 400))


@dataclass
class Work:
    """One op or fused kernel and how often it ran on a device."""

    name: str
    kind: str
    device: str
    ops: int  # operations of the graph inside it
    times: int
    bytes: int


@dataclass
class Measurement:
    """One run of one program at one placement."""

    title: str
    placement: str
    seconds: float  # wall, from the first call to the last value
    model_seconds: float  # on the clock of the simulated GPU
    counters: dict[str, int]
    ledger: dict[str, Any]
    work: list[Work]
    lanes: list[Lane]
    timelines: tuple[Timeline, Timeline]  # of the program, and of reading its results
    notes: list[Note]  # of its launches, where they were asked for
    copied_bytes: int  # by the copy events of the run
    error: float  # largest relative error against NumPy in float64
    checked: int  # elements compared

    @property
    def moved(self) -> int:
        return self.ledger["total_bytes"]

    @property
    def avoided(self) -> int:
        return self.ledger["eliminated_bytes"]

    @property
    def overlap(self) -> float:
        """Seconds in which CPU and GPU both compute, their clocks laid side by side."""
        compute = [lane for lane in self.lanes if lane.label.endswith("compute")]
        if len(compute) < 2:
            return 0.0
        return overlap(compute[0].intervals, compute[1].intervals)


@dataclass
class Size:
    """The mixed example at one size."""

    shapes: tuple[tuple[int, int], tuple[int, int]]
    runs: list[Measurement] = field(default_factory=list)
    earlier: list[Measurement] = field(default_factory=list)  # of the same programs, plans included
    numpy_seconds: dict[str, float] = field(default_factory=dict)  # by title


@dataclass
class Figures:
    """All figures of one demo."""

    sums: Measurement
    sizes: list[Size]
    explained: Measurement  # the mixed example once more, with notes of what was fused
    ledger: dict[str, Any]  # of the whole demo

    @property
    def runs(self) -> list[Measurement]:
        """In the order in which they were made."""
        runs = [run for size in self.sizes for run in (*size.earlier, *size.runs)]
        return [self.sums, *runs, self.explained]


def _work(events: list[inspect.Event]) -> list[Work]:
    counts: Counter[tuple[str, str, str]] = Counter()
    moved: Counter[tuple[str, str, str]] = Counter()
    for event in events:
        key = (event.name, event.kind, str(event.device))
        counts[key] += 1
        moved[key] += event.bytes
    return [
        Work(
            name,
            kind,
            device,
            0 if kind in ("copy", "fill") else count_ops(name),
            times,
            moved[key],
        )
        for key, times in counts.items()
        for name, kind, device in [key]
    ]


def relative_error(actual: np.ndarray, expected: np.ndarray) -> float:
    """Largest error relative to the largest value; infinities must be in the same places."""
    infinite = np.isinf(expected)
    if not np.array_equal(np.isinf(actual), infinite) or np.isnan(actual).any():
        return float("inf")
    actual, expected = np.where(infinite, 0, actual), np.where(infinite, 0, expected)
    scale = np.abs(expected).max(initial=0.0)
    return float(np.abs(actual - expected).max(initial=0.0) / (scale or 1.0))


Check = Callable[[Any], tuple[float, int]]
Step = Callable[[str], None]


def _total(first: Any, second: Any) -> Any:
    if isinstance(first, dict):
        return {key: _total(value, second[key]) for key, value in first.items()}
    return first + second


def _measured(
    title: str, placement: str, program: Callable[[], Any], check: Check, explain: bool = False
) -> Measurement:
    """Counts cover the program and the reading of its results; times and lanes the program."""
    noted = recorded_notes() if explain else nullcontext([])
    with noted as notes, inspect.trace() as run:
        started = time.perf_counter()
        result = program()
        mx.eval(result)
        seconds = time.perf_counter() - started
    with inspect.trace() as reading:
        error, checked = check(result)
    events = run.events + reading.events
    return Measurement(
        title=title,
        placement=placement,
        seconds=seconds,
        model_seconds=model_seconds(run),
        counters=_total(run.counters, reading.counters),
        ledger=_total(run.ledger, reading.ledger),
        work=_work(events),
        lanes=lanes(run),
        timelines=(run.timeline(), reading.timeline()),
        notes=notes,
        copied_bytes=sum(event.bytes for event in events if event.kind == "copy"),
        error=error,
        checked=checked,
    )


def _sums() -> Measurement:
    """The dependency example of the documents: an add on the CPU feeds one on the GPU."""
    a = mx.random.normal((100,), key=mx.random.key(1))
    b = mx.random.normal((100,), key=mx.random.key(2))
    mx.eval(a, b)

    def program() -> mx.array:
        c = mx.add(a, b, stream=mx.cpu)
        return mx.add(a, c, stream=mx.gpu)

    def check(d: mx.array) -> tuple[float, int]:
        expected = 2 * np.array(a, np.float64) + np.array(b, np.float64)
        return relative_error(np.array(d, np.float64), expected), expected.size

    return _measured("add, then add", "cpu, then gpu", program, check)


def _placed(a: mx.array, b: mx.array, bounded: bool, d1: Any, d2: Any) -> tuple[mx.array, mx.array]:
    """The function of the documents; `bounded` takes exp(-x), which does not overflow."""
    x = mx.matmul(a, b, stream=d1)
    for _ in range(STEPS):
        b = mx.exp(mx.negative(b, stream=d2) if bounded else b, stream=d2)
    return x, b


def _numpy_chain(b: np.ndarray, bounded: bool) -> np.ndarray:
    with np.errstate(over="ignore"):
        for _ in range(STEPS):
            b = np.exp(-b if bounded else b)
    return b


class _Expected:
    """Float64 results of one size: the product in full or by rows, chains on a sample."""

    def __init__(self, a: mx.array, b: mx.array) -> None:
        random = np.random.default_rng(0)
        left, right = np.array(a, np.float64), np.array(b, np.float64)
        self.rows = random.choice(left.shape[0], min(256, left.shape[0]), replace=False)
        self.product = left[self.rows] @ right
        self.positions = random.choice(right.size, min(SAMPLE, right.size), replace=False)
        sample = right.reshape(-1)[self.positions]
        self.chains = {bounded: _numpy_chain(sample, bounded) for bounded in (False, True)}

    def check(self, bounded: bool) -> Check:
        def compare(result: tuple[mx.array, mx.array]) -> tuple[float, int]:
            x, b = (np.asarray(part) for part in result)
            chain = b.reshape(-1)[self.positions].astype(np.float64)
            product = x[self.rows].astype(np.float64)
            error = max(
                relative_error(product, self.product), relative_error(chain, self.chains[bounded])
            )
            return error, product.size + chain.size

        return compare


PLACEMENTS = {"cpu": ("cpu", "cpu"), "gpu": ("gpu", "gpu"), "gpu+cpu": ("gpu", "cpu")}
TITLES = {False: "exp(x)", True: "exp(-x)"}
# Placements of each chain: all at the small size; at the large the documents' two, and the CPU.
ALL = {False: tuple(PLACEMENTS), True: tuple(PLACEMENTS)}
FEW = {False: ("gpu", "gpu+cpu"), True: ("cpu", "gpu+cpu")}


def _numpy_seconds(a: np.ndarray, b: np.ndarray, bounded: bool) -> float:
    started = time.perf_counter()
    a @ b
    _numpy_chain(b, bounded)
    return time.perf_counter() - started


def _size(
    shapes: tuple[tuple[int, int], tuple[int, int]],
    placements: dict[bool, tuple[str, ...]],
    repeats: int,
    step: Step,
) -> Size:
    size = Size(shapes)
    a = mx.random.uniform(shape=shapes[0], key=mx.random.key(3))
    b = mx.random.uniform(shape=shapes[1], key=mx.random.key(4))
    mx.eval(a, b)
    expected = _Expected(a, b)
    for bounded, title in TITLES.items():
        for placement in placements[bounded]:
            step(f"{title} on {placement}, {shapes[1][0]}x{shapes[1][1]}")
            d1, d2 = (getattr(mx, name) for name in PLACEMENTS[placement])
            runs = [
                _measured(
                    title,
                    placement,
                    lambda d1=d1, d2=d2, bounded=bounded: _placed(a, b, bounded, d1, d2),
                    expected.check(bounded),
                )
                for _ in range(repeats)
            ]
            size.earlier += runs[:-1]
            size.runs.append(runs[-1])  # its plan is known
        if "cpu" not in placements[bounded]:
            continue
        left, right = np.array(a), np.array(b)
        times = [_numpy_seconds(left, right, bounded) for _ in range(repeats)]
        size.numpy_seconds[title] = min(times)
    return size


def _explained() -> Measurement:
    """A program whose devices need each other's results, with notes of what was fused. Notes cost
    time, so the other runs are made without."""
    a = mx.random.uniform(shape=SMALL[0], key=mx.random.key(5))
    b = mx.random.uniform(shape=SMALL[1], key=mx.random.key(6))
    mx.eval(a, b)

    def program() -> tuple[mx.array, mx.array]:
        chain, x = b, mx.matmul(a, b, stream=mx.gpu)
        for _ in range(STEPS):
            chain = mx.exp(mx.negative(chain, stream=mx.cpu), stream=mx.cpu)
        y = mx.softmax(mx.add(x, chain[0], stream=mx.gpu), axis=-1, stream=mx.gpu)
        centred = y - mx.mean(y, axis=0)
        return y, mx.sqrt(mx.mean(centred * centred, axis=0))

    def check(result: tuple[mx.array, mx.array]) -> tuple[float, int]:
        left, right = np.array(a, np.float64), np.array(b, np.float64)
        x = left @ right + _numpy_chain(right, True)[0]
        y = np.exp(x - x.max(axis=-1, keepdims=True))
        y /= y.sum(axis=-1, keepdims=True)
        errors = [
            relative_error(np.array(ours, np.float64), theirs)
            for ours, theirs in zip(result, (y, y.std(axis=0)), strict=True)
        ]
        return max(errors), y.size + len(y[0])

    return _measured("softmax and deviation", "gpu, cpu, gpu, cpu", program, check, explain=True)


def step_count(small: bool = False) -> int:
    """How often `measure` calls `step`."""
    sizes = [ALL] if small else [ALL, FEW]
    return 2 + sum(len(few) for placements in sizes for few in placements.values())


def measure(small: bool = False, step: Step = lambda text: None) -> Figures:
    """Runs everything and returns the figures. `small` leaves out the larger size; `step` is told
    what comes next."""
    before = inspect.ledger()
    step("a dependency across devices")
    sums = _sums()
    sizes = [_size(SMALL, ALL, repeats=3, step=step)]
    if not small:
        sizes.append(_size(LARGE, FEW, repeats=1, step=step))
    step("what was fused")
    explained = _explained()
    return Figures(sums, sizes, explained, inspect.difference(inspect.ledger(), before))
