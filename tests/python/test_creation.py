"""Constants, ranges and matrix products."""

import numpy as np
import pytest

from tandem import core as mx


@pytest.mark.parametrize("shape", [(), 3, (2, 0), [2, 3], (4, 1, 2)])
def test_constants(shape):
    assert np.array(mx.zeros(shape)).tolist() == np.zeros(shape).tolist()
    assert np.array(mx.ones(shape, mx.int32)).tolist() == np.ones(shape).tolist()
    assert np.array(mx.full(shape, 2.5)).tolist() == np.full(shape, 2.5).tolist()


def test_dtypes_of_constants():
    assert mx.zeros(2).dtype == mx.float32
    assert mx.zeros(2, None).dtype == mx.float32
    assert mx.full(2, 3).dtype == mx.int32
    assert mx.full(2, True).dtype == mx.bool_
    assert mx.full((2, 2), mx.array([1, 2]), dtype=mx.float16).dtype == mx.float16
    assert mx.full((2, 2), mx.array([1, 2])).tolist() == [[1, 2], [1, 2]]
    a = mx.array([[1, 2]], mx.int16)
    assert mx.zeros_like(a).dtype == mx.ones_like(a).dtype == mx.int16
    assert mx.full_like(a, 7).tolist() == [[7, 7]]
    assert mx.ones_like(a, mx.float32).tolist() == [[1.0, 1.0]]
    with pytest.raises(mx.ShapeError):
        mx.full((3,), mx.array([1, 2]))
    with pytest.raises((mx.ShapeError, mx.ArgumentError)):
        mx.zeros((-1,))


@pytest.mark.parametrize(
    "arguments",
    [
        (5,),
        (2, 7),
        (2, 9, 3),
        (9, 2, -3),
        (0,),
        (3, 0),
        (0, 1, 0.25),
        (1.5,),
        (10, None, 2),
        (-3, 3),
    ],
    ids=str,
)
def test_arange(arguments):
    given = [x for x in arguments if x is not None]
    expected = (
        np.arange(0, *given) if len(given) == 2 and arguments[1] is None else np.arange(*arguments)
    )
    actual = mx.arange(*arguments)
    assert actual.dtype == (mx.float32 if expected.dtype.kind == "f" else mx.int32)
    np.testing.assert_array_equal(np.array(actual), expected)


def test_arange_by_name():
    assert mx.arange(stop=3).tolist() == [0, 1, 2]
    assert mx.arange(start=1, stop=3, step=1).tolist() == [1, 2]
    assert mx.arange(3, step=2).tolist() == [0, 2]
    assert mx.arange(3, dtype=mx.float16).dtype == mx.float16
    assert mx.arange(2**40, 2**40 + 2).dtype == mx.int64
    with pytest.raises(mx.ArgumentError, match=r"\[arange\]"):
        mx.arange(0, 1, 0)
    with pytest.raises(mx.ArgumentError, match=r"\[arange\] needs an end"):
        mx.arange()


def test_linspace():
    for arguments in [(0, 1, 5), (-2.5, 7, 12), (3, 3, 2), (0, 1, 1), (0, 1, 0)]:
        np.testing.assert_allclose(
            np.array(mx.linspace(*arguments)), np.linspace(*arguments), rtol=1e-6
        )
    assert mx.linspace(0, 1).size == 50
    assert mx.linspace(0, 1, 4, endpoint=False).tolist() == [0, 0.25, 0.5, 0.75]
    assert mx.linspace(0, 10, 3, dtype=mx.int32).tolist() == [0, 5, 10]


def test_matrices():
    np.testing.assert_array_equal(np.array(mx.eye(3)), np.eye(3))
    np.testing.assert_array_equal(np.array(mx.eye(3, 4, 1)), np.eye(3, 4, 1))
    np.testing.assert_array_equal(np.array(mx.eye(4, 2, k=-1, dtype=mx.int32)), np.eye(4, 2, -1))
    np.testing.assert_array_equal(np.array(mx.identity(2)), np.eye(2))


SHAPES = [
    ((3, 4), (4, 5)), ((4,), (4,)), ((4,), (4, 2)), ((3, 4), (4,)), ((2, 3, 4), (4, 5)),
    ((2, 1, 3, 4), (5, 4, 2)), ((1, 1), (1, 1)), ((0, 3), (3, 2)), ((2, 0), (0, 3)),
    ((129, 65), (65, 33)),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right"), SHAPES, ids=str)
def test_matmul(left, right):
    random = np.random.default_rng(0)
    a, b = (random.uniform(-1, 1, s).astype(np.float32) for s in (left, right))
    actual = np.array(mx.matmul(mx.array(a), mx.array(b)))
    expected = np.matmul(a.astype(np.float64), b.astype(np.float64))
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


def test_matmul_of_views():
    values = np.random.default_rng(3).uniform(-1, 1, (6, 8)).astype(np.float32)
    a = mx.array(values)
    np.testing.assert_allclose(np.array(a.T @ a), values.T @ values, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        np.array(a[::2] @ a[::-1].T[:, 1:4]),
        values[::2] @ values[::-1].T[:, 1:4],
        rtol=1e-5,
        atol=1e-5,
    )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_matmul_of_halves(dtype):
    half = getattr(mx, dtype)
    a = mx.random.uniform(-1, 1, (17, 33)).astype(half)
    b = mx.random.uniform(-1, 1, (33, 9)).astype(half)
    exact = np.array(a.astype(mx.float32), np.float64) @ np.array(b.astype(mx.float32), np.float64)
    result = a @ b
    assert result.dtype == half
    np.testing.assert_allclose(
        np.array(result.astype(mx.float32)),
        exact,
        rtol=2.0**-10 if dtype == "float16" else 2.0**-7,
        atol=1e-3,
    )


def test_addmm():
    random = np.random.default_rng(5)
    a, b, c = (random.uniform(-1, 1, s).astype(np.float32) for s in ((3, 4), (4, 5), (5,)))
    actual = mx.addmm(mx.array(c), mx.array(a), mx.array(b), alpha=0.5, beta=2.0)
    np.testing.assert_allclose(np.array(actual), 0.5 * (a @ b) + 2.0 * c, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        np.array(mx.addmm(mx.array(c), mx.array(a), mx.array(b))), a @ b + c, rtol=1e-5, atol=1e-5
    )


def test_errors_of_products():
    with pytest.raises(
        mx.ShapeError, match=r"\[matmul\] inner sizes differ: got \(4, 3\) x \(5, 2\)"
    ):
        mx.matmul(mx.zeros((4, 3)), mx.zeros((5, 2)))
    with pytest.raises(mx.DTypeError, match=r"\[matmul\]"):
        mx.matmul(mx.zeros((2, 2), mx.bool_), mx.zeros((2, 2), mx.bool_))
    with pytest.raises(mx.ShapeError, match=r"\(7,\) and \(2, 4\)"):
        mx.addmm(mx.zeros((7,)), mx.zeros((2, 3)), mx.zeros((3, 4)))
