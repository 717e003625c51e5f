"""Costs of a call and of a node: small arrays, known plans, new expressions."""

from itertools import count
from typing import Any

import numpy as np

from benchmarks.rows.row import Row, normal, uniform

NODES = 1000
EXP_INSTRUCTIONS = 14  # of the shortest exp with our error, per vector of elements


def exp_chain(f: Any, x: Any) -> Any:
    with np.errstate(over="ignore"):
        for _ in range(500):
            x = f.exp(x)
    return x


def bounded_exp_chain(f: Any, x: Any) -> Any:
    for _ in range(500):
        x = f.exp(-x)
    return x


def node_chain(f: Any, x: Any) -> Any:
    for _ in range(NODES // 2):
        x = (x + 0.5) * 0.99
    return x


def mixed_graph(f: Any, x: Any, w: Any) -> Any:
    """About 1,000 nodes: blocks of a product, a normalisation and a chain of elementwise ops."""
    for _ in range(NODES // 20):
        y = x @ w
        y = y - f.mean(y, axis=-1, keepdims=True)
        for _ in range(6):
            y = f.abs(y * 0.5 - 0.25)
        x = x + y * 0.1
    return x


_numbers = count()


def new_expression(f: Any, a: Any) -> Any:
    """Twelve operations in an order that has not been seen; every call makes another."""
    operations = (f.add, f.multiply, f.minimum, f.subtract)
    number, x = next(_numbers), a
    for _ in range(12):
        x = operations[number & 3](x, a)
        number >>= 2
    return x


ROWS = [
    Row("exp500", "500 exp on 512x4, built and evaluated", uniform((512, 4)), exp_chain,
        target_us=300, lane_instructions=500 * 2048 * EXP_INSTRUCTIONS),
    Row("exp500_bounded", "500 times exp(-x) on 512x4", uniform((512, 4)), bounded_exp_chain,
        lane_instructions=500 * 2048 * (EXP_INSTRUCTIONS + 1)),
    Row("chain_node", "one node of a known chain of 1,000 on one element", uniform((1,)),
        node_chain, per=NODES, target_us=0.4),
    Row("compiled_node", "one node of a compiled function of 1,000, called and evaluated",
        uniform((1,)), node_chain, per=NODES, compiled=True),
    Row("mixed_graph_node", "one node of a known graph of 1,000 with products of 32x32",
        lambda r: [*normal((32, 32))(r), 0.1 * normal((32, 32))(r)[0]], mixed_graph, per=NODES,
        tolerance=1e-2),
    Row("cached_add", "one add of 1,024 and eval, plan known", uniform((1024,), (1024,)),
        lambda f, a, b: a + b),
    Row("build_operator", "a + b of 32x32, built and dropped (computed where eager)",
        uniform((32, 32), (32, 32)), lambda f, a, b: a + b, loop=1000, per=1000),
    Row("build_function", "add(a, b) of 32x32, built and dropped (computed where eager)",
        uniform((32, 32), (32, 32)), lambda f, a, b: f.add(a, b), loop=1000, per=1000),
    Row("read_element", "x[7].item()", uniform((1024,)), lambda f, a: a[7].item(), loop=1000,
        per=1000),
    Row("new_expression", "12 new operations on 1,024 to their first result", uniform((1024,)),
        new_expression, target_us=200, without=("jax",), tolerance=0),
]  # fmt: skip
