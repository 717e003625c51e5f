"""Protocols of class array: the array API standard, bytes, reversal, foreign arrays, numbers."""

import operator

import numpy as np
import pytest

from tandem import core as mx

DTYPES = [
    "bool_", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64",
    "float16", "bfloat16", "float32", "float64", "complex64",
]  # fmt: skip


class Foreign:
    """Another library's array that offers itself."""

    def __init__(self, values):
        self.values = values

    def __mlx_array__(self):
        return mx.array(self.values)


def test_foreign_arrays_are_operands():
    a, x = mx.array([3.0, 4.0]), Foreign([1.0, 2.0])
    assert isinstance(x, mx.ArrayLike)
    assert not isinstance(1, mx.ArrayLike)
    assert mx.array(x).tolist() == [1.0, 2.0]
    assert (a + x).tolist() == (x + a).tolist() == [4.0, 6.0]
    assert mx.subtract(x, 1).tolist() == [0.0, 1.0]
    assert mx.where(mx.array([True, False]), x, a).tolist() == [1.0, 4.0]
    assert (a > x).tolist() == [True, True]
    a += x
    assert a.tolist() == [4.0, 6.0]
    with pytest.raises(TypeError):
        a + Foreign  # a class is no array


def test_the_namespace_of_the_array_api():
    a = mx.array([[1.0, 2.0], [3.0, 4.0]])
    assert a.__array_namespace__() is mx
    with pytest.raises(ValueError, match=r"\[array_namespace\]"):
        a.__array_namespace__(api_version="1999.01")
    info = a.__array_namespace__().__array_namespace_info__()
    assert set(info.capabilities()) == {
        "boolean indexing", "data-dependent shapes", "max dimensions",
    }  # fmt: skip
    assert info.default_device() == mx.default_device()
    assert mx.Device(mx.cpu) in info.devices()
    assert len(info.devices()) == mx.device_count(mx.cpu) + mx.device_count(mx.gpu)
    assert info.default_dtypes()["real floating"] == mx.zeros(1).dtype
    assert info.default_dtypes()["integral"] == mx.array(1).dtype
    assert info.dtypes(kind="complex floating") == {"complex64": mx.complex64}
    assert list(info.dtypes(kind=("bool", "unsigned integer"))) == [
        "bool", "uint8", "uint16", "uint32", "uint64",
    ]  # fmt: skip
    assert info.dtypes()["bool"] == mx.bool_
    with pytest.raises(ValueError, match=r"unknown kind"):
        info.dtypes(kind="text")
    with pytest.raises(TypeError, match=r"expected a Device"):
        info.dtypes(device="cpu")
    most = info.capabilities()["max dimensions"]
    assert mx.sum(mx.ones((1,) * most), axis=0).ndim == most - 1


def test_arrays_have_no_location():
    a = mx.array([1, 2])
    assert a.device == mx.default_device()
    assert a.to_device(mx.cpu) is a
    assert a.to_device(mx.Device(mx.cpu), stream=mx.default_stream(mx.cpu)) is a
    with pytest.raises(mx.DeviceError, match=r"\[to_device\] there is no device"):
        a.to_device(mx.Device(mx.cpu, 99))
    with pytest.raises(mx.ArgumentError, match=r"\[to_device\] expects a stream"):
        a.to_device(mx.cpu, stream="fast")


def test_matrix_transpose():
    a = mx.arange(24).reshape(2, 3, 4)
    assert a.mT.shape == (2, 4, 3)
    np.testing.assert_array_equal(np.array(a.mT), np.arange(24).reshape(2, 3, 4).transpose(0, 2, 1))
    with pytest.raises(mx.ShapeError, match=r"\[matrix_transpose\] needs two dimensions"):
        _ = mx.array([1, 2]).mT


@pytest.mark.parametrize("name", DTYPES)
def test_bytes(name):
    a = mx.array([[0, 1, 2], [1, 0, 1]]).astype(getattr(mx, name))
    assert bytes(a) == a.view(mx.uint8).flatten().__array__().tobytes()
    if name != "bfloat16":
        assert bytes(a.T) == np.ascontiguousarray(np.array(a).T).tobytes()
    assert len(bytes(a[:0])) == 0


def test_reversed():
    a = mx.arange(6).reshape(3, 2)
    assert [row.tolist() for row in reversed(a)] == [[4, 5], [2, 3], [0, 1]]
    assert list(reversed(mx.zeros((0, 2)))) == []
    with pytest.raises(TypeError, match="array of no axes"):
        reversed(mx.array(1))


def test_old_division():
    a = mx.array([1, 4])
    assert a.__div__(2).tolist() == [0.5, 2.0]
    assert a.__rdiv__(2).tolist() == [2.0, 0.5]


def test_index():
    assert operator.index(mx.array(3, mx.uint8)) == 3
    assert [10, 20, 30][mx.array(1)] == 20
    for bad in (mx.array(1.5), mx.array(True), mx.array([1])):
        with pytest.raises(TypeError, match="only an integer array of no axes"):
            operator.index(bad)


def test_format_of_integers():
    assert f"{mx.array(3):04d}" == "0003"
    with pytest.raises(TypeError, match="a format needs an array of no axes"):
        format(mx.array([1.5]), ".2f")


def test_minmax_and_cumulative_names():
    a = mx.array([[3.0, 1.0], [2.0, 5.0]])
    low, high = mx.minmax(a, axis=0)
    assert (low.tolist(), high.tolist()) == ([2.0, 1.0], [3.0, 5.0])
    low, high = mx.minmax(a, axis=(0, 1), keepdims=True)
    assert (low.tolist(), high.tolist()) == ([[1.0]], [[5.0]])
    assert mx.cumulative_sum(a, axis=1).tolist() == mx.cumsum(a, axis=1).tolist()
    assert mx.cumulative_prod(a, axis=0).tolist() == mx.cumprod(a, axis=0).tolist()
    assert mx.set_wired_limit(1 << 20) == 0


def test_array_with_a_dtype():
    a = mx.array([1.0, 2.0])
    assert a.__array__(np.int32).tolist() == [1, 2]
    assert a.__array__(dtype=np.float32, copy=False).dtype == np.float32
    with pytest.raises(ValueError, match=r"\[__array__\] another dtype needs a copy"):
        a.__array__(dtype=np.int32, copy=False)


def test_numbers_of_numpy_are_weak():
    half = mx.array([1.5, 2.0], mx.float16)
    assert (half * np.float32(2)).dtype == mx.float16
    assert (np.int64(2) + half).tolist() == [3.5, 4.0]
    assert (mx.array([1, 2], mx.int8) + np.int64(2)).dtype == mx.int8
    assert (mx.array([1, 2]) * np.float64(1.5)).dtype == mx.float32
    assert (mx.array([1, 2]) + np.bool_(True)).tolist() == [2, 3]
    assert mx.maximum(half, np.float32(1.75)).dtype == mx.float16
    assert (half + np.float32([1.0, 2.0])).dtype == mx.float32
    with pytest.raises(TypeError):
        half + np.datetime64("2020-01-01")


def test_asarray_copies_only_when_it_may():
    a = mx.array([1.0, 2.0])
    assert mx.asarray(a, mx.float32, copy=False).tolist() == [1.0, 2.0]
    with pytest.raises(mx.ArgumentError, match=r"\[asarray\] another dtype needs a copy"):
        mx.asarray(a, mx.int32, copy=False)
    with pytest.raises(mx.ArgumentError, match="cannot be shared without a copy"):
        mx.asarray([1.0], copy=False)


@pytest.mark.parametrize("name", ["var", "std"])
def test_correction_is_the_standards_ddof(name):
    a = np.array([[1.0, 2.0, 4.0], [0.0, 3.0, 5.0]], np.float32)
    expected = getattr(np, name)(a, axis=1, ddof=1)
    for actual in (
        getattr(mx, name)(mx.array(a), axis=1, correction=1),
        getattr(mx.array(a), name)(axis=1, ddof=2, correction=1),
    ):
        np.testing.assert_allclose(np.array(actual), expected, rtol=1e-6)
