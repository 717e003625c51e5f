"""What NumPy says each op row means, in float64 (complex128 for complex rows)."""

import math
import statistics
from collections.abc import Callable

import numpy as np

PI = np.arctan(np.longdouble(1)) * 4  # beyond double precision where the machine has it

_erf = np.vectorize(math.erf, otypes=[np.float64])


@np.vectorize
def _first_erfinv(x: float) -> float:
    if not -1 < x < 1:
        return math.copysign(math.inf, x) if abs(x) == 1 else math.nan
    return statistics.NormalDist().inv_cdf((float(x) + 1) / 2) / math.sqrt(2)


def _erfinv(x: np.ndarray) -> np.ndarray:
    if x.size == 0:
        return x
    y = _first_erfinv(x).astype(np.float64)
    for _ in range(2):
        step = (_erf(y) - x) * np.exp(y * y) * (math.sqrt(math.pi) / 2)
        y = np.where(np.isfinite(y), y - step, y)
    return y


def _logaddexp(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if not np.iscomplexobj(x):
        return np.logaddexp(x, y)
    high = np.maximum(x, y)
    return high + np.log1p(np.exp(np.minimum(x, y) - high))


REFERENCES: dict[str, Callable[..., np.ndarray]] = {
    "negative": np.negative,
    "abs": np.abs,
    "sign": lambda x: np.where(np.isnan(x), 0, np.sign(x)),
    "square": np.square,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "reciprocal": lambda x: 1 / x,
    "floor": np.floor,
    "ceil": np.ceil,
    "rint": np.rint,
    "trunc": np.trunc,
    "logical_not": np.logical_not,
    "bitwise_invert": np.invert,
    "isnan": np.isnan,
    "isinf": np.isinf,
    "isfinite": np.isfinite,
    "conjugate": np.conjugate,
    "real": np.real,
    "imag": np.imag,
    "degrees": lambda x: x * (180 / PI),
    "radians": lambda x: x * (PI / 180),
    "isposinf": lambda x: np.isinf(x) & (x > 0),
    "isneginf": lambda x: np.isinf(x) & (x < 0),
    "positive": lambda x: x,
    "stop_gradient": lambda x: x,
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "floor_divide": np.floor_divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "equal": np.equal,
    "not_equal": np.not_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
    "bitwise_and": np.bitwise_and,
    "bitwise_or": np.bitwise_or,
    "bitwise_xor": np.bitwise_xor,
    "left_shift": np.left_shift,
    "right_shift": np.right_shift,
    "where": np.where,
    "exp": np.exp,
    "log": np.log,
    "expm1": np.expm1,
    "log1p": np.log1p,
    "log2": np.log2,
    "log10": np.log10,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "tanh": np.tanh,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "erf": _erf,
    "arctan": np.arctan,
    "arctan2": np.arctan2,
    "power": np.power,
    "remainder": np.remainder,
    "logaddexp": _logaddexp,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arcsinh": np.arcsinh,
    "arccosh": np.arccosh,
    "arctanh": np.arctanh,
    "erfinv": _erfinv,
}
