"""Gathers."""

import numpy as np

from benchmarks.rows.row import Row

VOCABULARY, WIDTH, IDS = 32768, 1024, 4096


def embedding_inputs(random: np.random.Generator) -> list[np.ndarray]:
    table = random.standard_normal((VOCABULARY, WIDTH)).astype(np.float32)
    return [table, random.integers(0, VOCABULARY, IDS, dtype=np.int32)]


def flat_inputs(random: np.random.Generator) -> list[np.ndarray]:
    values = random.standard_normal(1 << 20).astype(np.float32)
    return [values, random.integers(0, 1 << 20, 1 << 20, dtype=np.int32)]


ROWS = [
    Row("embedding", "4,096 rows of a table of 32,768 x 1,024", embedding_inputs,
        lambda f, table, ids: f.take(table, ids, axis=0), bytes=8.0 * IDS * WIDTH),
    Row("gather_1m", "1M random elements of 1M", flat_inputs,
        lambda f, values, ids: f.take(values, ids, axis=0)),
]  # fmt: skip
