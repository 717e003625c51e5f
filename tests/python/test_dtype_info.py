"""Limits of dtypes, categories, promotion and casts as questions."""

import copy
import pickle

import numpy as np
import pytest

from tandem import core as mx

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float16", "float32", "float64"]
BFLOAT16_MAX = (2 - 2**-7) * 2.0**127


@pytest.mark.parametrize("name", INTEGERS)
def test_integer_limits(name):
    ours, numpys = mx.iinfo(getattr(mx, name)), np.iinfo(name)
    assert (ours.min, ours.max) == (numpys.min, numpys.max)
    assert ours.dtype == getattr(mx, name)
    assert repr(ours) == f"iinfo(min={numpys.min}, max={numpys.max}, dtype={name})"


@pytest.mark.parametrize("name", FLOATS)
def test_float_limits(name):
    ours, numpys = mx.finfo(getattr(mx, name)), np.finfo(name)
    assert ours.dtype == getattr(mx, name)
    assert ours.bits == numpys.bits
    for field in ("min", "max", "eps", "smallest_normal"):
        assert getattr(ours, field) == float(getattr(numpys, field)), field


def test_limits_of_bfloat16_and_complex64():
    limits = mx.finfo(mx.bfloat16)
    assert (limits.max, limits.min) == (BFLOAT16_MAX, -BFLOAT16_MAX)
    assert (limits.eps, limits.smallest_normal, limits.bits) == (2**-7, 2.0**-126, 16)
    assert mx.finfo(mx.complex64).dtype == mx.float32
    assert mx.finfo(mx.complex64).max == mx.finfo(mx.float32).max
    assert repr(mx.finfo(mx.float32)) == "finfo(min=-3.40282e+38, max=3.40282e+38, dtype=float32)"


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: mx.finfo(mx.int8), r"\[finfo\] expects a floating dtype: got int8"),
        (lambda: mx.finfo(mx.bool_), r"\[finfo\] .* got bool"),
        (lambda: mx.iinfo(mx.float16), r"\[iinfo\] expects an integer dtype: got float16"),
        (lambda: mx.iinfo(mx.bool_), r"\[iinfo\] .* got bool"),
    ],
)
def test_limits_are_of_the_right_dtypes(call, text):
    with pytest.raises(mx.DTypeError, match=text):
        call()


def test_categories_are_an_enumeration():
    names = [category.name for category in mx.DtypeCategory]
    assert names == [
        "complexfloating", "floating", "inexact", "signedinteger", "unsignedinteger", "integer",
        "number", "generic",
    ]  # fmt: skip
    assert str(mx.floating) == "DtypeCategory.floating"
    assert mx.floating is mx.DtypeCategory.floating
    assert pickle.loads(pickle.dumps(mx.number)) is mx.number
    assert copy.deepcopy(mx.number) is mx.number
    assert mx.floating != mx.float32


@pytest.mark.parametrize("name", [*INTEGERS, *FLOATS, "bfloat16", "complex64", "bool_"])
@pytest.mark.parametrize("category", list(mx.DtypeCategory), ids=str)
def test_dtypes_and_categories(name, category):
    dtype = getattr(mx, name)
    numpy_name = {"bfloat16": "float16"}.get(name, name)
    expected = np.issubdtype(np.dtype(numpy_name), getattr(np, category.name))
    assert mx.issubdtype(dtype, category) == expected
    assert not mx.issubdtype(category, dtype)
    assert mx.issubdtype(dtype, dtype)


def test_categories_contain_one_another():
    for a in mx.DtypeCategory:
        for b in mx.DtypeCategory:
            expected = issubclass(getattr(np, a.name), getattr(np, b.name))
            assert mx.issubdtype(a, b) == expected, (a, b)
    for bad in (int, "int8", mx.array(1)):
        with pytest.raises(ValueError, match=r"\[issubdtype\] expects a dtype or a category"):
            mx.issubdtype(bad, mx.number)


KINDS = {
    "bool": ["bool_"],
    "signed integer": INTEGERS[:4],
    "unsigned integer": INTEGERS[4:],
    "integral": INTEGERS,
    "real floating": [*FLOATS, "bfloat16"],
    "complex floating": ["complex64"],
    "numeric": [*INTEGERS, *FLOATS, "bfloat16", "complex64"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_the_array_api(kind):
    for name in [*KINDS["numeric"], "bool_"]:
        dtype = getattr(mx, name)
        assert mx.isdtype(dtype, kind) == (name in KINDS[kind])
        assert mx.isdtype(dtype, (kind, "bool")) == (name in [*KINDS[kind], "bool_"])
        assert mx.isdtype(dtype, (dtype,))
        assert not mx.isdtype(dtype, ())


@pytest.mark.parametrize(
    "kind", ["foo", ("bool", "foo"), mx.floating, ["bool"], (1,), (("bool",),)]
)
def test_unknown_kinds(kind):
    with pytest.raises(mx.ArgumentError, match=r"\[isdtype\]"):
        mx.isdtype(mx.int8, kind)


def test_result_type_and_can_cast_follow_promotion():
    dtypes = [getattr(mx, name) for name in [*KINDS["numeric"], "bool_"]]
    for a in dtypes:
        assert mx.result_type(a) == a
        for b in dtypes:
            sum_dtype = (mx.zeros(1, a) + mx.zeros(1, b)).dtype
            assert mx.result_type(a, b) == sum_dtype
            assert mx.result_type(mx.zeros(2, a), b) == sum_dtype
            assert mx.can_cast(a, b) == (sum_dtype == b)
    assert mx.result_type(mx.int8, mx.uint8, mx.float16) == mx.float16
    assert mx.can_cast(from_=mx.array([1]), to=mx.float16)


@pytest.mark.parametrize("arguments", [(), (1,), (mx.int8, 1.5), ("int8",), ([1],)])
def test_result_type_takes_arrays_and_dtypes(arguments):
    with pytest.raises(mx.ArgumentError, match=r"\[result_type\]"):
        mx.result_type(*arguments)
    with pytest.raises(ValueError, match=r"\[can_cast\]"):
        mx.can_cast(1, mx.int8)
