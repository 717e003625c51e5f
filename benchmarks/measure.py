"""Interleaved timing, and the limits of the machine from the same run."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import numpy as np

from benchmarks.libraries import Library, Numpy
from benchmarks.rows import Row

REPOSITORY = Path(__file__).resolve().parents[1]
TARGETS_US = {  # rows of the C++ benchmark: what a user of the C++ interface may expect
    "cached_add": 1.0,
    "plan_node/iterations:200": 0.5,
    "mixed_graph/rows:0/manual_time": 60.0,
    "cached_chain_node/1000": 0.15,
    "new_expression/iterations:2000": 200.0,
}


@dataclass
class Timing:
    """Seconds of one library in one row."""

    samples: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return median(self.samples)

    @property
    def spread(self) -> float:
        """Half of the middle 50 %, relative to the median."""
        if len(self.samples) < 4:
            return 0.0
        low, _, high = quantiles(self.samples, n=4)
        return (high - low) / 2 / self.median


@dataclass
class Roofs:
    """Limits of the machine: bytes, multiply-adds (two operations each) per second."""

    read_bytes: float = 0.0
    flops: float = 0.0

    def seconds(self, row: Row) -> float:
        """The least time of a row, 0 when it has no roof."""
        times = [0.0]
        if self.read_bytes:
            times.append(row.bytes / self.read_bytes)
        if self.flops:
            times.append(row.flops / self.flops)
            times.append(row.lane_instructions / (self.flops / 2))
        return max(times)


@dataclass
class CppRow:
    name: str
    seconds: float
    target_us: float | None


def engine_benchmark() -> Path | None:
    """The C++ benchmark of this tree, built by `./dev bench`."""
    builds = ("release", "dev")
    paths = [REPOSITORY / "build" / build / "benchmarks" / "engine_bench" for build in builds]
    return next((path for path in paths if path.is_file()), None)


def run_cpp(path: Path) -> tuple[list[CppRow], Roofs]:
    """Medians of the C++ rows, and the roofs that they measure."""
    command = [str(path), "--benchmark_format=json", "--benchmark_repetitions=5",
               "--benchmark_report_aggregates_only=true"]  # fmt: skip
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows, roofs = [], Roofs()
    for entry in json.loads(output[output.index("{") :])["benchmarks"]:
        if entry.get("aggregate_name") != "median":
            continue
        name = entry["run_name"].removesuffix("/iterations:1")
        if name == "roofs":
            roofs = Roofs(entry["read_GBs"] * 1e9, entry["multiply_add_GFs"] * 1e9)
            continue
        unit = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3}[entry["time_unit"]]
        seconds = entry.get("per_node", entry["real_time"] * unit)
        rows.append(CppRow(name, seconds, TARGETS_US.get(name)))
    return rows, roofs


def repetitions(call: Callable[[], object], least: float) -> int:
    """Calls per sample, so that one sample takes at least `least` seconds."""
    call()
    started = time.perf_counter()
    call()
    once = time.perf_counter() - started
    return max(1, min(10_000, round(least / max(once, 1e-9))))


def settle(quiet: float = 0.002, limit: float = 0.5) -> None:
    """Waits until no thread of this process is busy: some libraries' thread pools spin for a while
    after their work, on the cores that the next library is to be measured on."""
    end = time.perf_counter() + limit
    while time.perf_counter() < end:
        used = time.process_time()
        time.sleep(quiet)
        if time.process_time() - used < quiet / 10:
            return


def interleaved(
    calls: dict[str, Callable[[], object]], rounds: int, least: float
) -> dict[str, Timing]:
    """Samples of each call in turn, so that all meet the same disturbances. Each starts with a call
    that is not counted: caches hold what the library itself left there."""
    counts = {name: repetitions(call, least) for name, call in calls.items()}
    timings = {name: Timing() for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            count = counts[name]
            settle()
            call()
            started = time.perf_counter()
            for _ in range(count):
                call()
            timings[name].samples.append((time.perf_counter() - started) / count)
    return timings


def difference(row: Row, library: Library) -> str:
    """How a library's result differs from NumPy's in double precision; empty when it does not."""
    if row.tolerance == 0 or row.loop > 1 or library.name == "numexpr":
        return ""
    inputs = row.inputs(np.random.default_rng(0))
    doubles = [a.astype(np.float64) if a.dtype == np.float32 else a for a in inputs]
    expected = np.asarray(row.compute(Numpy().functions, *doubles))
    found = library.to_numpy(row.call(library)())
    if found.shape != expected.shape:
        return f"shape {found.shape}, expected {expected.shape}"
    if row.positions:  # ties may be broken either way: what they point at is compared
        values = inputs[0]
        if found.ndim < values.ndim:
            found, expected = found[..., None], expected[..., None]
        found, expected = (np.take_along_axis(values, p, -1) for p in (found, expected))
    finite = np.isfinite(expected)
    typical = float(np.mean(np.abs(expected), where=finite)) if finite.any() else 1.0
    scale = np.maximum(np.abs(expected), max(typical, 1e-30))
    with np.errstate(invalid="ignore"):
        error = np.abs(found - expected) / scale
    worst = float(np.max(error, where=finite, initial=0))
    return f"relative error {worst:.1e}" if worst > row.tolerance else ""


def busy_cores(seconds: float = 0.5) -> float:
    """How many cores the machine is using, all its processes together."""

    def ticks() -> tuple[int, int]:
        numbers = [int(n) for n in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return sum(numbers), numbers[3] + numbers[4]  # all, and those idle or waiting for a disk

    total, idle = ticks()
    time.sleep(seconds)
    total_after, idle_after = ticks()
    share = 1 - (idle_after - idle) / max(1, total_after - total)
    return share * (os.cpu_count() or 1)


def machine() -> dict[str, str | int | float]:
    """The machine, as it is before anything is measured."""
    model = ""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "cpu": model,
        "threads": len(os.sched_getaffinity(0)),
        "busy_cores_at_start": round(busy_cores(), 1),
    }
