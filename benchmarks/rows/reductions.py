"""Reductions, scans, and the graphs of normalisation layers."""

from typing import Any

from benchmarks.rows.row import Row, normal, uniform

BIG = 16 << 20
ROW = 4096
MATRIX = 4.0 * ROW * ROW  # bytes


def layer_norm(f: Any, x: Any) -> Any:
    centred = x - f.mean(x, axis=-1, keepdims=True)
    variance = f.mean(centred * centred, axis=-1, keepdims=True)
    return centred / f.sqrt(variance + 1e-5)


ROWS = [
    Row("sum_16m", "sum of 16M float32", uniform((BIG,)), lambda f, x: f.sum(x), "sum(a)",
        bytes=4.0 * BIG, target_roof=2),
    Row("sum_rows", "sum of the rows of 4096x4096", uniform((ROW, ROW)),
        lambda f, x: f.sum(x, axis=-1), bytes=MATRIX),
    Row("sum_columns", "sum of the columns of 4096x4096", uniform((ROW, ROW)),
        lambda f, x: f.sum(x, axis=0), bytes=MATRIX),
    Row("argmax_rows", "argmax of the rows of 4096x4096", uniform((ROW, ROW)),
        lambda f, x: f.argmax(x, axis=-1), bytes=MATRIX, positions=True),
    Row("softmax", "softmax of the rows of 4096x4096", normal((ROW, ROW)),
        lambda f, x: f.softmax(x, axis=-1), bytes=2 * MATRIX, target_roof=2.5),
    Row("layer_norm", "layer norm by hand of 4096x4096", normal((ROW, ROW)), layer_norm,
        bytes=2 * MATRIX, target_roof=2.5, tolerance=1e-3),
    Row("variance", "variance of the rows of 4096x4096", normal((ROW, ROW)),
        lambda f, x: f.var(x, axis=-1), bytes=MATRIX, target_roof=2.5),
    Row("cumsum_rows", "cumulative sum along the rows of 4096x4096", uniform((ROW, ROW)),
        lambda f, x: f.cumsum(x, axis=-1), bytes=2 * MATRIX),
    Row("cumsum_columns", "cumulative sum along the columns of 4096x4096", uniform((ROW, ROW)),
        lambda f, x: f.cumsum(x, axis=0), bytes=2 * MATRIX),
]  # fmt: skip
