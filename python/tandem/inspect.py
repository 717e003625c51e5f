"""What happened: counters, the ledger of transfers, recorded events, plans.

with inspect.trace() as run:
    mx.eval(x)
run.events  # kernels, library calls and copies, with device, time and bytes
run.counters, run.ledger  # how they changed in the block
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tandem._core import inspect as _inspect
from tandem._core.inspect import (
    Event,
    counters,
    ledger,
    live_nodes,
    memory,
    now_ns,
    placement,
    plan_text,
    reset_ledger,
)

if TYPE_CHECKING:
    from tandem.report.timeline import Timeline

__all__ = [
    "Event",
    "Run",
    "counters",
    "difference",
    "ledger",
    "live_nodes",
    "memory",
    "now_ns",
    "placement",
    "plan_text",
    "reset_ledger",
    "trace",
]


@dataclass
class Run:
    """One traced stretch of a program, complete when its block has ended."""

    events: list[Event] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    ledger: dict[str, Any] = field(default_factory=dict)
    begin_ns: int = 0
    end_ns: int = 0

    def timeline(self) -> "Timeline":
        """What each stream did and when; shows itself in a notebook."""
        from tandem.report.timeline import Timeline

        return Timeline.of(self)


def difference(after: Any, before: Any) -> Any:
    """Entry by entry, `after` less `before`."""
    if isinstance(after, dict):
        return {key: difference(value, before[key]) for key, value in after.items()}
    return after - before


@contextmanager
def trace() -> Iterator[Run]:
    """Records events, and how counters and ledger change, until the end of the block."""
    run = Run()
    counters_before, ledger_before = counters(), ledger()
    _inspect.start_trace()
    run.begin_ns = now_ns()
    try:
        yield run
    finally:
        run.end_ns = now_ns()
        run.events = _inspect.stop_trace()
        run.counters = difference(counters(), counters_before)
        run.ledger = difference(ledger(), ledger_before)
