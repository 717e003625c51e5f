"""Reductions and scans of complex numbers beside NumPy, which orders them by the real and then the
imaginary part."""

import numpy as np
import pytest

from tandem import core as mx

SHAPES = [(1,), (2,), (7,), (64,), (1000,), (3, 5), (2, 3, 4), (1, 6), (0, 3)]


def numbers(shape) -> np.ndarray:
    """Few different parts, so that ties of the real part occur; near 1, so that products stay."""
    count = int(np.prod(shape))
    real = (np.arange(count) * 5 % 7 - 3) / 4
    imaginary = (np.arange(count) * 3 % 4 - 1.5) / 2
    return (real + 1j * imaginary).reshape(shape).astype(np.complex64)


def axes_of(shape):
    return [None, *range(-len(shape), len(shape))] + ([(0, 1)] if len(shape) > 1 else [])


def with_axes(*names):
    return [
        (name, shape, axis)
        for name in names
        for shape in SHAPES
        for axis in axes_of(shape)
        if name in ("sum", "prod") or 0 not in shape or axis in (1, -1)
    ]


@pytest.mark.parametrize(("name", "shape", "axis"), with_axes("prod", "max", "min", "var", "std"))
def test_reductions(name, shape, axis):
    values = numbers(shape)
    wide = values.astype(np.complex128)
    for keepdims in (False, True):
        expected = getattr(np, name)(wide, axis=axis, keepdims=keepdims)
        actual = getattr(mx, name)(mx.array(values), axis, keepdims)
        assert actual.dtype == (mx.float32 if name in ("var", "std") else mx.complex64)
        assert actual.shape == np.shape(expected)
        np.testing.assert_allclose(np.array(actual), expected, rtol=3e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@pytest.mark.parametrize("shape", SHAPES[:-1])
def test_positions(name, shape):
    values = numbers(shape)
    for axis in [None, *range(len(shape))]:
        for keepdims in (False, True):
            expected = getattr(np, name)(values, axis=axis, keepdims=keepdims)
            actual = getattr(mx, name)(mx.array(values), axis, keepdims)
            assert actual.dtype == mx.uint32
            np.testing.assert_array_equal(np.array(actual), expected)


SCANS = {
    "cumprod": (np.multiply, 1),
    "cummax": (np.maximum, complex(-np.inf, -np.inf)),
    "cummin": (np.minimum, complex(np.inf, np.inf)),
    "logcumsumexp": (np.logaddexp, -np.inf),
}


def scanned(name, values, axis, reverse, inclusive):
    """One element after the other, in double precision."""
    function, initial = SCANS[name]
    wide = np.moveaxis(values.astype(np.complex128), axis, 0)
    wide = wide[::-1] if reverse else wide
    result = np.exp(wide) if name == "logcumsumexp" else wide
    function = np.add if name == "logcumsumexp" else function
    result = function.accumulate(result, 0)
    result = np.log(result) if name == "logcumsumexp" else result
    if not inclusive:
        result = np.concatenate([np.full_like(result[:1], initial), result[:-1]])
    return np.moveaxis(result[::-1] if reverse else result, 0, axis)


@pytest.mark.parametrize("name", SCANS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("inclusive", [False, True])
def test_scans(name, shape, reverse, inclusive):
    values = numbers(shape) / (4 if name == "logcumsumexp" else 1)
    for axis in range(len(shape)):
        if shape[axis] == 0:
            continue
        actual = getattr(mx, name)(mx.array(values), axis, reverse=reverse, inclusive=inclusive)
        assert actual.dtype == mx.complex64
        expected = scanned(name, values, axis, reverse, inclusive)
        if name == "logcumsumexp":  # equal but for turns of the imaginary part
            actual, expected = np.exp(np.array(actual)), np.exp(expected)
        np.testing.assert_allclose(np.array(actual), expected, rtol=2e-4, atol=1e-5)
    flat = getattr(mx, name)(mx.array(values))
    assert flat.shape == (values.size,)


@pytest.mark.parametrize("shape", SHAPES[:-1])
def test_exponentials(shape):
    values = numbers(shape) * 3
    wide = values.astype(np.complex128)
    for axis in axes_of(shape):
        total = np.sum(np.exp(wide), axis=axis, keepdims=True)
        actual = mx.logsumexp(mx.array(values), axis, keepdims=True)
        assert actual.shape == total.shape
        np.testing.assert_allclose(np.exp(np.array(actual)), total, rtol=1e-4, atol=1e-4)
        soft = mx.softmax(mx.array(values), axis)
        np.testing.assert_allclose(np.array(soft), np.exp(wide) / total, rtol=2e-4, atol=1e-4)
    large = mx.array([200 + 1j, 201 - 1j])
    assert np.isfinite(np.array(mx.softmax(large))).all()


def test_median_and_minmax():
    values = numbers((5, 4))
    for axis in (None, 0, 1):
        expected = np.median(values, axis=axis)
        np.testing.assert_allclose(np.array(mx.median(mx.array(values), axis)), expected)
        low, high = mx.minmax(mx.array(values), axis)
        np.testing.assert_array_equal(np.array(low), values.min(axis))
        np.testing.assert_array_equal(np.array(high), values.max(axis))


def test_not_a_number_wins():
    values = np.array([1 + 2j, complex(3, np.nan), 5, complex(np.nan, 1), -2], np.complex64)
    a = mx.array(values)
    for name in ("max", "min", "median"):
        assert np.isnan(np.array(getattr(mx, name)(a)))
    assert mx.argmax(a).item() == mx.argmin(a).item() == 1
    assert np.isnan(np.array(mx.cummax(a))).tolist() == [False, True, True, True, True]


def test_nothing_and_one():
    empty = mx.zeros((0, 3), mx.complex64)
    assert mx.prod(empty).item() == 1
    assert mx.prod(empty, axis=0).tolist() == [1, 1, 1]
    assert mx.prod(empty, axis=1).shape == (0,)
    assert mx.prod(mx.array(2j)).item() == mx.max(mx.array(2j)).item() == 2j
    assert mx.argmax(mx.array(2j)).item() == 0
    for name in ("max", "min", "argmax", "median"):
        with pytest.raises(mx.ArgumentError, match=rf"\[{name}\] an empty extent"):
            getattr(mx, name)(empty, 0)


def test_ranges():
    a = mx.arange(0, 3, 0.5, dtype=mx.complex64)
    assert a.dtype == mx.complex64
    assert a.tolist() == [0, 0.5, 1, 1.5, 2, 2.5]
    with pytest.raises(mx.DTypeError, match=r"\[arange\] expects real numbers"):
        mx.arange(2j)


def test_normal_numbers():
    key = mx.random.key(7)
    pairs = np.array(mx.random.normal((40, 50, 2), key=key))
    z = mx.random.normal((40, 50), mx.complex64, key=key)
    assert (z.dtype, z.shape) == (mx.complex64, (40, 50))
    expected = (pairs[..., 0] + 1j * pairs[..., 1]) / np.sqrt(2)
    np.testing.assert_allclose(np.array(z), expected, rtol=1e-6)
    moved = mx.random.normal((40, 50), mx.complex64, loc=1j, scale=2.0, key=key)
    np.testing.assert_allclose(np.array(moved), 2 * expected + 1j, rtol=1e-5, atol=1e-6)
    shifted = mx.random.normal((40, 50), mx.complex64, loc=3, key=key)
    np.testing.assert_allclose(np.array(shifted), expected + 3, rtol=1e-5)
    assert mx.random.normal((), mx.complex64, key=key).shape == ()
    assert mx.random.normal((0, 2), mx.complex64, key=key).shape == (0, 2)
