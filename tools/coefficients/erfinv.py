"""Coefficients of erfinv (error_function.h): erfinv(x) = x p(w) with w = -log(1 - x^2), a
polynomial in w - c up to a limit, in sqrt(w) - c beyond, by interpolation in Chebyshev nodes. Needs
mpmath.

    python tools/coefficients/erfinv.py
"""

import mpmath as mp

mp.mp.dps = 60


def ratio(w):
    x = mp.sqrt(-mp.expm1(-w))
    return mp.erfinv(x) / x if w > 0 else mp.sqrt(mp.pi) / 2


def interpolate(f, low, high, degree):
    """Monomial coefficients in (x - middle)."""
    middle, half = (low + high) / mp.mpf(2), (high - low) / mp.mpf(2)
    n = degree + 1
    nodes = [mp.cos(mp.pi * (2 * k + 1) / (2 * n)) for k in range(n)]
    values = [f(middle + half * t) for t in nodes]
    # Newton's divided differences, then expanded.
    table = list(values)
    for level in range(1, n):
        for i in range(n - 1, level - 1, -1):
            table[i] = (table[i] - table[i - 1]) / (nodes[i] - nodes[i - level])
    result = [mp.mpf(0)]
    for i in range(n - 1, -1, -1):
        shifted = [mp.mpf(0), *result]
        result = [a - nodes[i] * b for a, b in zip(shifted, [*result, mp.mpf(0)], strict=True)]
        result[0] += table[i]
    return middle, [c / half**k for k, c in enumerate(result[:n])]


def error(f, middle, coefficients, low, high):
    worst = mp.mpf(0)
    for i in range(400):
        x = low + (high - low) * mp.mpf(i) / 399
        value = mp.polyval(coefficients[::-1], x - middle)
        worst = max(worst, abs(value / f(x) - 1))
    return worst


def show(name, f, low, high, degree, digits):
    middle, coefficients = interpolate(f, mp.mpf(low), mp.mpf(high), degree)
    worst = mp.nstr(error(f, middle, coefficients, low, high), 3)
    print(f"{name}: center {float(middle)}, error {worst}")
    if digits == 24:
        import numpy as np

        print(
            ", ".join(
                float(np.float32(float(c))).hex().replace("0000000p", "p") + "f"
                for c in coefficients
            )
        )
    else:
        print(", ".join(float(c).hex() for c in coefficients))


def of_root(s):
    return ratio(s * s)


show("float32 near", ratio, 0, 5, 10, 24)
show("float32 far", of_root, mp.sqrt(5), 4.0, 10, 24)
show("float64 near", ratio, 0, 6.25, 25, 53)
show("float64 middle", of_root, 2.5, 4.0, 21, 53)
show("float64 far", of_root, 4.0, 6.03125, 19, 53)
