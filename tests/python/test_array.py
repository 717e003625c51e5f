"""Class array: construction, properties, conversions, text, copies."""

import copy
import math
import pickle

import numpy as np
import pytest

from tandem import core as mx

DTYPES = [
    "bool_", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64",
    "float16", "bfloat16", "float32", "float64", "complex64",
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (True, "bool", "array(True, dtype=bool)"),
        (3, "int32", "array(3, dtype=int32)"),
        (2**40, "int64", "array(1099511627776, dtype=int64)"),
        (0.5, "float32", "array(0.5, dtype=float32)"),
        (1 + 2j, "complex64", "array(1+2j, dtype=complex64)"),
        ([], "float32", "array([], dtype=float32)"),
        ([[], []], "float32", "array([[],\n       []], dtype=float32)"),
        ([2, 3, 4], "int32", "array([2, 3, 4], dtype=int32)"),
        ([1, 2.5, True], "float32", "array([1, 2.5, 1], dtype=float32)"),
        ([True, False], "bool", "array([True, False], dtype=bool)"),
        ([1, 2**31], "int64", "array([1, 2147483648], dtype=int64)"),
        ((1, (2)), "int32", "array([1, 2], dtype=int32)"),
        ([[1, 2], [3, 4]], "int32", "array([[1, 2],\n       [3, 4]], dtype=int32)"),
        ([1j, 2], "complex64", "array([0+1j, 2+0j], dtype=complex64)"),
        (range(3), "int32", "array([0, 1, 2], dtype=int32)"),
        ([1e10, 1e-10, 0.1], "float32", "array([1e+10, 1e-10, 0.1], dtype=float32)"),
        ([math.nan, math.inf, -math.inf], "float32", "array([nan, inf, -inf], dtype=float32)"),
        ([16777216.0, 1.123456789], "float32", "array([1.67772e+07, 1.12346], dtype=float32)"),
    ],
)
def test_from_python(value, dtype, text):
    a = mx.array(value)
    assert str(a.dtype) == f"mlx.core.{dtype}"
    assert repr(a) == str(a) == text


def test_long_axes_are_shortened():
    assert str(mx.arange(100)) == "array([0, 1, 2, ..., 97, 98, 99], dtype=int32)"
    assert str(mx.arange(6)) == "array([0, 1, 2, 3, 4, 5], dtype=int32)"
    rows = str(mx.zeros((8, 8))).splitlines()
    assert rows[0] == "array([[0, 0, 0, ..., 0, 0, 0],"
    assert rows[3] == "       ...,"
    assert len(rows) == 7


def test_named_dtype_converts():
    assert mx.array([1.7, -1.7], mx.int32).tolist() == [1, -1]
    assert mx.array([300], mx.int8).tolist() == [44]
    assert mx.array(-1, mx.uint8).item() == 255
    assert mx.array([math.nan, 1e20, -1e20], mx.int64).tolist() == [0, 2**63 - 1, -(2**63)]
    assert mx.array([2**64 - 1], mx.uint64).tolist() == [2**64 - 1]
    assert mx.array([0.1], mx.float64).tolist() == [0.1]
    assert mx.array(True, mx.float32).item() == 1.0
    assert mx.array([1.1], mx.bfloat16).tolist() == [1.1015625]
    assert mx.array(mx.array([1, 2]), mx.float32).dtype == mx.float32


def test_elements_may_be_arrays():
    a = mx.array([mx.array(1), mx.array(2.5), 3])
    assert a.tolist() == [1.0, 2.5, 3.0]
    assert mx.array([mx.array([1, 2]), np.array([3, 4], np.int32)]).tolist() == [[1, 2], [3, 4]]
    assert mx.array([np.float32(1), 2]).tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        ([[1, 2], [3]], mx.ShapeError, r"\[array\] nested sequences are not uniform"),
        ([1, [2]], mx.ShapeError, r"\[array\] nested sequences are not uniform"),
        ([[1], 2], mx.ShapeError, r"\[array\] nested sequences are not uniform"),
        ("text", mx.DTypeError, r"\[array\] cannot make an array from an object of type str"),
        (None, mx.DTypeError, r"object of type NoneType"),
        ([1, "a"], mx.DTypeError, r"\[array\] cannot hold an element of type str"),
        ([1, None], mx.DTypeError, r"element of type NoneType"),
        ({1: 2}, mx.DTypeError, r"object of type dict"),
        (2**63, mx.ArgumentError, r"does not fit 64 bits"),
        ([2**70], mx.ArgumentError, r"does not fit 64 bits"),
    ],
)
def test_what_cannot_be_an_array(value, error, text):
    with pytest.raises(error, match=text):
        mx.array(value)


def test_properties():
    a = mx.zeros((2, 3), mx.int16)
    assert (a.shape, a.ndim, a.size, a.dtype) == ((2, 3), 2, 6, mx.int16)
    assert (a.itemsize, a.nbytes) == (2, 12)
    assert a.T.shape == (3, 2)
    assert mx.array(1).shape == ()
    assert mx.zeros((0, 4)).size == 0


@pytest.mark.parametrize("name", DTYPES)
def test_dtypes(name):
    dtype = getattr(mx, name)
    assert str(dtype) == repr(dtype) == "mlx.core." + name.rstrip("_")
    assert dtype == dtype
    assert dtype != None  # noqa: E711
    assert len({dtype, dtype}) == 1
    assert pickle.loads(pickle.dumps(dtype)) is dtype
    assert copy.deepcopy(dtype) is dtype
    assert mx.zeros((2,), dtype).itemsize == dtype.size


@pytest.mark.parametrize("name", DTYPES)
def test_item_and_tolist(name):
    a = mx.array([[0, 1], [1, 0]]).astype(getattr(mx, name))
    assert a.tolist() == [[0, 1], [1, 0]]
    value = a[0, 1].item()
    assert value == 1
    kind = {"b": bool, "u": int, "i": int, "f": float, "c": complex}[
        "b" if name.startswith("bool") else "f" if name == "bfloat16" else name[0]
    ]
    assert type(value) is kind


def test_numbers():
    assert int(mx.array(3.7)) == 3
    assert float(mx.array([1.5])) == 1.5
    assert complex(mx.array(1.5)) == 1.5 + 0j
    assert [10, 20, 30][mx.array(1)] == 20
    assert bool(mx.array(0)) is False
    assert bool(mx.array([[2.0]])) is True
    with pytest.raises(TypeError):
        [1, 2][mx.array(1.0)]
    for convert in (int, float, complex, bool, lambda a: a.item()):
        with pytest.raises(mx.ShapeError, match=r"needs exactly one element: got shape \(2,\)"):
            convert(mx.array([1, 2]))


def test_format():
    assert f"{mx.array(1.5):.3f}" == "1.500"
    assert f"{mx.array(7)}" == "7"
    assert f"{mx.array([1, 2])}" == "array([1, 2], dtype=int32)"
    with pytest.raises(TypeError):
        f"{mx.array([1, 2]):.2f}"


def test_iteration_and_length():
    assert [x.item() for x in mx.arange(3)] == [0, 1, 2]
    assert [row.tolist() for row in mx.array([[1, 2], [3, 4]])] == [[1, 2], [3, 4]]
    assert len(mx.zeros((5, 2))) == 5
    assert list(mx.zeros((0, 3))) == []
    with pytest.raises(TypeError):
        len(mx.array(1))
    with pytest.raises(TypeError):
        iter(mx.array(1))


def test_hash_is_identity():
    a, b = mx.array([1]), mx.array([1])
    assert hash(a) == hash(a)
    assert len({a: 1, b: 2}) == 2


@pytest.mark.parametrize("name", DTYPES)
def test_copies_and_pickles(name):
    a = mx.array([[1, 0, 1], [0, 1, 1]]).astype(getattr(mx, name))[:, ::2]
    for other in (copy.copy(a), copy.deepcopy(a), pickle.loads(pickle.dumps(a))):
        assert other is not a
        assert (other.dtype, other.shape) == (a.dtype, a.shape)
        assert other.tolist() == a.tolist()


def test_astype():
    a = mx.array([1.5, -2.5])
    assert a.astype(mx.int32).tolist() == [1, -2]
    assert a.astype(mx.bool_).tolist() == [True, True]
    assert a.astype(mx.float32).dtype == mx.float32
    assert a.astype(mx.int32, stream=mx.cpu).dtype == mx.int32
    with pytest.raises(TypeError):
        a.astype("float32")


def test_evaluation_of_trees():
    a, b, c = mx.array([1]) + 1, mx.array([2]) + 1, mx.array([3]) + 1
    mx.eval([a, {"b": b, "list": (c,)}], None, "text")
    assert (a.item(), b.item(), c.item()) == (2, 3, 4)
    d = a * b
    mx.async_eval({"d": [d]})
    assert d.item() == 6
    mx.eval()


def test_public_names_are_of_the_public_module():
    assert mx.array.__module__ == "tandem.core"
    assert mx.Dtype.__module__ == "tandem.core"
    assert mx.AxisError.__module__ == "tandem.core"
