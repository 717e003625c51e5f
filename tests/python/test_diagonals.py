"""Diagonals and views by strides against NumPy."""

import numpy as np
import pytest

from tandem import core as mx


def _both(shape, dtype=np.int32):
    values = np.arange(np.prod(shape), dtype=dtype).reshape(shape)
    return values, (mx.array(values), mx.array(values) + 0, mx.array(values.T.copy()).T)


@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (2, 3, 4), (1, 5), (0, 3), (2, 0, 3)])
@pytest.mark.parametrize("offset", [-7, -2, -1, 0, 1, 3, 9])
def test_diagonal(shape, offset):
    values, arrays = _both(shape)
    for axes in [(0, 1), (1, 0), (-1, 0), (-2, -1)]:
        expected = np.diagonal(values, offset, *axes)
        for array in arrays:
            actual = mx.diagonal(array, offset, *axes)
            assert actual.shape == expected.shape
            np.testing.assert_array_equal(np.array(actual), expected)
            np.testing.assert_array_equal(
                np.array(mx.trace(array, offset, *axes)), np.trace(values, offset, *axes)
            )


@pytest.mark.parametrize("k", [-3, -1, 0, 1, 2])
@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64, np.float16, np.complex64])
def test_diag(k, dtype):
    for count in (0, 1, 3):
        values = np.ones(count, dtype)
        for array in (
            mx.array(values),
            mx.array(values) & mx.array(values) if dtype == np.bool_ else mx.array(values) * 1,
        ):
            actual = mx.diag(array, k=k)
            assert actual.dtype == array.dtype
            np.testing.assert_array_equal(np.array(actual), np.diag(values, k))
    matrix = np.arange(12).reshape(3, 4)
    assert mx.array(matrix).diag(k).tolist() == np.diag(matrix, k).tolist()
    assert mx.array(matrix).diagonal(k).tolist() == np.diagonal(matrix, k).tolist()


def test_infinities_beside_a_diagonal():
    assert mx.diag(mx.array([mx.inf, mx.nan])).tolist()[0][1] == 0


def test_trace_dtype():
    a = mx.array(np.full((3, 3), 100, np.uint8))
    assert (mx.trace(a).item(), mx.trace(a).dtype) == (300, mx.uint32)
    assert (mx.trace(a, dtype=mx.float32).item(), mx.trace(a, dtype=mx.uint8).item()) == (300, 44)


@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [
        ((2, 2), (1, 2), 3),
        ((3,), (5,), 1),
        ((4, 3), (0, 1), 0),
        ((3,), (-2,), 6),
        ((), (), 7),
        ((0, 2), (1, 1), 0),
    ],
)
def test_as_strided(shape, strides, offset):
    values, arrays = _both((3, 4))
    index = np.full(shape, offset)
    for axis, stride in enumerate(strides):
        steps = np.arange(shape[axis]) * stride
        index = index + steps.reshape([-1] + [1] * (len(shape) - axis - 1))
    for array in arrays:
        actual = mx.as_strided(array, shape, strides, offset)
        np.testing.assert_array_equal(np.array(actual), values.reshape(-1)[index])
    assert mx.as_strided(arrays[2]).tolist() == values.tolist()


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda a: mx.diagonal(a[0]), mx.ShapeError, r"at least two axes: got shape \(4,\)"),
        (lambda a: mx.diagonal(a, 0, 5, 1), mx.AxisError, r"\[diagonal\] axis 5 is out of range"),
        (lambda a: mx.diagonal(a, 0, 1, -1), mx.ArgumentError, r"axes must differ: got 1 and -1"),
        (lambda a: mx.trace(a[0]), mx.ShapeError, r"at least two axes"),
        (lambda a: mx.diag(mx.zeros((2, 2, 2))), mx.ShapeError, r"one or two axes: got shape"),
        (lambda a: mx.as_strided(a, (3,), (5,), 2), mx.ShapeError, r"reach outside of 12 elements"),
        (lambda a: mx.as_strided(a, (3,), (-1,), 1), mx.ShapeError, r"reach outside"),
        (lambda a: mx.as_strided(a, (3,), (1, 1)), mx.ShapeError, r"one stride for each axis"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call(mx.zeros((3, 4)))
