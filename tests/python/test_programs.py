"""Random array programs beside NumPy: sequences of operations over arrays of several dtypes, with
views, updates in place, other names for the same object, streams, devices and evaluation now and
then. Every array is compared at the end, so that nothing may change what was taken before."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tandem import core as mx

DTYPES = ["bool_", "uint8", "int8", "int16", "uint32", "int32", "int64", "float32", "float64"]
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]  # sanitizers take their time
LARGEST = 1e4  # of floating numbers, so that all are exact in both libraries
Draw = Callable[[st.SearchStrategy], Any]


@dataclass
class Pair:
    """An array and what it should be. Two names of one object are one pair."""

    ours: mx.array
    theirs: np.ndarray

    @property
    def dtype(self) -> mx.Dtype:
        return self.ours.dtype


def numpy_dtype(dtype: mx.Dtype) -> np.dtype:
    return np.dtype(dtype.name)


@dataclass
class Program:
    draw: Draw
    pairs: list[Pair]
    streams: list[Any]

    def pick(self, kinds: str = "bif") -> Pair | None:
        """One of the pairs whose dtype is bool (b), an integer (i, signed: s) or floating (f)."""
        found = [p for p in self.pairs if of_kind(p.dtype, kinds)]
        return found[self.draw(st.integers(0, len(found) - 1))] if found else None

    def stream(self) -> Any:
        return self.draw(st.sampled_from(self.streams))

    def axis(self, a: np.ndarray) -> int:
        return self.draw(st.integers(-a.ndim, a.ndim - 1))

    def add(self, ours: mx.array, theirs: np.ndarray) -> None:
        theirs = np.asarray(theirs)
        exact = theirs.dtype.kind != "f" or np.all(np.abs(theirs) <= LARGEST)
        if exact and theirs.size <= 500:
            self.pairs.append(Pair(ours, theirs))


def of_kind(dtype: mx.Dtype, kinds: str) -> bool:
    names = {"b": "bool", "i": "integral", "s": "signed integer", "f": "real floating"}
    return any(mx.isdtype(dtype, names[kind]) for kind in kinds)


def promoted(a: Pair, b: Pair) -> tuple[np.ndarray, np.ndarray]:
    """Both operands in the dtype that the library computes in."""
    dtype = numpy_dtype(mx.result_type(a.dtype, b.dtype))
    return a.theirs.astype(dtype), b.theirs.astype(dtype)


def fitting(program: Program, kinds: str) -> tuple[Pair, Pair] | None:
    """Two pairs whose shapes broadcast, the second reshaped to one element where they do not."""
    a, b = program.pick(kinds), program.pick(kinds)
    if a is None or b is None:
        return None
    try:
        np.broadcast_shapes(a.theirs.shape, b.theirs.shape)
    except ValueError:
        if b.theirs.size == 0:
            return None
        b = Pair(b.ours.reshape(-1)[0], b.theirs.reshape(-1)[0:1].reshape(()))
    return a, b


UNARY = {
    "abs": ("isf", np.abs), "negative": ("sf", np.negative), "square": ("is", np.square),
    "logical_not": ("bif", np.logical_not), "bitwise_invert": ("bi", np.invert),
    "floor": ("f", np.floor), "sign": ("sf", np.sign),
}  # fmt: skip
BINARY = {
    "add": ("if", np.add), "subtract": ("if", np.subtract), "multiply": ("if", np.multiply),
    "maximum": ("bif", np.maximum), "minimum": ("bif", np.minimum), "less": ("bif", np.less),
    "greater_equal": ("bif", np.greater_equal), "equal": ("bif", np.equal),
    "bitwise_and": ("bi", np.bitwise_and), "bitwise_xor": ("bi", np.bitwise_xor),
    "logical_or": ("bif", np.logical_or),
}  # fmt: skip


def unary(p: Program) -> None:
    name = p.draw(st.sampled_from(sorted(UNARY)))
    kinds, function = UNARY[name]
    if a := p.pick(kinds):
        p.add(getattr(mx, name)(a.ours, stream=p.stream()), function(a.theirs))


def binary(p: Program) -> None:
    name = p.draw(st.sampled_from(sorted(BINARY)))
    kinds, function = BINARY[name]
    if operands := fitting(p, kinds):
        a, b = operands
        p.add(getattr(mx, name)(a.ours, b.ours, stream=p.stream()), function(*promoted(a, b)))


def scalar(p: Program) -> None:
    if a := p.pick("if"):
        number = p.draw(st.integers(0, 3))
        one = np.asarray(number, a.theirs.dtype)
        p.add(a.ours * number + 1, a.theirs * one + np.asarray(1, a.theirs.dtype))


def select(p: Program) -> None:
    operands, condition = fitting(p, "bif"), p.pick("b")
    if operands and condition:
        a, b = operands
        theirs = promoted(a, b)
        try:
            expected = np.where(condition.theirs, *theirs)
        except ValueError:
            return
        p.add(mx.where(condition.ours, a.ours, b.ours, stream=p.stream()), expected)


def cast(p: Program) -> None:
    if a := p.pick():
        dtype = getattr(mx, p.draw(st.sampled_from(DTYPES)))
        if of_kind(a.dtype, "f") and of_kind(dtype, "i"):
            low, high = np.clip(a.theirs, 0, 100), mx.clip(a.ours, 0, 100)
            p.add(high.astype(dtype), low.astype(numpy_dtype(dtype)))
        else:
            p.add(a.ours.astype(dtype, p.stream()), a.theirs.astype(numpy_dtype(dtype)))


def bits(p: Program) -> None:
    if (a := p.pick("i")) and a.theirs.ndim > 0:
        dtype = p.draw(st.sampled_from([mx.uint8, mx.int8]))
        p.add(a.ours.view(dtype), np.ascontiguousarray(a.theirs).view(numpy_dtype(dtype)))


def view(p: Program) -> None:
    if a := p.pick():
        index = p.draw(npst.basic_indices(a.theirs.shape, allow_newaxis=True, max_dims=5))
        p.add(a.ours[index], a.theirs[index])


def arrange(p: Program) -> None:
    a = p.pick()
    if a is None or a.theirs.ndim == 0:
        return
    axis, s = p.axis(a.theirs), p.stream()
    choice = p.draw(st.sampled_from(["transpose", "flip", "roll", "flatten", "swap", "repeat"]))
    x, y = a.ours, a.theirs
    match choice:
        case "transpose":
            p.add(mx.transpose(x, stream=s), y.T)
        case "flip":
            p.add(mx.flip(x, axis, stream=s), np.flip(y, axis))
        case "roll":
            p.add(mx.roll(x, 2, axis, stream=s), np.roll(y, 2, axis))
        case "flatten":
            p.add(mx.flatten(x, stream=s), y.reshape(-1))
        case "swap":
            p.add(mx.swapaxes(x, 0, axis, stream=s), np.swapaxes(y, 0, axis))
        case "repeat":
            p.add(mx.repeat(x, 2, axis, stream=s), np.repeat(y, 2, axis))


def join(p: Program) -> None:
    if (a := p.pick()) and a.theirs.ndim > 0:
        axis = p.axis(a.theirs)
        same = [b for b in p.pairs if b.theirs.shape == a.theirs.shape]
        b = p.draw(st.sampled_from(same))
        together = promoted(a, b)
        if p.draw(st.booleans()):
            p.add(mx.concatenate([a.ours, b.ours], axis), np.concatenate(together, axis))
        else:
            p.add(mx.stack([a.ours, b.ours], axis), np.stack(together, axis))


def reduce(p: Program) -> None:
    a = p.pick("bi")
    if a is None or a.theirs.ndim == 0 or a.theirs.size == 0:
        return
    axis, s = p.axis(a.theirs), p.stream()
    name = p.draw(st.sampled_from(["sum", "max", "min", "any", "all", "argmax", "cumsum"]))
    ours = getattr(mx, name)(a.ours, axis, stream=s)
    theirs = getattr(np, name)(a.theirs, axis)
    p.add(ours, theirs.astype(numpy_dtype(ours.dtype)))


def order(p: Program) -> None:
    if (a := p.pick()) and a.theirs.ndim > 0:
        axis, s = p.axis(a.theirs), p.stream()
        if p.draw(st.booleans()):
            p.add(mx.sort(a.ours, axis, stream=s), np.sort(a.theirs, axis))
        else:
            ours = mx.argsort(a.ours, axis, stream=s)
            p.add(ours, np.argsort(a.theirs, axis, kind="stable").astype(np.uint32))


def gather(p: Program) -> None:
    if (a := p.pick()) and a.theirs.ndim > 0 and a.theirs.shape[0] > 0:
        rows = a.theirs.shape[0]
        places = p.draw(st.lists(st.integers(-rows, rows - 1), min_size=1, max_size=4))
        p.add(a.ours[mx.array(places)], a.theirs[np.array(places)])


def update(p: Program) -> None:
    """a[index] = value: every name of the object sees it, views that were taken before do not."""
    if a := p.pick():
        index = p.draw(npst.basic_indices(a.theirs.shape))
        number = p.draw(st.integers(0, 3))
        a.ours[index] = number
        a.theirs = np.array(a.theirs)
        a.theirs[index] = number


def accumulate(p: Program) -> None:
    if (a := p.pick("if")) and a.theirs.ndim > 0 and a.theirs.shape[0] > 0:
        rows = a.theirs.shape[0]
        places = p.draw(st.lists(st.integers(0, rows - 1), min_size=1, max_size=4))
        expected = np.array(a.theirs)
        np.add.at(expected, np.array(places), np.asarray(2, expected.dtype))
        p.add(a.ours.at[mx.array(places)].add(2), expected)


def in_place(p: Program) -> None:
    operands = fitting(p, "if")
    if operands is None:
        return
    a, b = operands
    if a.theirs.shape != np.broadcast_shapes(a.theirs.shape, b.theirs.shape):
        return
    x, y = promoted(a, b)
    expected = x + y
    if expected.dtype.kind == "f" and not np.all(np.abs(expected) <= LARGEST):
        return
    if a is b:
        b = Pair(b.ours + 0, b.theirs)
    a.ours += b.ours
    a.theirs = np.asarray(expected)


def rename(p: Program) -> None:
    if a := p.pick():
        p.pairs.append(a)


def duplicate(p: Program) -> None:
    if a := p.pick():
        way = p.draw(st.sampled_from([copy.copy, copy.deepcopy, through_pickle, through_numpy]))
        p.add(way(a.ours), a.theirs)


def through_pickle(a: mx.array) -> mx.array:
    return pickle.loads(pickle.dumps(a))


def through_numpy(a: mx.array) -> mx.array:
    return mx.array(np.array(a), a.dtype)


def evaluate(p: Program) -> None:
    if a := p.pick():
        p.draw(st.sampled_from([mx.eval, mx.async_eval]))(a.ours)


def forget(p: Program) -> None:
    if len(p.pairs) > 2:
        p.pairs.pop(p.draw(st.integers(0, len(p.pairs) - 1)))


STEPS = [
    unary, binary, binary, scalar, select, cast, bits, view, view, arrange, join, reduce, order,
    gather, update, update, accumulate, in_place, in_place, rename, duplicate, evaluate, forget,
]  # fmt: skip


@pytest.fixture(scope="module")
def streams():
    return [None, mx.cpu, mx.gpu, mx.new_stream(mx.cpu), mx.new_stream(mx.gpu)]


def leaf(draw: Draw) -> Pair:
    dtype = getattr(mx, draw(st.sampled_from(DTYPES)))
    shape = draw(npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    seed = draw(st.integers(0, 5))
    values = (np.arange(np.prod(shape, dtype=int)) * 7 + seed) % 11
    if of_kind(dtype, "sf"):
        values = values - 5
    theirs = values.reshape(shape).astype(numpy_dtype(dtype))
    if of_kind(dtype, "f"):
        theirs = theirs / theirs.dtype.type(4)
    return Pair(mx.array(theirs, dtype), np.asarray(theirs))


def run_program(draw: Draw, streams: list[Any], steps: list[Callable] = STEPS) -> None:
    program = Program(draw, [leaf(draw) for _ in range(3)], streams)
    with np.errstate(all="ignore"):
        for step in draw(st.lists(st.sampled_from(steps), min_size=5, max_size=25)):
            step(program)
    for pair in program.pairs:
        assert pair.ours.dtype.name == pair.theirs.dtype.name
        assert pair.ours.shape == pair.theirs.shape
    mx.async_eval(*(pair.ours for pair in program.pairs[::2]))
    for pair in program.pairs:
        np.testing.assert_array_equal(np.array(pair.ours), pair.theirs)


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
def test_programs_against_numpy(streams, data):
    run_program(data.draw, streams)


@pytest.mark.parametrize(
    ("name", "defect", "step"),
    [
        ("maximum", lambda a, b, stream: mx.minimum(a, b), binary),
        ("flip", lambda a, axis, stream: a + 0, arrange),
        ("argsort", lambda a, axis, stream: mx.zeros(a.shape, mx.uint32), order),
    ],
)
def test_a_defect_is_noticed(monkeypatch, streams, name, defect, step):
    monkeypatch.setattr(mx, name, defect)

    @given(st.data())
    @settings(
        max_examples=2000, deadline=None, phases=[Phase.generate], database=None,
        suppress_health_check=SLOW,
    )  # fmt: skip
    def run(data):
        run_program(data.draw, streams, [step])

    with pytest.raises(AssertionError):
        run()
