"""Gathers and scatters."""

import numpy as np

from benchmarks.rows.row import Row

VOCABULARY, WIDTH, IDS = 32768, 1024, 4096


def embedding_inputs(random: np.random.Generator) -> list[np.ndarray]:
    table = random.standard_normal((VOCABULARY, WIDTH)).astype(np.float32)
    return [table, random.integers(0, VOCABULARY, IDS, dtype=np.int32)]


def flat_inputs(random: np.random.Generator) -> list[np.ndarray]:
    values = random.standard_normal(1 << 20).astype(np.float32)
    return [values, random.integers(0, 1 << 20, 1 << 20, dtype=np.int32)]


def last_axis_inputs(random: np.random.Generator) -> list[np.ndarray]:
    values = random.standard_normal((4096, 4096)).astype(np.float32)
    return [values, random.integers(0, 4096, 1024, dtype=np.int32)]


def scatter_inputs(random: np.random.Generator) -> list[np.ndarray]:
    table, ids = embedding_inputs(random)
    return [table, ids, random.standard_normal((IDS, WIDTH)).astype(np.float32)]


def flat_scatter_inputs(random: np.random.Generator) -> list[np.ndarray]:
    values, at = flat_inputs(random)
    return [values, at, random.standard_normal(1 << 20).astype(np.float32)]


ROWS = [
    Row("embedding", "4,096 rows of a table of 32,768 x 1,024", embedding_inputs,
        lambda f, table, ids: f.take(table, ids, axis=0), bytes=8.0 * IDS * WIDTH),
    Row("gather_1m", "1M random elements of 1M", flat_inputs,
        lambda f, values, ids: f.take(values, ids, axis=0)),
    Row("take_last", "1,024 columns of 4096x4096", last_axis_inputs,
        lambda f, values, ids: f.take(values, ids, axis=1)),
    Row("scatter_rows", "4,096 rows added to a table of 32,768 x 1,024", scatter_inputs,
        lambda f, table, ids, rows: f.scatter_add(table, ids, rows),
        bytes=8.0 * VOCABULARY * WIDTH + 12.0 * IDS * WIDTH),
    Row("scatter_1m", "1M elements added to 1M at random", flat_scatter_inputs,
        lambda f, values, at, added: f.scatter_add(values, at, added)),
]  # fmt: skip
