"""Matrix products."""

from benchmarks.rows.row import Row, uniform


def product(name: str, m: int, k: int, n: int) -> Row:
    count = 4.0 * (m * k + k * n + m * n)
    return Row(
        name,
        f"{m}x{k} @ {k}x{n} float32",
        uniform((m, k), (k, n)),
        lambda f, a, b: f.matmul(a, b),
        bytes=count,
        flops=2.0 * m * k * n,
    )


ROWS = [
    product("matmul_thin", 4096, 512, 4),
    product("matmul_64", 64, 64, 64),
    product("matmul_1024", 1024, 1024, 1024),
    product("matmul_mixed", 4096, 5120, 400),
]
