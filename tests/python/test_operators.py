"""Python's operators on arrays: weak scalars, reflected and in-place forms, comparison."""

import operator

import numpy as np
import pytest

from tandem import core as mx

BINARY = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
COMPARISONS = [operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge]
BITS = [operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift]


@pytest.mark.parametrize("symbol", BINARY)
def test_arithmetic_in_both_orders(symbol):
    apply = BINARY[symbol]
    a = np.array([1.5, 2.0, 4.0], np.float32)
    b = np.array([3.0, 0.5, 2.0], np.float32)
    np.testing.assert_allclose(np.array(apply(mx.array(a), mx.array(b))), apply(a, b), rtol=1e-6)
    np.testing.assert_allclose(
        np.array(apply(mx.array(a), 2.5)), apply(a, np.float32(2.5)), rtol=1e-6
    )
    np.testing.assert_allclose(
        np.array(apply(2.5, mx.array(a))), apply(np.float32(2.5), a), rtol=1e-6
    )


@pytest.mark.parametrize("symbol", BINARY)
def test_in_place_changes_the_object(symbol):
    in_place = getattr(operator, "i" + BINARY[symbol].__name__)
    a = np.array([6.0, 3.0], np.float32)
    x = mx.array(a)
    other_name = x
    x = in_place(x, 2)
    assert x is other_name
    np.testing.assert_allclose(np.array(other_name), BINARY[symbol](a, np.float32(2)), rtol=1e-6)


def test_in_place_leaves_other_arrays_alone():
    a = mx.array([1, 2])
    b = a + 0
    c = mx.array(a)
    a += 5
    assert a.tolist() == [6, 7]
    assert b.tolist() == c.tolist() == [1, 2]


@pytest.mark.parametrize("compare", COMPARISONS)
def test_comparison(compare):
    a, b = np.array([1, 2, 3]), np.array([2, 2, 2])
    result = compare(mx.array(a), mx.array(b))
    assert result.dtype == mx.bool_
    np.testing.assert_array_equal(np.array(result), compare(a, b))
    np.testing.assert_array_equal(np.array(compare(mx.array(a), 2)), compare(a, 2))
    np.testing.assert_array_equal(np.array(compare(2, mx.array(a))), compare(2, a))


def test_equality_with_other_objects_is_identity():
    a = mx.array([1])
    assert (a == None) is False  # noqa: E711
    assert (a != "text") is True
    with pytest.raises(TypeError):
        a < None  # noqa: B015


@pytest.mark.parametrize("apply", BITS)
def test_bits(apply):
    a, b = np.array([12, 10, 255], np.int32), np.array([3, 1, 2], np.int32)
    np.testing.assert_array_equal(np.array(apply(mx.array(a), mx.array(b))), apply(a, b))
    np.testing.assert_array_equal(np.array(apply(mx.array(a), 2)), apply(a, 2))
    np.testing.assert_array_equal(np.array(apply(2, mx.array(b))), apply(2, b))


def test_unary():
    a = mx.array([1, -2])
    assert (-a).tolist() == [-1, 2]
    assert (+a).tolist() == [1, -2]
    assert abs(a).tolist() == [1, 2]
    assert (~a).tolist() == [-2, 1]


def test_scalars_are_weak():
    assert (mx.array([1], mx.int8) + 1).dtype == mx.int8
    assert (mx.array([1], mx.float16) + 1.5).dtype == mx.float16
    assert (mx.array([1], mx.bfloat16) * 2).dtype == mx.bfloat16
    assert (mx.array([1], mx.uint8) + 1.5).dtype == mx.float32
    assert (mx.array([True]) + 1).dtype == mx.int32
    assert (mx.array([1]) + True).dtype == mx.int32
    assert (mx.array([1.0]) * 2j).dtype == mx.complex64
    assert mx.add(1, 2).dtype == mx.int32
    assert mx.add(1, 2.0).dtype == mx.float32


def test_arrays_are_not_weak():
    assert (mx.array([1], mx.int8) * mx.array(300)).dtype == mx.int32
    assert (mx.array([1]) + np.array([1.5], np.float32)).dtype == mx.float32
    assert (mx.array([1.5]) + np.float32(2)).tolist() == [3.5]


def test_integers_beyond_64_bits_are_refused():
    for operation in (lambda: mx.array([1]) + 2**63, lambda: mx.add(-(2**70), mx.array(1))):
        with pytest.raises(mx.ArgumentError, match="does not fit 64 bits"):
            operation()


@pytest.mark.parametrize("other", [None, "text", object(), {1: 2}])
def test_operands_of_other_types(other):
    with pytest.raises(TypeError):
        mx.array([1]) + other
    with pytest.raises(TypeError):
        mx.add(mx.array([1]), other)


def test_matrix_product():
    a = np.arange(6, dtype=np.float32).reshape(2, 3)
    b = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(np.array(mx.array(a) @ mx.array(b)), a @ b)
    x = mx.array(a)
    x @= mx.array(b)
    np.testing.assert_array_equal(np.array(x), a @ b)
    with pytest.raises(
        mx.ShapeError, match=r"\[matmul\] inner sizes differ: got \(4, 3\) x \(5, 2\)"
    ):
        mx.zeros((4, 3)) @ mx.zeros((5, 2))


def test_contains_and_sums_of_python():
    a = mx.array([1, 2, 3])
    assert 2 in list(a.tolist())
    assert sum(a).item() == 6
    assert max(a).item() == 3
