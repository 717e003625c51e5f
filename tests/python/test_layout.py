"""Views of bytes, grids, triangles, windows and further arrangements, against NumPy."""

import numpy as np
import pytest
from helpers import assert_same

from tandem import core as mx

A = np.arange(24, dtype=np.int32).reshape(2, 3, 4)


def test_unflatten():
    a = mx.array(A)
    assert_same(mx.unflatten(a, -1, (2, 2)), A.reshape(2, 3, 2, 2))
    assert_same(mx.unflatten(a, 1, (-1, 1)), A.reshape(2, 3, 1, 4))
    with pytest.raises(
        ValueError, match=r"\[unflatten\] axis 2 of shape \(2, 3, 4\) cannot become"
    ):
        mx.unflatten(a, 2, (3, 2))
    with pytest.raises(ValueError, match=r"\[unflatten\] expects at least one extent"):
        mx.unflatten(a, 2, ())
    with pytest.raises(IndexError, match=r"\[unflatten\]"):
        mx.unflatten(a, 3, (4,))


def test_atleast():
    for values in (np.int32(3), A[0, 0], A[0], A, A[None]):
        a = mx.array(values)
        for name in ("atleast_1d", "atleast_2d", "atleast_3d"):
            assert_same(getattr(mx, name)(a), getattr(np, name)(values))
    several = mx.atleast_2d(mx.array(1), 2.5)
    assert isinstance(several, list)
    assert several[1].shape == (1, 1)
    assert mx.atleast_1d() == []


def test_broadcast_arrays():
    arrays = mx.broadcast_arrays(mx.array(A), mx.array([1, 2, 3, 4]), 7)
    assert isinstance(arrays, tuple)
    for mine, expected in zip(arrays, np.broadcast_arrays(A, [1, 2, 3, 4], 7), strict=True):
        assert_same(mine, expected)
    with pytest.raises(ValueError, match=r"\[broadcast_arrays\]"):
        mx.broadcast_arrays(mx.zeros((2,)), mx.zeros((3,)))


@pytest.mark.parametrize("pending", [False, True])
def test_view(pending):
    def source(values):
        a = mx.array(values)
        if pending:
            return a + 0
        mx.eval(a)
        return a

    for dtype in ("uint8", "int16", "float16", "float32", "uint32", "int64", "complex64"):
        assert_same(source(A).view(getattr(mx, dtype)), A.view(dtype))
    part = A[:, 1:, 2:]
    assert_same(mx.view(source(A)[:, 1:, 2:], mx.int64), part.copy().view(np.int64))
    assert_same(source(A)[:, :, 1:3].view(mx.int64), A[:, :, 1:3].copy().view(np.int64))
    assert_same(source(A).T.view(mx.int16), A.T.copy().view(np.int16))
    assert_same(source(np.float32(1)).view(mx.int32), np.array(0x3F800000, np.int32))
    with pytest.raises(ValueError, match=r"\[view\].*no multiple of the 8"):
        source(A[..., :3]).view(mx.int64)
    with pytest.raises(ValueError, match=r"\[view\] a scalar keeps its size"):
        source(np.float32(1)).view(mx.int16)


@pytest.mark.parametrize("indexing", ["xy", "ij"])
def test_meshgrid(indexing):
    axes = [np.arange(2), np.arange(3), np.arange(4)]
    axes = [axis.astype(np.int32) for axis in axes]
    for count in range(4):
        for sparse in (False, True):
            mine = mx.meshgrid(*map(mx.array, axes[:count]), sparse=sparse, indexing=indexing)
            expected = np.meshgrid(*axes[:count], sparse=sparse, indexing=indexing)
            assert isinstance(mine, tuple)
            for a, b in zip(mine, expected, strict=True):
                assert_same(a, b)
    with pytest.raises(ValueError, match=r"\[meshgrid\] expects indexing 'xy' or 'ij': got 'x'"):
        mx.meshgrid(mx.zeros((2,)), indexing="x")


def test_triangles():
    for k in (-4, -1, 0, 2, 5):
        assert_same(mx.tri(3, 4, k), np.tri(3, 4, k, np.float32))
        assert_same(mx.tril(mx.array(A), k), np.tril(A, k))
        assert_same(mx.triu(mx.array(A), k), np.triu(A, k))
    assert_same(mx.tri(3, dtype=mx.int32), np.tri(3, dtype=np.int32))
    nans = np.full((2, 2), np.nan, np.float32)
    assert_same(mx.tril(mx.array(nans)), np.tril(nans))
    assert mx.tri(-2).shape == (0, 0)
    with pytest.raises(ValueError, match=r"\[tril\] expects at least two dimensions"):
        mx.tril(mx.zeros((3,)))


def test_windows():
    for name in ("hanning", "hamming", "blackman", "bartlett"):
        for count in (0, 1, 2, 5, 64, 1001):
            mine = np.array(getattr(mx, name)(count))
            expected = getattr(np, name)(count)
            np.testing.assert_allclose(mine, expected, rtol=0, atol=4e-7)
        assert getattr(mx, name)(-1).shape == (0,)
        assert getattr(mx, name)(3).dtype == mx.float32


def test_aliases():
    assert_same(mx.empty((2, 3), dtype=mx.int8), np.zeros((2, 3), np.int8))
    assert_same(mx.empty_like(mx.array(A)), np.zeros_like(A))
    assert_same(mx.astype(mx.array(A), mx.float32), A.astype(np.float32))
    assert mx.astype(3, mx.int8).dtype == mx.int8
