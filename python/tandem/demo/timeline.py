"""Busy intervals of devices, from the events of a run."""

from collections.abc import Iterable
from dataclasses import dataclass

from tandem.inspect import Event, Run

Interval = tuple[float, float]


@dataclass(frozen=True)
class Lane:
    """What one device did: intervals in seconds since the start of the run, on its own clock."""

    label: str
    clock: str  # 'wall' or 'model'
    intervals: tuple[Interval, ...]

    @property
    def busy(self) -> float:
        return sum(end - begin for begin, end in union(self.intervals))


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """The same points in time as intervals that neither overlap nor touch."""
    result: list[Interval] = []
    for begin, end in sorted(intervals):
        if result and begin <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((begin, end))
    return result


def overlap(first: Iterable[Interval], second: Iterable[Interval]) -> float:
    """Seconds in which both are busy."""
    total = 0.0
    for begin, end in union(first):
        for other_begin, other_end in union(second):
            total += max(0.0, min(end, other_end) - max(begin, other_begin))
    return total


def _label(event: Event) -> str:
    what = "copies" if event.kind == "copy" else "compute"
    return f"{event.device.type.name} {event.device.index} {what}"


def lanes(run: Run) -> list[Lane]:
    """One lane for each device's computing and one for its copies. Wall times count from the start
    of the run. The model clock has no place on the wall clock: its first event is laid beside the
    first one of the CPU, since both were handed over together."""
    model_start = min((e.begin_ns for e in run.events if e.clock == "model"), default=0)
    wall_start = min((e.begin_ns for e in run.events if e.clock == "wall"), default=run.begin_ns)
    grouped: dict[tuple[str, str], list[Interval]] = {}
    for event in run.events:
        start = run.begin_ns if event.clock == "wall" else model_start - (wall_start - run.begin_ns)
        interval = ((event.begin_ns - start) * 1e-9, (event.end_ns - start) * 1e-9)
        grouped.setdefault((_label(event), event.clock), []).append(interval)
    return [
        Lane(label, clock, tuple(intervals))
        for (label, clock), intervals in sorted(grouped.items())
    ]


def model_seconds(run: Run) -> float:
    """Length of the run on the model clock; 0 without a simulated device."""
    times = [(e.begin_ns, e.end_ns) for e in run.events if e.clock == "model"]
    if not times:
        return 0.0
    return (max(end for _, end in times) - min(begin for begin, _ in times)) * 1e-9
