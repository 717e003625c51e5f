"""Elementwise operations on large arrays, and copies in another order."""

import math
from typing import Any

from benchmarks.rows.row import Row, normal, uniform

BIG = 16 << 20


def chain(f: Any, x: Any) -> Any:
    for _ in range(4):
        x = f.abs(x * 1.5 - 0.25)
    return x


def gelu(f: Any, x: Any) -> Any:
    return 0.5 * x * (1 + f.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


CHAIN = "abs(abs(abs(abs(a*1.5-0.25)*1.5-0.25)*1.5-0.25)*1.5-0.25)"

ROWS = [
    Row("add_1m", "a + b of 1M float32", uniform((1 << 20,), (1 << 20,)), lambda f, a, b: a + b,
        "a + b", bytes=12.0 * (1 << 20)),
    Row("add_16m", "a + b of 16M float32", uniform((BIG,), (BIG,)), lambda f, a, b: a + b,
        "a + b", bytes=12.0 * BIG),
    Row("chain_16m", "12 operations on 16M float32", uniform((BIG,)), chain, CHAIN,
        bytes=8.0 * BIG, target_roof=2),
    Row("exp_16m", "exp of 16M float32", normal((BIG,)), lambda f, x: f.exp(x), "exp(a)",
        bytes=8.0 * BIG),
    Row("gelu_4m", "gelu, tanh form, of 4M float32", normal((4 << 20,)), gelu,
        bytes=8.0 * (4 << 20)),
    Row("bias_4096", "matrix 4096x4096 plus a row", uniform((4096, 4096), (4096,)),
        lambda f, a, b: a + b, "a + b", bytes=8.0 * 4096 * 4096),
    Row("transpose_4096", "copy of a transposed 4096x4096", uniform((4096, 4096)),
        lambda f, x: f.contiguous(f.transpose(x)), bytes=8.0 * 4096 * 4096),
    Row("concatenate", "two of 4M joined", uniform((4 << 20,), (4 << 20,)),
        lambda f, a, b: f.concatenate([a, b], axis=0), bytes=16.0 * (4 << 20)),
]  # fmt: skip
