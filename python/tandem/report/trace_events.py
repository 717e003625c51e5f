"""Time lines in the trace-event format, which https://ui.perfetto.dev and chrome://tracing open.

A device is a process there and a stream a thread. Runs follow one another; what lies between them
is left out. Times on the clock of a simulated device are laid beside wall times, run by run, and
every event says which clock it has.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tandem.report.text import chain_text
from tandem.report.timeline import Timeline, Track

__all__ = ["TracedRun", "trace_document", "write_trace"]

_GAP_NS = 100_000  # between runs
_RUNS = 1  # the process of the runs themselves


@dataclass
class TracedRun:
    """One run as the trace shows it."""

    title: str
    timeline: Timeline
    notes: list[dict[str, Any]] = field(default_factory=list)  # of a profile


def _metadata(process: int, thread: int | None, kind: str, **values: Any) -> dict[str, Any]:
    event = {"ph": "M", "name": kind, "pid": process, "args": values}
    return event if thread is None else {**event, "tid": thread}


def _microseconds(nanoseconds: int) -> float:
    return nanoseconds / 1000


def _complete(process: int, thread: int, name: str, begin_ns: int, end_ns: int,
              **more: Any) -> dict[str, Any]:  # fmt: skip
    return {"ph": "X", "pid": process, "tid": thread, "name": name, "ts": _microseconds(begin_ns),
            "dur": _microseconds(end_ns - begin_ns), **more}  # fmt: skip


def _span_arguments(run: TracedRun, track: Track, span: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {"bytes": span.bytes, "clock": track.clock}
    if span.note and span.note <= len(run.notes):
        note = run.notes[span.note - 1]
        arguments["operations"] = len(note["ops"])
        arguments["lines"] = list(dict.fromkeys(op["site"] for op in note["ops"] if op["site"]))
        reasons = [f"{s['name']} from memory: {s['reason']}" for s in note["stored"]]
        if reasons:
            arguments["not fused"] = reasons
    return arguments


def trace_document(
    runs: Iterable[TracedRun], totals: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The document as plain data. `totals` stands in it as it is, under "otherData"."""
    events: list[dict[str, Any]] = [_metadata(_RUNS, None, "process_name", name="runs"),
                                    _metadata(_RUNS, 0, "thread_name", name="run")]  # fmt: skip
    processes: dict[str, int] = {}
    threads: set[tuple[int, int]] = set()
    start, moved = 0, 0
    for run in runs:
        copies: list[tuple[int, int]] = []
        for track in run.timeline.tracks:
            process = processes.get(track.device)
            if process is None:
                process = processes[track.device] = _RUNS + 1 + len(processes)
                clock = " (simulated: model clock)" if track.clock == "model" else ""
                events.append(_metadata(process, None, "process_name", name=track.device + clock))
            if (process, track.stream) not in threads:
                threads.add((process, track.stream))
                name = track.label.removeprefix(track.device + " ")
                events.append(_metadata(process, track.stream, "thread_name", name=name))
            for span in track.spans:
                name = chain_text(span.name) if span.kind == "kernel" else span.name
                events.append(
                    _complete(process, track.stream, name, start + span.begin_ns,
                              start + span.end_ns, cat=span.kind,
                              args=_span_arguments(run, track, span))
                )  # fmt: skip
                if span.kind == "copy":
                    copies.append((start + span.end_ns, span.bytes))
        for at, size in sorted(copies):
            moved += size
            events.append({"ph": "C", "pid": _RUNS, "name": "bytes moved", "ts": _microseconds(at),
                           "args": {"bytes": moved}})  # fmt: skip
        end = start + run.timeline.end_ns
        events.append(_complete(_RUNS, 0, run.title, start, end, cat="run", args={}))
        start = end + _GAP_NS
    return {"traceEvents": events, "displayTimeUnit": "ms", "otherData": totals or {}}


def write_trace(path: str | Path, document: dict[str, Any]) -> Path:
    path = Path(path)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path
