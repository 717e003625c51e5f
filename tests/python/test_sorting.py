"""Sorting and what is made of it, against NumPy."""

import numpy as np
import pytest
from helpers import assert_same

from tandem import core as mx

DTYPES = ["bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"]
DTYPES += ["float16", "float32", "float64", "complex64"]
SHAPES = [(7,), (1,), (0,), (3, 50), (4, 0), (5, 6, 7)]


def values_of(shape, dtype, seed=0):
    draw = np.random.default_rng(seed).integers(-20, 20, shape)
    return np.abs(draw).astype(dtype) if dtype.startswith(("u", "b")) else draw.astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_sort(shape, dtype):
    values = values_of(shape, dtype)
    a = mx.array(values)
    for axis in range(-len(shape), len(shape)):
        assert_same(mx.sort(a, axis), np.sort(values, axis=axis))
        expected = np.argsort(values, axis=axis, kind="stable").astype(np.uint32)
        assert_same(mx.argsort(a, axis=axis), expected)
    assert_same(mx.sort(a, axis=None), np.sort(values, axis=None))
    assert mx.sort(a).dtype == a.dtype
    assert mx.argsort(a, axis=None).dtype == mx.uint32


def test_bfloat16_and_special_values():
    values = np.array([np.nan, 1, -np.inf, 0.0, -0.0, np.inf, -3, np.nan], np.float32)
    for dtype in (mx.bfloat16, mx.float16, mx.float32, mx.float64):
        a = mx.array(values).astype(dtype)
        sorted_values = np.array(mx.sort(a).astype(mx.float32))
        np.testing.assert_array_equal(sorted_values, np.sort(values))
        assert list(np.signbit(sorted_values[2:4])) == [True, False]
        assert mx.argsort(a).tolist() == [2, 6, 4, 3, 1, 5, 0, 7]


def test_sort_of_views():
    values = values_of((40, 30), "float32")
    a = mx.array(values)
    assert_same(mx.sort(a.T), np.sort(values.T))
    assert_same(mx.sort(a[::-2, 3::4], axis=0), np.sort(values[::-2, 3::4], axis=0))
    assert_same(
        mx.sort(mx.broadcast_to(a[:1], (3, 30))), np.sort(np.broadcast_to(values[:1], (3, 30)))
    )
    assert_same(mx.sort(a + 1) * 2, np.sort(values + 1) * 2)


def test_large_sort():
    values = np.random.default_rng(1).standard_normal(300_000).astype(np.float32)
    assert_same(mx.sort(mx.array(values)), np.sort(values))
    expected = np.argsort(values, kind="stable").astype(np.uint32)
    assert_same(mx.argsort(mx.array(values)), expected)


def test_partition():
    values = values_of((4, 25), "int32")
    a = mx.array(values)
    for kth in (0, 10, 24, -1, -25):
        parts = np.array(mx.partition(a, kth))
        by_position = np.take_along_axis(
            values, np.array(mx.argpartition(a, kth)).astype(np.int64), axis=-1
        )
        expected = np.sort(values)[:, kth]
        for result in (parts, by_position):
            np.testing.assert_array_equal(result[:, kth], expected)
            place = kth % 25
            assert (result[:, :place] <= expected[:, None]).all()
            assert (result[:, place:] >= expected[:, None]).all()
    assert mx.partition(a, 3, axis=None).shape == (100,)
    with pytest.raises(ValueError, match=r"\[partition\] kth is out of range: got 25"):
        mx.partition(a, 25)
    with pytest.raises(ValueError, match=r"\[argpartition\]"):
        mx.argpartition(a, -26)


def test_topk():
    values = values_of((4, 25), "float32")
    a = mx.array(values)
    assert_same(mx.sort(mx.topk(a, 3)), np.sort(values)[:, -3:])
    assert_same(mx.sort(mx.topk(a, 2, axis=0), axis=0), np.sort(values, axis=0)[-2:])
    assert mx.topk(a, 0).shape == (4, 0)
    assert mx.topk(a, 7, axis=None).shape == (7,)
    with pytest.raises(ValueError, match=r"\[topk\] k is out of range: got 26"):
        mx.topk(a, 26)


@pytest.mark.parametrize("side", ["left", "right"])
def test_searchsorted(side):
    sequence = np.sort(values_of((60,), "float32"))
    wanted = values_of((3, 9), "float32", 1) + 0.5 * values_of((3, 9), "bool", 2)
    found = mx.searchsorted(mx.array(sequence), mx.array(wanted), side=side)
    assert_same(found, np.searchsorted(sequence, wanted, side=side).astype(np.uint32))
    assert mx.searchsorted(mx.array([1, 2, 2, 3]), 2, side=side).item() == (
        3 if side == "right" else 1
    )


def test_searchsorted_errors():
    with pytest.raises(ValueError, match=r"\[searchsorted\].*one dimension: got shape \(1, 2\)"):
        mx.searchsorted(mx.zeros((1, 2)), mx.zeros((2,)))
    with pytest.raises(
        ValueError, match=r"\[searchsorted\] expects side 'left' or 'right': got 'x'"
    ):
        mx.searchsorted(mx.zeros((2,)), mx.zeros((2,)), side="x")


def test_median():
    values = values_of((4, 5, 6), "float32")
    a = mx.array(values)
    for axis in (None, 0, 1, -1, (0, 2), (0, 1, 2)):
        for keepdims in (False, True):
            result = mx.median(a, axis=axis, keepdims=keepdims)
            assert_same(result, np.median(values, axis=axis, keepdims=keepdims))
    assert mx.median(mx.array([3, 1, 2, 4])).item() == 2.5
    assert np.isnan(mx.median(mx.array([1.0, float("nan"), 2.0])).item())
    with pytest.raises(ValueError, match=r"\[median\] an empty extent"):
        mx.median(mx.zeros((0,)))


def test_axis_errors():
    for function in (mx.sort, mx.argsort):
        with pytest.raises(IndexError, match=r"out of range"):
            function(mx.zeros((2,)), axis=1)
        with pytest.raises(ValueError, match=r"out of range"):
            function(mx.array(5))


def test_count_nonzero():
    values = values_of((4, 5), "float32")
    a = mx.array(values)
    assert_same(mx.count_nonzero(a, axis=0), np.count_nonzero(values, axis=0).astype(np.int32))
    assert mx.count_nonzero(a).item() == np.count_nonzero(values)
    assert mx.count_nonzero(a, axis=1, keepdims=True).shape == (4, 1)
    assert mx.count_nonzero(mx.array([True, False])).dtype == mx.int32
