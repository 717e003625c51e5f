"""Functions defined over rows, against NumPy and stated values."""

import numpy as np
import pytest

from tandem import _core
from tandem import core as mx

FLOATS = [mx.float16, mx.bfloat16, mx.float32, mx.float64]
INTEGERS = [mx.uint8, mx.uint16, mx.uint32, mx.uint64, mx.int8, mx.int16, mx.int32, mx.int64]
NAN, INF = float("nan"), float("inf")


def shown(a) -> list:
    return a.astype(mx.float64).tolist() if a.dtype in FLOATS else a.tolist()


def test_every_composite_is_a_documented_function():
    assert len(_core._composites) == len(set(_core._composites)) >= 7
    for name in _core._composites:
        assert getattr(mx, name).__doc__


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_round_of_floats(dtype):
    x = mx.array([2.5, -0.5, 3.5, NAN, INF, 1.25]).astype(dtype)
    result = mx.round(x)
    assert result.dtype == dtype
    np.testing.assert_array_equal(shown(result), [2, -0.0, 4, NAN, INF, 1])
    np.testing.assert_array_equal(np.signbit(shown(result)[1]), True)
    result = x.round(decimals=1)
    assert result.dtype == dtype
    expected = np.array(mx.array(1.2, mx.float64).astype(dtype).astype(mx.float64)).item()
    assert shown(result)[5] == expected
    np.testing.assert_array_equal(
        shown(mx.round(mx.array([1250.0, -49.0]).astype(dtype), -2)), [1200, -0.0]
    )


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_round_of_integers(dtype):
    x = mx.array([15, 25, 14, 0]).astype(dtype)
    assert mx.round(x, 3).tolist() == [15, 25, 14, 0]
    result = mx.round(x, -1)
    assert result.dtype == dtype
    assert result.tolist() == [20, 20, 10, 0]


def test_round_of_other_operands():
    assert mx.round(mx.array([True]), -1).tolist() == [False]
    np.testing.assert_allclose(np.array(mx.round(mx.array([1.2345 + 2.3456j]), 2)), [1.23 + 2.35j])
    assert mx.round(1.5).item() == 2
    random = np.random.default_rng(0).uniform(-50, 50, 1023).astype(np.float32)
    np.testing.assert_allclose(
        np.array(mx.round(mx.array(random), 2)), np.round(random, 2), rtol=3e-7
    )
    assert mx.round(mx.zeros((0, 3)), 2).shape == (0, 3)


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS], ids=str)
def test_clip(dtype):
    x = mx.array([1, 2, 3, 4]).astype(dtype)
    for result, expected in [
        (mx.clip(x, 2, None), [2, 2, 3, 4]),
        (mx.clip(x, None, 2), [1, 2, 2, 2]),
        (mx.clip(x, 2, 3), [2, 2, 3, 3]),
        (mx.clip(x, a_min=3, a_max=2), [2, 2, 2, 2]),
        (mx.clip(x, mx.array([4, 1, 1, 1]).astype(dtype), 4), [4, 2, 3, 4]),
    ]:
        assert result.dtype == dtype
        assert shown(result) == expected


def test_clip_edges():
    np.testing.assert_array_equal(mx.clip(mx.array([NAN, INF, -INF]), 0, 1).tolist(), [NAN, 1, 0])
    assert mx.clip(mx.array([1, 2]), 1.5, 2.5).dtype == mx.float32
    with pytest.raises(mx.ArgumentError, match=r"\[clip\] at most one of a_min and a_max"):
        mx.clip(mx.array([1]), None, None)
    with pytest.raises(ValueError):
        mx.clip(mx.zeros((2,)), mx.zeros((3,)), None)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_nan_to_num(dtype):
    x = mx.array([NAN, INF, -INF, 1.5]).astype(dtype)
    largest = mx.array(
        {
            "float16": 65504.0,
            "bfloat16": 3.3895313892515355e38,
            "float32": 3.4028234663852886e38,
        }.get(str(dtype).split(".")[-1], np.finfo(np.float64).max),
        mx.float64,
    ).item()
    result = mx.nan_to_num(x)
    assert result.dtype == dtype
    assert shown(result) == [0, largest, -largest, 1.5]
    assert shown(mx.nan_to_num(x, 7.5, 2, neginf=3)) == [7.5, 2, 3, 1.5]


def test_nan_to_num_of_other_classes():
    assert mx.nan_to_num(mx.array([1, 2]), 5.5).tolist() == [1, 2]
    x = np.array([complex(NAN, 1), complex(2, INF), 3 - 4j], np.complex64)
    np.testing.assert_array_equal(np.array(mx.nan_to_num(mx.array(x))), np.nan_to_num(x))


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS], ids=str)
def test_divmod(dtype):
    signed = dtype in FLOATS or str(dtype).startswith("mlx.core.int")
    values = [7, -7 if signed else 9, 8]
    quotient, rest = mx.divmod(mx.array(values).astype(dtype), mx.array([2, 2, 3]).astype(dtype))
    assert quotient.dtype == rest.dtype == dtype
    expected = np.divmod(np.array(values), np.array([2, 2, 3]))
    assert shown(quotient) == expected[0].tolist()
    assert shown(rest) == expected[1].tolist()


def test_divmod_operands():
    assert isinstance(mx.divmod(7, 2), list)
    assert [x.item() for x in mx.divmod(7, 2)] == [3, 1]
    assert [x.item() for x in mx.divmod(7.5, mx.array(2))] == [3, 1.5]
    with pytest.raises(
        mx.DTypeError, match=r"\[divmod\] expects integers, booleans or floats: got complex64"
    ):
        mx.divmod(mx.array([1j]), 2)


CLOSE = [
    ([1.0, 2.0], [1.000001, 2.1]),
    ([NAN, INF, -INF, INF, 1.0], [NAN, INF, -INF, -INF, INF]),
    ([0.0, 1e-9, 1e10], [1e-9, 0.0, 1.00001e10]),
]


@pytest.mark.parametrize("equal_nan", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_isclose_is_that_of_numpy(dtype, equal_nan):
    for a, b in CLOSE:
        x, y = np.array(a, dtype), np.array(b, dtype)
        expected = np.isclose(x, y, equal_nan=equal_nan)
        left, right = mx.array(x, getattr(mx, dtype)), mx.array(y, getattr(mx, dtype))
        assert mx.isclose(left, right, equal_nan=equal_nan).tolist() == expected.tolist()
        assert mx.allclose(left, right, equal_nan=equal_nan).item() == expected.all()


def test_isclose_of_other_operands():
    assert mx.isclose(mx.array([1, 2], mx.uint8), mx.array([2, 2], mx.uint8)).tolist() == [
        False,
        True,
    ]
    assert mx.isclose(mx.array([1 + 1j, 2]), mx.array([1 + 1j, 2j])).tolist() == [True, False]
    assert mx.isclose(mx.array([1.0]).astype(mx.float16), 1.5, atol=0.5).tolist() == [True]
    assert mx.isclose(mx.array([100.0]), mx.array([101.0]), rtol=0.02).tolist() == [True]
    assert mx.allclose(mx.zeros((0,)), mx.zeros((0,))).item() is True
    with pytest.raises(ValueError):
        mx.isclose(mx.zeros((2,)), mx.zeros((3,)))


def test_array_equal():
    x = mx.array([1, 2, 3])
    assert mx.array_equal(x, mx.array([1.0, 2.0, 3.0])).item() is True
    assert mx.array_equal(x, mx.array([1, 2])).item() is False
    assert mx.array_equal(x, mx.array([1, 2, 4])).item() is False
    assert mx.array_equal(mx.array(1), mx.array([1])).item() is False
    assert mx.array_equal(1, 1).item() is True
    nans = mx.array([NAN, 1.0])
    assert mx.array_equal(nans, nans).item() is False
    assert mx.array_equal(nans, nans, equal_nan=True).item() is True
    assert mx.array_equal(nans, mx.array([1.0, NAN]), equal_nan=True).item() is False
    assert mx.array_equal(
        mx.array([complex(NAN, 0)]), mx.array([complex(NAN, 0)]), equal_nan=True
    ).item()
    assert mx.array_equal(mx.zeros((0,)), mx.zeros((0,))).item() is True
