"""Reshaping, reordering and broadcasting against NumPy."""

import numpy as np
import pytest

from tandem import core as mx

VALUES = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def check(actual, expected):
    assert actual.shape == expected.shape
    np.testing.assert_array_equal(np.array(actual), expected)


def test_reshape():
    a = mx.array(VALUES)
    check(a.reshape(6, 4), VALUES.reshape(6, 4))
    check(a.reshape((4, -1)), VALUES.reshape(4, -1))
    check(a.reshape([24]), VALUES.reshape(24))
    check(a.reshape(-1), VALUES.reshape(-1))
    check(mx.reshape(a.T, (6, 4)), VALUES.T.reshape(6, 4))
    check(mx.array(5).reshape(1, 1), np.array([[5]]))
    check(mx.array([5]).reshape(()), np.array(5))
    with pytest.raises(mx.ShapeError, match=r"\[reshape\]"):
        a.reshape(5, 5)
    with pytest.raises(mx.ShapeError, match=r"\[reshape\]"):
        a.reshape(-1, 7)
    with pytest.raises(mx.ArgumentError, match=r"\[reshape\]"):
        a.reshape("a")


def test_transpose():
    a = mx.array(VALUES)
    check(a.T, VALUES.T)
    check(a.transpose(), VALUES.T)
    check(a.transpose(1, 0, 2), VALUES.transpose(1, 0, 2))
    check(a.transpose((2, 0, 1)), VALUES.transpose(2, 0, 1))
    check(mx.transpose(a, [0, 2, 1]), VALUES.transpose(0, 2, 1))
    check(mx.permute_dims(a, (-1, 0, 1)), VALUES.transpose(2, 0, 1))
    check(mx.matrix_transpose(a), VALUES.swapaxes(-1, -2))
    check(a.swapaxes(0, -1), VALUES.swapaxes(0, -1))
    check(mx.moveaxis(a, 0, 2), np.moveaxis(VALUES, 0, 2))
    check(a.moveaxis(-1, 0), np.moveaxis(VALUES, -1, 0))
    with pytest.raises(mx.ArgumentError, match=r"\[transpose\]"):
        a.transpose(0, 1)
    with pytest.raises(mx.AxisError, match=r"\[swapaxes\]"):
        a.swapaxes(0, 3)


def test_axes_of_one():
    a = mx.zeros((1, 3, 1))
    assert a.squeeze().shape == (3,)
    assert a.squeeze(0).shape == (3, 1)
    assert mx.squeeze(a, [0, 2]).shape == (3,)
    assert mx.expand_dims(a, 0).shape == (1, 1, 3, 1)
    assert mx.expand_dims(a, [0, -1]).shape == (1, 1, 3, 1, 1)
    with pytest.raises(mx.ShapeError, match=r"\[squeeze\]"):
        a.squeeze(1)
    with pytest.raises(mx.AxisError):
        a.squeeze(5)


def test_flatten():
    a = mx.array(VALUES)
    check(a.flatten(), VALUES.reshape(-1))
    check(mx.flatten(a, 1), VALUES.reshape(2, 12))
    check(mx.flatten(a, start_axis=0, end_axis=1), VALUES.reshape(6, 4))
    check(mx.array(3).flatten(), np.array([3]))


def test_broadcast():
    check(mx.broadcast_to(mx.array([[1], [2]]), (3, 2, 2)), np.broadcast_to([[1], [2]], (3, 2, 2)))
    check(mx.broadcast_to(2.5, (2,)), np.array([2.5, 2.5]))
    assert mx.broadcast_shapes((2, 1), (3,), (1, 1, 1)) == (1, 2, 3)
    assert mx.broadcast_shapes() == ()
    with pytest.raises(mx.ShapeError, match=r"\[broadcast_to\]"):
        mx.broadcast_to(mx.zeros((2,)), (3,))
    with pytest.raises(mx.ShapeError, match=r"\[broadcast_shapes\].*\(2,\).*\(3,\)"):
        mx.broadcast_shapes((2,), (3,))


def test_contiguous():
    a = mx.array(VALUES).T
    check(mx.contiguous(a), VALUES.T)
    assert memoryview(mx.contiguous(a)).c_contiguous
    assert not memoryview(a).c_contiguous
