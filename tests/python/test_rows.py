"""Every op row against NumPy in float64, iterating the row table."""

import numpy as np
import pytest
from references import REFERENCES

from tandem import _core
from tandem import core as mx

ROWS = {row["name"]: row for row in _core._rows()}
FUNCTIONS = {name: row for name, row in ROWS.items() if row["function"]}
SIZES = (0, 1, 3, 17, 1023, 4099)
INTEGERS = ["uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"]
CLASSES = ("boolean", "integer", "real", "complex")


def rows_of(cls: str, rule: str = "present"):
    index = CLASSES.index(cls)
    return [row for row in FUNCTIONS.values() if row["classes"][index] == rule]


def names(rows):
    return [row["name"] for row in rows]


def operands(row, size: int, seed: int = 0) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    result = [
        random.uniform(low, high, size).astype(np.float32).astype(np.float64)
        for low, high in row["domain"]
    ]
    if row["name"] == "where":
        result[0] = result[0] > 0.5
    return result


def reference(row, arrays) -> np.ndarray:
    with np.errstate(all="ignore"):
        return REFERENCES[row["name"]](*arrays)


def check_within(actual: np.ndarray, expected: np.ndarray, ulp: float) -> None:
    """`ulp` units in the last place of float32, plus the rounding of the reference itself."""
    assert actual.shape == expected.shape
    spacing = np.spacing(np.abs(expected).astype(np.float32)).astype(np.float64)
    error = np.abs(actual.astype(np.float64) - expected) / spacing
    assert np.all(error <= ulp + 1e-6), f"worst error {np.nanmax(error)} ULP, allowed {ulp}"


def test_every_row_has_a_reference():
    assert set(ROWS) == set(REFERENCES)


@pytest.mark.parametrize("row", rows_of("real"), ids=names(rows_of("real")))
def test_float32_values(row):
    for size in SIZES:
        inputs = operands(row, size, seed=size)
        arrays = [mx.array(x) for x in inputs]
        actual = np.array(getattr(mx, row["name"])(*arrays))
        expected = reference(row, inputs)
        if row["result"] == "boolean":
            assert actual.dtype == np.bool_
            np.testing.assert_array_equal(actual, expected)
        else:
            assert actual.dtype == np.float32
            check_within(actual, expected, max(row["ulp"][0], 0.5))


@pytest.mark.parametrize("row", rows_of("real"), ids=names(rows_of("real")))
def test_float64_values(row):
    for size in SIZES:
        random = np.random.default_rng(size)
        inputs = [random.uniform(low, high, size) for low, high in row["domain"]]
        if row["name"] == "where":
            inputs[0] = inputs[0] > 0.5
        arrays = [mx.array(x, None if x.dtype == bool else mx.float64) for x in inputs]
        actual = np.array(getattr(mx, row["name"])(*arrays))
        wide = [x if x.dtype == bool else x.astype(np.longdouble) for x in inputs]
        expected = reference(row, wide)
        if row["result"] == "boolean":
            assert actual.dtype == np.bool_
            np.testing.assert_array_equal(actual, expected)
            continue
        assert actual.dtype == np.float64
        # References in double precision are off by a few units themselves.
        slack = 0.01 if expected.dtype == np.longdouble else 3
        spacing = np.spacing(np.abs(expected).astype(np.float64))
        error = np.abs(actual - expected) / spacing
        allowed = max(row["ulp"][1], 0.5) + slack
        assert np.all(error <= allowed), f"worst error {error.max()} ULP, allowed {allowed}"


COMPLEX = rows_of("complex")


@pytest.mark.parametrize("row", COMPLEX, ids=names(COMPLEX))
def test_complex_values(row):
    random = np.random.default_rng(8)
    parts = random.uniform(-3, 3, (row["arity"], 2, 2000)).astype(np.float32)
    inputs = [x[0].astype(np.float64) + 1j * x[1] for x in parts]
    if row["name"] == "where":
        inputs[0] = inputs[0].real > 0
    arrays = [mx.array(x if x.dtype == bool else x.astype(np.complex64)) for x in inputs]
    actual = np.array(getattr(mx, row["name"])(*arrays))
    ordered = {"less": np.less, "less_equal": np.less_equal}
    expected = ordered.get(row["name"], lambda *x: reference(row, x))(*inputs)
    if row["result"] == "boolean":
        np.testing.assert_array_equal(actual, expected)
        return
    assert actual.dtype == (np.float32 if row["result"] == "component" else np.complex64)
    error = np.abs(actual - expected) / (np.abs(expected) + 1e-30)
    # `power` multiplies the error of the logarithm by its exponent, the sum of `logaddexp` cancels.
    allowed = {"power": 4e-6, "logaddexp": 2e-5}.get(row["name"], 1e-6)
    assert np.max(error) < allowed, row["name"]


@pytest.mark.parametrize("name", ["log", "log1p", "sqrt", "arcsin", "arccos", "arccosh", "arctanh"])
def test_complex_branch_cuts_and_edges(name):
    values = [0.0, 1e-8, 0.5, 1.0, 1.0 + 2**-20, 2.0, 1e10, 1e30]
    zeros = [0.0, -0.0]
    points = [complex(sign * re, im) for re in values for sign in (1, -1) for im in zeros]
    points += [
        complex(re, sign * im) for re in (0.6, 1.0, -0.8) for im in values for sign in (1, -1)
    ]
    x = np.array(points, np.complex64)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x.astype(np.complex128))
    actual = np.array(getattr(mx, name)(mx.array(x)))
    finite = np.isfinite(expected)
    with np.errstate(all="ignore"):
        close = np.abs(actual - expected) <= 2e-6 * np.abs(expected) + 1e-30
    assert np.all(close[finite]), list(
        zip(x[finite & ~close], actual[finite & ~close], strict=True)
    )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("row", rows_of("real"), ids=names(rows_of("real")))
def test_half_values(row, dtype):
    if row["name"] in ("floor_divide", "remainder"):
        pytest.skip("discontinuous: the rounding of the operands decides")
    half = getattr(mx, dtype)
    inputs = operands(row, 257)
    arrays = [mx.array(x).astype(mx.bool_ if x.dtype == bool else half) for x in inputs]
    rounded = [np.array(x.astype(mx.float32), dtype=np.float64) for x in arrays]
    if row["name"] == "where":
        rounded[0] = inputs[0]
    result = getattr(mx, row["name"])(*arrays)
    expected = reference(row, rounded)
    if row["result"] == "boolean":
        np.testing.assert_array_equal(np.array(result), expected)
        return
    assert result.dtype == half
    actual = np.array(result.astype(mx.float32)).astype(np.float64)
    bits, smallest = (10, 2.0**-24) if dtype == "float16" else (7, 2.0**-133)
    magnitude = np.maximum(np.abs(expected), np.finfo(np.float64).tiny)
    spacing = np.maximum(2.0 ** (np.floor(np.log2(magnitude)) - bits), smallest)
    finite = np.abs(expected) < (65504 if dtype == "float16" else 3e38)
    error = np.abs(actual - expected)[finite] / spacing[finite]
    # Half a unit for the one rounding; the float32 error before it is 2^-13 units or less.
    assert np.all(error <= 0.501), f"worst error {error.max()} ULP"


UNARY = [row for row in rows_of("real") if row["arity"] == 1]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("row", UNARY, ids=names(UNARY))
def test_every_half_value(row, dtype):
    """All 65,536 inputs, each result rounded once."""
    patterns = np.arange(65536, dtype=np.uint16)
    with np.errstate(all="ignore"):  # signalling NaN among them
        _check_every_half_value(row, dtype, patterns)


def _check_every_half_value(row, dtype: str, patterns: np.ndarray) -> None:
    if dtype == "float16":
        inputs = patterns.view(np.float16).astype(np.float64)
        bits, smallest, overflow = 10, 2.0**-24, 65520.0
    else:
        inputs = (patterns.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
        bits, smallest, overflow = 7, 2.0**-133, 2.0**128 - 2.0**119
    x = mx.array(inputs.astype(np.float32)).astype(getattr(mx, dtype))
    result = getattr(mx, row["name"])(x)
    expected = reference(row, [inputs])
    if row["result"] == "boolean":
        np.testing.assert_array_equal(np.array(result), expected)
        return
    actual = np.array(result.astype(mx.float32)).astype(np.float64)
    np.testing.assert_array_equal(np.isnan(actual), np.isnan(expected))
    finite = np.abs(expected) < overflow
    infinite = ~finite & ~np.isnan(expected)
    np.testing.assert_array_equal(actual[infinite], np.copysign(np.inf, expected[infinite]))
    magnitude = np.maximum(np.abs(expected[finite]), np.finfo(np.float64).tiny)
    spacing = np.maximum(2.0 ** (np.floor(np.log2(magnitude)) - bits), smallest)
    error = np.abs(actual[finite] - expected[finite]) / spacing
    assert np.all(error <= 0.501), f"worst error {error.max()} ULP"


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("row", rows_of("integer"), ids=names(rows_of("integer")))
def test_integer_values(row, dtype):
    numpy_type = np.dtype(dtype)
    random = np.random.default_rng(1)
    low = 0 if numpy_type.kind == "u" else -50
    inputs = [random.integers(low, 100, 301).astype(numpy_type) for _ in range(row["arity"])]
    if row["name"] in ("left_shift", "right_shift"):
        inputs[1] = (inputs[1].astype(np.int64) % (numpy_type.itemsize * 8)).astype(numpy_type)
    if row["name"] in ("floor_divide", "remainder"):
        inputs[1] = np.where(inputs[1] == 0, 1, inputs[1]).astype(numpy_type)
    if row["name"] == "power":
        inputs = [x % numpy_type.type(5) for x in inputs]
    if row["name"] == "where":
        inputs[0] = inputs[0] > 20
    arrays = [mx.array(x) for x in inputs]
    actual = np.array(getattr(mx, row["name"])(*arrays))
    with np.errstate(all="ignore"):
        expected = reference(row, inputs)
    assert actual.dtype == (np.bool_ if row["result"] == "boolean" else numpy_type)
    np.testing.assert_array_equal(actual, expected.astype(actual.dtype))


@pytest.mark.parametrize("row", rows_of("boolean"), ids=names(rows_of("boolean")))
def test_boolean_values(row):
    grid = np.array(np.meshgrid(*[[False, True]] * row["arity"])).reshape(row["arity"], -1)
    actual = np.array(getattr(mx, row["name"])(*[mx.array(x) for x in grid]))
    # NumPy has no bool text for some rows; on 0 and 1 the integer text says the same.
    as_integers = [x.astype(np.int64) for x in grid]
    if row["name"] in ("bitwise_invert", "where"):
        expected = reference(row, list(grid))
    elif row["name"] == "subtract":
        expected = np.logical_xor(*grid)
    elif row["name"] == "negative":
        pytest.fail("a bool has no negative")
    elif row["name"] == "floor_divide":
        expected = np.logical_and(*grid)
    elif row["name"] == "remainder":
        expected = np.logical_and(grid[0], ~grid[1]) & False
    elif row["name"] == "power":
        expected = np.logical_or(grid[0], ~grid[1])
    else:
        expected = reference(row, as_integers)
    assert actual.dtype == np.bool_
    np.testing.assert_array_equal(actual, expected.astype(bool))


@pytest.mark.parametrize(
    "row", rows_of("integer", "promotes"), ids=names(rows_of("integer", "promotes"))
)
def test_integers_promote_to_float32(row):
    values = [1, 2, 3] if row["domain"][0][1] >= 3 else [0, 0, 0]
    inputs = [np.array(values, np.int32) for _ in range(row["arity"])]
    result = getattr(mx, row["name"])(*[mx.array(x) for x in inputs])
    assert result.dtype == mx.float32
    check_within(
        np.array(result), reference(row, [x.astype(float) for x in inputs]), max(row["ulp"][0], 0.5)
    )


@pytest.mark.parametrize("cls", CLASSES)
def test_absent_classes_are_refused(cls):
    dtype = {"boolean": mx.bool_, "integer": mx.int32, "real": mx.float32, "complex": mx.complex64}
    for row in rows_of(cls, "absent"):
        arrays = [mx.array([1, 1]).astype(dtype[cls]) for _ in range(row["arity"])]
        with pytest.raises(mx.DTypeError, match=rf"\[{row['name']}\] expects"):
            getattr(mx, row["name"])(*arrays)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_names_and_documentation(name):
    row = FUNCTIONS[name]
    function = getattr(mx, name)
    assert row["doc"] in function.__doc__
    for alias in row["aliases"]:
        assert row["doc"] in getattr(mx, alias).__doc__
    if row["member"] != "none":
        assert hasattr(mx.array, row["member_name"])
    for slot in (row["slot"], row["reflected_slot"], row["in_place_slot"]):
        assert not slot or slot in vars(mx.array)


@pytest.mark.parametrize("name", [n for n, r in FUNCTIONS.items() if r["member"] == "method"])
def test_methods_are_the_functions(name):
    row = FUNCTIONS[name]
    inputs = [mx.array(x) for x in operands(row, 5)]
    by_method = getattr(inputs[0], row["member_name"])(*inputs[1:], stream=mx.cpu)
    by_function = getattr(mx, name)(*inputs, stream=mx.cpu)
    np.testing.assert_array_equal(np.array(by_method), np.array(by_function))


def test_parameters_have_the_rows_names():
    assert mx.add(a=mx.array(1), b=mx.array(2)).item() == 3
    with pytest.raises(TypeError):
        mx.exp(a=mx.array(1.0))
    with pytest.raises(TypeError):
        mx.exp(mx.array(1.0), mx.cpu)


def test_views_as_operands():
    base = np.arange(48, dtype=np.float32).reshape(4, 12)
    a = mx.array(base)
    for view, expected in [
        (a.T, base.T),
        (a[::2, ::-3], base[::2, ::-3]),
        (mx.broadcast_to(a[:, :1], (4, 5)), np.broadcast_to(base[:, :1], (4, 5))),
        (a[1:3].reshape(2, 3, 4).swapaxes(0, 2), base[1:3].reshape(2, 3, 4).swapaxes(0, 2)),
    ]:
        np.testing.assert_array_equal(np.array(view + 1), expected + 1)


def test_broadcasting():
    a, b = (
        np.arange(6.0, dtype=np.float32).reshape(2, 1, 3),
        np.arange(4, dtype=np.float32).reshape(4, 1),
    )
    np.testing.assert_array_equal(np.array(mx.array(a) * mx.array(b)), a * b)
    with pytest.raises(mx.ShapeError, match=r"\[add\].*\(2,\).*\(3,\)"):
        mx.zeros((2,)) + mx.zeros((3,))
