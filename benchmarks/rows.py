"""What is measured: each row is a case with one implementation per library."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

Call = Callable[[], Any]

EXP_INSTRUCTIONS = 14  # of the shortest exp with our error, per vector of elements


@dataclass(frozen=True)
class Row:
    """One case. `make` gives the call to time for a library; `per` divides its time (nodes of a
    chain). A roof is the time that bytes, multiply-adds or other instructions alone would take."""

    name: str
    what: str
    tandem: Callable[[ModuleType], Call]
    numpy: Callable[[], Call] | None
    mlx: bool = True
    per: int = 1
    target_us: float | None = None
    bytes: float = 0
    flops: float = 0
    lane_instructions: float = 0
    target_roof: float | None = None  # times the roof


def _uniform(mx: ModuleType, *shape: int) -> Any:
    a = mx.array(np.random.default_rng(0).uniform(0, 1, shape).astype(np.float32))
    mx.eval(a)
    return a


def _numpy_uniform(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 1, shape).astype(np.float32)


def exp_chain(mx: ModuleType) -> Call:
    b = _uniform(mx, 512, 4)

    def call() -> None:
        x = b
        for _ in range(500):
            x = mx.exp(-x)
        mx.eval(x)

    return call


def exp_only_chain(mx: ModuleType) -> Call:
    b = _uniform(mx, 512, 4)

    def call() -> None:
        x = b
        for _ in range(500):
            x = mx.exp(x)
        mx.eval(x)

    return call


def numpy_exp_chain(negate: bool) -> Callable[[], Call]:
    def make() -> Call:
        b = _numpy_uniform(512, 4)

        def call() -> None:
            x = b
            with np.errstate(over="ignore"):
                for _ in range(500):
                    x = np.exp(-x if negate else x)

        return call

    return make


NODES = 1000


def node_chain(mx: ModuleType) -> Call:
    one = mx.array(1.0)
    mx.eval(one)

    def call() -> None:
        x = one
        for _ in range(NODES // 2):
            x = (x + 0.5) * 0.99
        mx.eval(x)

    return call


def numpy_node_chain() -> Call:
    one = np.ones((), np.float32)

    def call() -> None:
        x = one
        for _ in range(NODES // 2):
            x = (x + np.float32(0.5)) * np.float32(0.99)

    return call


def cached_add(mx: ModuleType) -> Call:
    a, b = _uniform(mx, 1024), _uniform(mx, 1024)
    return lambda: mx.eval(a + b)


def numpy_add() -> Call:
    a, b = _numpy_uniform(1024), _numpy_uniform(1024)
    return lambda: a + b


def build_operator(mx: ModuleType) -> Call:
    a, b = _uniform(mx, 1024), _uniform(mx, 1024)

    def call() -> None:
        for _ in range(1000):
            a + b

    return call


def build_function(mx: ModuleType) -> Call:
    a, b = _uniform(mx, 1024), _uniform(mx, 1024)

    def call() -> None:
        add = mx.add
        for _ in range(1000):
            add(a, b)

    return call


def numpy_build(function: bool) -> Callable[[], Call]:
    def make() -> Call:
        a, b = _numpy_uniform(32, 32), _numpy_uniform(32, 32)

        def call() -> None:
            for _ in range(1000):
                np.add(a, b) if function else a + b

        return call

    return make


def read_element(mx: ModuleType) -> Call:
    a = _uniform(mx, 1024)

    def call() -> None:
        for _ in range(1000):
            a[7].item()

    return call


def numpy_read_element() -> Call:
    a = _numpy_uniform(1024)

    def call() -> None:
        for _ in range(1000):
            a[7].item()

    return call


def new_expression(mx: ModuleType) -> Call:
    """Twelve operations in an order that has not been seen; every call makes another."""
    a = _uniform(mx, 1024)
    operations = (mx.add, mx.multiply, mx.minimum, mx.subtract)
    state = {"number": 0}

    def call() -> None:
        state["number"] += 1
        number, x = state["number"], a
        for _ in range(12):
            x = operations[number & 3](x, a)
            number >>= 2
        mx.eval(x)

    return call


def numpy_new_expression() -> Call:
    a = _numpy_uniform(1024)
    operations = (np.add, np.multiply, np.minimum, np.subtract)

    def call() -> None:
        x = a
        for i in range(12):
            x = operations[i & 3](x, a)

    return call


BIG = 16 << 20


def big_chain(mx: ModuleType) -> Call:
    a = _uniform(mx, BIG)

    def call() -> None:
        x = a
        for _ in range(4):
            x = mx.abs(x * 1.5 - 0.25)
        mx.eval(x)

    return call


def numpy_big_chain() -> Call:
    a = _numpy_uniform(BIG)

    def call() -> None:
        x = a
        for _ in range(4):
            x = np.abs(x * np.float32(1.5) - np.float32(0.25))

    return call


def big_sum(mx: ModuleType) -> Call:
    a = _uniform(mx, BIG)
    return lambda: mx.eval(mx.sum(a))


def numpy_big_sum() -> Call:
    a = _numpy_uniform(BIG)
    return lambda: a.sum()


def product(m: int, k: int, n: int) -> tuple[Callable[[ModuleType], Call], Callable[[], Call]]:
    def make(mx: ModuleType) -> Call:
        a, b = _uniform(mx, m, k), _uniform(mx, k, n)
        return lambda: mx.eval(mx.matmul(a, b))

    def make_numpy() -> Call:
        a, b = _numpy_uniform(m, k), _numpy_uniform(k, n)
        return lambda: a @ b

    return make, make_numpy


def _product_row(name: str, m: int, k: int, n: int) -> Row:
    make, make_numpy = product(m, k, n)
    count = 4.0 * (m * k + k * n + m * n)
    return Row(
        name, f"{m}x{k} @ {k}x{n} float32", make, make_numpy, bytes=count, flops=2.0 * m * k * n
    )


ROWS = [
    Row("exp500", "500 exp on 512x4, built and evaluated", exp_only_chain, numpy_exp_chain(False),
        target_us=300, lane_instructions=500 * 2048 * EXP_INSTRUCTIONS),
    Row("exp500_bounded", "500 times exp(-x) on 512x4", exp_chain, numpy_exp_chain(True),
        lane_instructions=500 * 2048 * (EXP_INSTRUCTIONS + 1)),
    Row("chain_node", "one node of a known chain of 1,000", node_chain, numpy_node_chain,
        per=NODES, target_us=0.4),
    Row("cached_add", "one add of 1,024 and eval, plan known", cached_add, numpy_add),
    Row("build_operator", "a + b, built and dropped (NumPy: 32x32 computed)", build_operator,
        numpy_build(False), per=1000),
    Row("build_function", "add(a, b), built and dropped (NumPy: 32x32 computed)", build_function,
        numpy_build(True), per=1000),
    Row("read_element", "x[7].item()", read_element, numpy_read_element, per=1000),
    Row("new_expression", "12 new operations on 1,024 to their first result", new_expression,
        numpy_new_expression, target_us=200),
    Row("chain_16m", "12 operations on 16M float32", big_chain, numpy_big_chain,
        bytes=8.0 * BIG, target_roof=2),
    Row("sum_16m", "sum of 16M float32", big_sum, numpy_big_sum, bytes=4.0 * BIG, target_roof=2),
    _product_row("matmul_thin", 4096, 512, 4),
    _product_row("matmul_1024", 1024, 1024, 1024),
    _product_row("matmul_mixed", 4096, 5120, 400),
]  # fmt: skip
