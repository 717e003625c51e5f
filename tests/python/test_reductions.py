"""Reductions against NumPy in float64."""

import numpy as np
import pytest

from tandem import core as mx

AXES = [None, 0, 1, -1, (0, 2), (0, 1, 2), [1], ()]
NAMES = ["sum", "prod", "min", "max", "mean", "var", "std"]


def tolerance(name: str, count: int) -> float:
    return 0.0 if name in ("min", "max") else 2e-7 * max(count, 4)


@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_float32(name, axis):
    values = np.random.default_rng(0).uniform(0.5, 1.5, (3, 17, 5)).astype(np.float32)
    numpy_axis = tuple(axis) if isinstance(axis, list) else axis
    expected = getattr(np, name)(values.astype(np.float64), axis=numpy_axis)
    for keepdims in (False, True):
        kept = getattr(np, name)(values.astype(np.float64), axis=numpy_axis, keepdims=keepdims)
        for actual in (
            getattr(mx, name)(mx.array(values), axis=axis, keepdims=keepdims),
            getattr(mx.array(values), name)(axis, keepdims),
        ):
            assert actual.shape == kept.shape
            np.testing.assert_allclose(
                np.array(actual),
                kept,
                rtol=tolerance(name, values.size // max(expected.size, 1)),
                atol=1e-6 if name in ("var", "std") else 0,
            )


@pytest.mark.parametrize("size", [1, 2, 3, 1023, 1024, 1025, 4099, 100_003])
def test_long_sums(size):
    values = np.random.default_rng(size).normal(size=size).astype(np.float32)
    expected = values.astype(np.float64).sum()
    bound = 2e-7 * np.log2(size + 2) * np.abs(values).sum(dtype=np.float64)
    assert abs(mx.array(values).sum().item() - expected) <= bound


@pytest.mark.parametrize("name", ["sum", "prod", "min", "max"])
def test_empty(name):
    a = mx.zeros((0, 3))
    if name in ("sum", "prod"):
        assert getattr(a, name)().item() == (0 if name == "sum" else 1)
        assert getattr(a, name)(axis=0).shape == (3,)
    else:
        with pytest.raises(mx.ArgumentError, match=rf"\[{name}\]"):
            getattr(a, name)()


def test_dtypes():
    assert mx.array([True, True]).sum().dtype == mx.int32
    assert mx.array([100, 100], mx.int8).sum().item() == 200
    assert mx.array([200, 200], mx.uint8).sum().dtype == mx.uint32
    assert mx.array([1, 2]).mean().dtype == mx.float32
    assert mx.array([1.0, 2.0], mx.float16).sum().dtype == mx.float16
    assert mx.array([2**40, 1], mx.int64).sum().item() == 2**40 + 1
    assert mx.array([3, 1], mx.int16).max().dtype == mx.int16


def test_nan_wins():
    a = mx.array([1.0, float("nan"), 3.0])
    assert np.isnan(a.max().item())
    assert np.isnan(a.min().item())
    assert a.argmax().item() == a.argmin().item() == 1


def test_all_and_any():
    values = np.random.default_rng(1).integers(0, 2, (4, 5))
    a = mx.array(values)
    for axis in (None, 0, 1, (0, 1)):
        np.testing.assert_array_equal(np.array(mx.all(a, axis)), np.all(values, axis))
        np.testing.assert_array_equal(np.array(a.any(axis)), np.any(values, axis))
    assert a.all().dtype == mx.bool_


def test_positions():
    values = np.random.default_rng(2).permutation(60).reshape(3, 4, 5)
    a = mx.array(values)
    for axis in (0, 1, 2, -1):
        np.testing.assert_array_equal(np.array(mx.argmax(a, axis)), values.argmax(axis))
        np.testing.assert_array_equal(np.array(a.argmin(axis)), values.argmin(axis))
    assert a.argmax().item() == values.argmax()
    assert mx.argmax(a, 0, keepdims=True).shape == (1, 4, 5)
    assert a.argmax().dtype == mx.uint32
    assert mx.array([1, 3, 3]).argmax().item() == 1


def test_degrees_of_freedom():
    values = np.array([1.0, 2.0, 4.0], np.float32)
    assert mx.var(mx.array(values), ddof=1).item() == pytest.approx(values.var(ddof=1), rel=1e-6)
    assert mx.array(values).std(ddof=1).item() == pytest.approx(values.std(ddof=1), rel=1e-6)


def test_bad_axes():
    with pytest.raises(mx.AxisError, match=r"\[sum\]"):
        mx.zeros((2,)).sum(1)
    with pytest.raises(mx.AxisError, match=r"\[argmax\]"):
        mx.zeros((2,)).argmax(-2)
    with pytest.raises(TypeError):
        mx.zeros((2,)).sum("0")
