"""Time lines: what each stream did and when, from the events of a run.

A time line shows itself in a notebook, and as text anywhere else::

    with inspect.trace() as run:
        mx.eval(x)
    run.timeline()
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tandem.inspect import Event, Run
from tandem.report.text import bytes_text, chain_text, escape, time_text

__all__ = ["Span", "Timeline", "Track"]


@dataclass(frozen=True)
class Span:
    """One piece of work on a stream; times in nanoseconds since the start of the time line."""

    name: str
    kind: str  # 'kernel', 'library', 'copy', 'fill' or 'host'
    begin_ns: int
    end_ns: int
    bytes: int
    note: int = 0  # number of what a profile knows of it, from 1


@dataclass(frozen=True)
class Track:
    """One stream; its spans follow one another without overlap."""

    device: str  # 'cpu 0'
    stream: int
    clock: str  # 'wall', or 'model' for a simulated device
    spans: tuple[Span, ...]

    @property
    def label(self) -> str:
        names = {span.name for span in self.spans}
        if all(span.kind == "copy" for span in self.spans):
            ways = {"copy host to device": "copies in", "copy device to host": "copies out"}
            way = ways.get(names.pop(), "copies") if len(names) == 1 else "copies"
            return f"{self.device} {way}"
        return f"{self.device} stream {self.stream}"

    @property
    def busy_ns(self) -> int:
        return sum(span.end_ns - span.begin_ns for span in self.spans)


def _device_name(event: Event) -> str:
    return f"{event.device.type.name} {event.device.index}"


@dataclass(frozen=True)
class Timeline:
    """The streams of one run. Wall times count from its start; the clock of a simulated device has
    no place on the wall clock: its first event is laid beside the first one of the CPU."""

    tracks: tuple[Track, ...]

    @staticmethod
    def of(run: Run) -> "Timeline":
        model = [event.begin_ns for event in run.events if event.clock == "model"]
        wall = [event.begin_ns for event in run.events if event.clock == "wall"]
        offset = (min(wall) - run.begin_ns if wall else 0) - (min(model) if model else 0)
        grouped: dict[tuple[str, int, str], list[Span]] = {}
        for event in run.events:
            shift = -run.begin_ns if event.clock == "wall" else offset
            span = Span(event.name, event.kind, event.begin_ns + shift, event.end_ns + shift,
                        event.bytes, event.note)  # fmt: skip
            grouped.setdefault((_device_name(event), event.stream, event.clock), []).append(span)
        tracks = [
            Track(*key, tuple(sorted(spans, key=lambda span: (span.begin_ns, span.end_ns))))
            for key, spans in grouped.items()
        ]
        tracks.sort(key=lambda track: (track.device, "copies" in track.label, track.stream))
        return Timeline(tuple(tracks))

    @property
    def end_ns(self) -> int:
        return max((span.end_ns for track in self.tracks for span in track.spans), default=0)

    def cropped(self) -> "Timeline":
        """Without the time before the first piece of work: building and planning."""
        start = min((span.begin_ns for track in self.tracks for span in track.spans), default=0)
        return Timeline(
            tuple(
                Track(track.device, track.stream, track.clock, tuple(
                    replace(span, begin_ns=span.begin_ns - start, end_ns=span.end_ns - start)
                    for span in track.spans
                ))
                for track in self.tracks
            )
        )  # fmt: skip

    @property
    def copied_bytes(self) -> int:
        return sum(s.bytes for t in self.tracks for s in t.spans if s.kind == "copy")

    def __str__(self) -> str:
        width = 44
        lines = [f"time line, 0 to {time_text(self.end_ns * 1e-9)}"]
        for track in self.tracks:
            cells = ["."] * width
            for span in track.spans:
                first = min(width - 1, span.begin_ns * width // max(1, self.end_ns))
                last = max(first + 1, -(-span.end_ns * width // max(1, self.end_ns)))
                cells[first:last] = "#" * (min(last, width) - first)
            busy = time_text(track.busy_ns * 1e-9)
            lines.append(f"{track.label:<16} {''.join(cells)} {busy:>8} {track.clock}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from tandem.report.page import embedded

        return embedded(timeline_html(self))


def _ticks(end_ns: int) -> Iterable[tuple[float, str]]:
    """Round times that divide the line into at most eight parts, as fraction and text."""
    if end_ns <= 0:
        return
    steps = (digit * 10**power for power in range(19) for digit in (1, 2, 5))
    step = next(step for step in steps if end_ns <= 6 * step)
    for at in range(0, end_ns + 1, step):
        yield at / end_ns, time_text(at * 1e-9) if at else "0"


def _colour(track: Track, span: Span) -> str:
    if span.kind in ("copy", "fill"):
        return "copy"
    return "gpu" if "gpu" in track.device else "cpu"


def _merged(spans: tuple[Span, ...], end_ns: int) -> list[Span]:
    """Spans that nobody could tell apart become one, so that pages of long runs stay small."""
    if len(spans) <= 400:
        return list(spans)
    result: list[Span] = []
    for span in spans:
        last = result[-1] if result else None
        if last and last.kind == span.kind and span.end_ns - last.begin_ns < end_ns / 800:
            name = last.name if last.name == span.name else "several"
            both = last.bytes + span.bytes
            result[-1] = Span(name, span.kind, last.begin_ns, span.end_ns, both, 0)
        else:
            result.append(span)
    return result


def _bar(track: Track, span: Span, end_ns: int) -> str:
    left = 100 * span.begin_ns / end_ns
    width = 100 * (span.end_ns - span.begin_ns) / end_ns
    name = chain_text(span.name) if span.kind == "kernel" else span.name
    title = (
        f"{name}\n{time_text((span.end_ns - span.begin_ns) * 1e-9)}, {bytes_text(span.bytes)}, "
        f"from {time_text(span.begin_ns * 1e-9) if span.begin_ns > 0 else '0'}"
    )
    label = f"<span>{escape(name)}</span>" if width > 6 else ""
    link = f' data-note="{span.note}"' if span.note else ""
    return (
        f'<i class="{_colour(track, span)}" style="left:{left:.4f}%;width:{width:.4f}%"'
        f' title="{escape(title)}"{link}>{label}</i>'
    )


def timeline_html(timeline: Timeline, end_ns: int | None = None) -> str:
    """The time line as a fragment of a page; `end_ns` gives several the same scale."""
    end = max(1, end_ns or timeline.end_ns)
    rows = []
    for track in timeline.tracks:
        bars = "".join(_bar(track, span, end) for span in _merged(track.spans, end))
        busy = f"{time_text(track.busy_ns * 1e-9)} busy"
        clock = "model clock" if track.clock == "model" else "wall clock"
        rows.append(
            f'<div class="track"><div class="who"><b>{escape(track.label)}</b>'
            f'<small>{busy}, {clock}</small></div><div class="bars">{bars}</div></div>'
        )
    ticks = "".join(
        f'<i style="left:{100 * at:.3f}%"><span>{text}</span></i>' for at, text in _ticks(end)
    )
    axis = f'<div class="track axis"><div class="who"></div><div class="bars">{ticks}</div></div>'
    return f'<div class="timeline">{"".join(rows)}{axis}</div>'
