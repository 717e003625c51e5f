"""Sorting."""

from benchmarks.rows.row import Row, normal

ROWS = [
    Row("sort_1m", "sort of 1M float32", normal((1 << 20,)), lambda f, x: f.sort(x, axis=0)),
    Row("argsort_1m", "argsort of 1M float32", normal((1 << 20,)),
        lambda f, x: f.argsort(x, axis=0), positions=True),
    Row("sort_rows", "sort of the rows of 4096x1024", normal((4096, 1024)),
        lambda f, x: f.sort(x, axis=-1)),
    Row("argsort_rows", "argsort of the rows of 4096x1024", normal((4096, 1024)),
        lambda f, x: f.argsort(x, axis=-1), positions=True),
]  # fmt: skip
