"""Scans, softmax and logsumexp against NumPy in float64."""

import numpy as np
import pytest

from tandem import core as mx

NAMES = {
    "cumsum": np.add.accumulate,
    "cumprod": np.multiply.accumulate,
    "cummax": np.maximum.accumulate,
    "cummin": np.minimum.accumulate,
    "logcumsumexp": np.logaddexp.accumulate,
}


def expected_scan(name, values, axis, reverse):
    if axis is None:
        values, axis = values.ravel(), 0
    if reverse:
        values = np.flip(values, axis)
    result = NAMES[name](values.astype(np.float64), axis=axis)
    return np.flip(result, axis) if reverse else result


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("name", NAMES)
def test_values(name, axis, reverse):
    values = np.random.default_rng(0).uniform(0.5, 1.5, (7, 70, 3)).astype(np.float32)
    expected = expected_scan(name, values, axis, reverse)
    for actual in (
        getattr(mx, name)(mx.array(values), axis, reverse=reverse),
        getattr(mx.array(values), name)(axis=axis, reverse=reverse),
    ):
        assert actual.shape == expected.shape
        np.testing.assert_allclose(np.array(actual), expected, rtol=1e-5)


@pytest.mark.parametrize("size", [1, 31, 32, 33, 1023, 1024, 1025, 70_001])
def test_long_sums(size):
    values = np.random.default_rng(size).normal(size=size).astype(np.float32)
    expected = np.cumsum(values.astype(np.float64))
    bound = 3e-7 * np.log2(size + 2) * np.cumsum(np.abs(values.astype(np.float64)))
    assert (np.abs(np.array(mx.cumsum(mx.array(values))) - expected) <= bound).all()


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7, 63, 64, 65, 1000, 70_001])
def test_long_log_sums(size, reverse):
    values = np.random.default_rng(size).normal(size=(2, size)).astype(np.float32) * 100
    expected = expected_scan("logcumsumexp", values, 1, reverse)
    actual = mx.logcumsumexp(mx.array(values), axis=1, reverse=reverse)
    np.testing.assert_allclose(np.array(actual), expected, rtol=1e-6, atol=1e-6)
    swapped = mx.logcumsumexp(mx.array(values.T), axis=0, reverse=reverse)
    assert mx.array_equal(swapped, actual.T).item()


def test_what_stands_before():
    a = mx.array([[1.0, 2.0], [3.0, 4.0]])
    assert mx.cumsum(a, axis=1, inclusive=False).tolist() == [[0, 1], [0, 3]]
    assert mx.cummax(a, axis=0, inclusive=False).tolist() == [[-np.inf, -np.inf], [1, 2]]
    assert mx.cumprod(a, axis=0, reverse=True, inclusive=False).tolist() == [[3, 4], [1, 1]]


def test_dtypes():
    assert mx.cumsum(mx.array([True, True])).tolist() == [1, 2]
    assert mx.cumsum(mx.array([100, 100], mx.int8)).tolist() == [100, -56]
    assert mx.cumsum(mx.array([100, 100], mx.int8), dtype=mx.int32).tolist() == [100, 200]
    assert mx.cumprod(mx.array([2, 3]), dtype=mx.float16).dtype == mx.float16
    assert mx.logcumsumexp(mx.array([1, 1])).dtype == mx.float32
    assert mx.softmax(mx.array([1, 1], mx.uint8)).dtype == mx.float32
    assert mx.softmax(mx.array([1, 1], mx.float16), precise=True).dtype == mx.float16


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 2), [1, 2]], ids=str)
def test_softmax_and_logsumexp(axis):
    values = np.random.default_rng(1).normal(size=(5, 33, 4)).astype(np.float32) * 10
    axes = tuple(axis) if isinstance(axis, list) else axis
    wide = values.astype(np.float64)
    largest = wide.max(axis=axes, keepdims=True)
    powers = np.exp(wide - largest)
    total = powers.sum(axis=axes, keepdims=True)
    np.testing.assert_allclose(
        np.array(mx.softmax(mx.array(values), axis=axis)), powers / total, rtol=2e-5, atol=1e-30
    )
    expected = np.log(total) + largest
    for keepdims in (False, True):
        actual = mx.logsumexp(mx.array(values), axis, keepdims)
        shaped = expected if keepdims else np.squeeze(expected, axes)
        assert actual.shape == shaped.shape
        np.testing.assert_allclose(np.array(actual), shaped, rtol=1e-6, atol=1e-7 * 40)
        method = mx.array(values).logsumexp(axis, keepdims)
        assert np.array(method).tolist() == np.array(actual).tolist()


def test_errors():
    a = mx.zeros((2, 3))
    for name in [*NAMES, "softmax", "logsumexp"]:
        with pytest.raises(mx.AxisError, match=rf"\[{name}\]"):
            getattr(mx, name)(a, axis=2)
    with pytest.raises(mx.ArgumentError, match=r"\[logsumexp\]"):
        mx.logsumexp(mx.zeros((0,)))
