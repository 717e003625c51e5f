"""A profile as data. Times, bytes and counts are those of the events, notes and ledger of one run;
only the shares of a kernel's time among its operations are estimates, by the cost of their rows."""

import linecache
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod

from tandem import _core, inspect
from tandem import core as mx
from tandem.inspect import Event, Run
from tandem.report.kernels import sites_of
from tandem.report.notes import Note, recorded_notes
from tandem.report.timeline import Timeline

__all__ = ["KernelUse", "LineUse", "OpUse", "Profile", "Unfused", "profile"]

_ROOF_ELEMENTS = 16 << 20
_ROOF_TRIES = 5
_REDUCTIONS = {"sum", "prod", "min", "max", "all", "any", "argmin", "argmax", "logsumexp"}


@dataclass
class KernelUse:
    """A fused kernel, a library call or a copy, and all its runs."""

    name: str
    kind: str
    device: str
    clock: str
    sites: tuple[str, ...]  # of the operations inside, "file:line"
    ops: int
    calls: int = 0
    seconds: float = 0.0
    bytes: int = 0
    note: Note | None = None

    def rate(self) -> float:
        """Bytes a second."""
        return self.bytes / self.seconds if self.seconds else 0.0


@dataclass
class OpUse:
    """An operation wherever it ran; its seconds are shares of its kernels' times."""

    name: str
    calls: int = 0
    seconds: float = 0.0


@dataclass
class LineUse:
    """A line of the program; its seconds are shares like those of operations."""

    site: str
    seconds: float = 0.0
    ops: dict[str, int] = field(default_factory=dict)
    devices: set[str] = field(default_factory=set)

    @property
    def source(self) -> str:
        path, _, line = self.site.rpartition(":")
        return linecache.getline(path, int(line)).strip() if path else ""


@dataclass
class Unfused:
    """A value that went through memory between two kernels, and why."""

    name: str
    reader: str
    reason: str
    site: str
    reader_site: str
    calls: int = 0


@dataclass
class Profile:
    """What was found, complete when its block has ended."""

    run: Run = field(default_factory=Run)
    notes: list[Note] = field(default_factory=list)
    roofs: dict[str, float] = field(default_factory=dict)  # bytes a second by device

    def _launches(self) -> Iterator[tuple[Event, Note]]:
        for event in self.run.events:
            if 0 < event.note <= len(self.notes):
                yield event, self.notes[event.note - 1]

    @property
    def seconds(self) -> float:
        """Of the run, by the wall clock."""
        return (self.run.end_ns - self.run.begin_ns) * 1e-9

    def device_seconds(self) -> dict[str, float]:
        """Busy seconds of each device, computing and copying."""
        result: dict[str, float] = {}
        for event in self.run.events:
            device = _device(event)
            result[device] = result.get(device, 0.0) + _seconds(event)
        return result

    def kernels(self) -> list[KernelUse]:
        """Longest first."""
        found: dict[object, KernelUse] = {}
        for event in self.run.events:
            noted = 0 < event.note <= len(self.notes)
            note = self.notes[event.note - 1] if noted else None
            sites = tuple(sites_of(note)) if note else ()
            key = (event.name, event.kind, _device(event), sites)
            use = found.get(key)
            if use is None:
                ops = len(note["ops"]) if note else 0
                use = found[key] = KernelUse(event.name, event.kind, _device(event), event.clock,
                                             sites, ops, note=note)  # fmt: skip
            use.calls += 1
            use.seconds += _seconds(event)
            use.bytes += note["read"] + note["written"] if note else event.bytes
        return sorted(found.values(), key=lambda use: -use.seconds)

    def roof_share(self, use: KernelUse) -> float | None:
        """The part of the memory roof that it reaches; above 1 its data came from a cache."""
        roof = self.roofs.get(use.device)
        if not roof or use.kind not in ("kernel", "library") or not use.seconds:
            return None
        return use.rate() / roof

    def ops(self) -> list[OpUse]:
        """Longest first."""
        found: dict[str, OpUse] = {}
        for event, note in self._launches():
            for op, seconds in _shares(event, note):
                use = found.setdefault(op["name"], OpUse(op["name"]))
                use.calls += 1
                use.seconds += seconds
        return sorted(found.values(), key=lambda use: -use.seconds)

    def lines(self) -> list[LineUse]:
        """Longest first."""
        found: dict[str, LineUse] = {}
        for event, note in self._launches():
            for op, seconds in _shares(event, note):
                use = found.setdefault(op["site"], LineUse(op["site"]))
                use.seconds += seconds
                use.ops[op["name"]] = use.ops.get(op["name"], 0) + 1
                use.devices.add(_device(event))
        return sorted(found.values(), key=lambda use: -use.seconds)

    def unfused(self) -> list[Unfused]:
        """Most frequent first."""
        found: dict[object, Unfused] = {}
        for _, note in self._launches():
            for stored in note["stored"]:
                key = (stored["site"], stored["reader_site"], stored["name"], stored["reader"],
                       stored["reason"])  # fmt: skip
                use = found.get(key)
                if use is None:
                    use = found[key] = Unfused(stored["name"], stored["reader"], stored["reason"],
                                               stored["site"], stored["reader_site"])  # fmt: skip
                use.calls += 1
        return sorted(found.values(), key=lambda use: -use.calls)

    def timeline(self) -> Timeline:
        return self.run.timeline()

    def __str__(self) -> str:
        from tandem.profile.table import profile_text

        return profile_text(self)

    def _repr_html_(self) -> str:
        from tandem.profile.page import profile_fragment
        from tandem.report.page import embedded

        return embedded(profile_fragment(self))


def _device(event: Event) -> str:
    return f"{event.device.type.name} {event.device.index}"


def _seconds(event: Event) -> float:
    return (event.end_ns - event.begin_ns) * 1e-9


def _elements(shape: str) -> int:
    return prod(int(part) for part in shape.strip("()").split(",") if part.strip())


def _shares(event: Event, note: Note) -> Iterable[tuple[dict, float]]:
    """The time of a launch divided among its operations by cost and elements."""
    # A reduction's own shape is that of its result: it works on all elements of the kernel.
    most = max((_elements(op["shape"]) for op in note["ops"]), default=1)
    weights = [
        op["cost"] * (most if op["name"] in _REDUCTIONS else max(1, _elements(op["shape"])))
        for op in note["ops"]
    ]
    total = sum(weights) or 1.0
    seconds = _seconds(event)
    return [(op, seconds * w / total) for op, w in zip(note["ops"], weights, strict=True)]


def _measure_roofs(devices: Iterable[str]) -> dict[str, float]:
    """The fastest of a few additions of one number to 64 MiB, by device: bytes a second."""
    roofs = {}
    for device in devices:
        kind, _, index = device.partition(" ")
        stream = mx.default_stream(mx.Device(getattr(mx, kind), int(index)))
        values = mx.add(mx.zeros((_ROOF_ELEMENTS,), stream=stream), 1, stream=stream)
        mx.eval(values)
        with inspect.trace() as run:
            for _ in range(_ROOF_TRIES):
                mx.eval(mx.add(values, 1, stream=stream))
            _core._finish()
        events = [e for e in run.events if e.kind == "kernel" and _device(e) == device]
        moved = 2 * values.nbytes
        roofs[device] = max((moved / _seconds(event) for event in events), default=0.0)
    return roofs


@contextmanager
def profile(roofs: bool = True) -> Iterator[Profile]:
    """Profiles the block. `roofs` measures the memory roof of each device that was used, after
    the block: a fraction of a second."""
    found = Profile()
    notes: list[Note] = []
    try:
        with recorded_notes() as notes, inspect.trace() as run:
            found.run = run
            try:
                yield found
            finally:
                _core._finish()  # what is queued belongs to the run
    finally:
        found.notes = notes
        if roofs:
            computing = {_device(e) for e in found.run.events if e.kind in ("kernel", "library")}
            found.roofs = _measure_roofs(sorted(computing))
