"""What is measured: each row is one computation, written once over NumPy's names."""

from benchmarks.rows import (
    elementwise,
    indexing,
    products,
    reductions,
    small,
    sorting,
)
from benchmarks.rows.row import Row

ROWS: list[Row] = [
    *small.ROWS,
    *elementwise.ROWS,
    *reductions.ROWS,
    *indexing.ROWS,
    *sorting.ROWS,
    *products.ROWS,
]
__all__ = ["ROWS", "Row"]
