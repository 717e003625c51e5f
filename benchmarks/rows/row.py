"""A row of the benchmark."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.libraries import Call, Compute, Library

Inputs = Callable[[np.random.Generator], list[np.ndarray]]


@dataclass(frozen=True)
class Row:
    """One case. `compute(f, *arrays)` uses the functions f of a library. A roof is the time that
    bytes, multiply-adds or vector instructions alone would take."""

    name: str
    what: str
    inputs: Inputs
    compute: Compute
    expression: str = ""  # the same for numexpr, over a, b, c
    without: tuple[str, ...] = ()  # libraries that cannot do it
    compiled: bool = False  # compute is traced once, by the libraries that can
    loop: int = 1  # > 1: compute is called so often, nobody waits; the time is that of one
    per: int = 1  # the time is divided by this: nodes of a chain
    target_us: float | None = None
    bytes: float = 0
    flops: float = 0
    lane_instructions: float = 0
    target_roof: float | None = None  # times the roof
    positions: bool = False  # the result points into the last axis of the first input
    tolerance: float = 1e-4  # relative, against NumPy; 0: not compared

    def call(self, library: Library) -> Call | None:
        """What is timed for a library, or None when it cannot do the row."""
        if library.name in self.without:
            return None
        arrays = [library.array(a) for a in self.inputs(np.random.default_rng(0))]
        if library.name == "numexpr":
            return library.expression(self.expression, arrays) if self.expression else None
        if self.compiled:
            traced = library.compiled(self.compute)
            return library.runner(traced, arrays) if traced else None
        if self.loop == 1:
            return library.runner(self.compute, arrays)

        def call() -> None:
            functions = library.functions
            for _ in range(self.loop):
                self.compute(functions, *arrays)

        return call


def uniform(*shapes: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> Inputs:
    """float32 arrays of these shapes."""
    return lambda random: [random.uniform(low, high, s).astype(np.float32) for s in shapes]


def normal(*shapes: tuple[int, ...]) -> Inputs:
    return lambda random: [random.standard_normal(s).astype(np.float32) for s in shapes]
