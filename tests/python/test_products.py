"""Matrix products in every shape, and what is made of them, against NumPy."""

import numpy as np
import pytest
from helpers import assert_same
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem import core as mx


def values_of(*shape, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).integers(-5, 6, shape).astype(dtype)


def array_of(values):
    return mx.array(np.asarray(values))


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_matmul_of_any_shapes_and_strides(data):
    extent = st.integers(0, 6)
    m, k, n = (data.draw(extent) for _ in range(3))
    batch = data.draw(st.lists(st.integers(1, 3), max_size=3))
    dtype = data.draw(st.sampled_from(["float32", "float64", "int32", "uint8", "complex64"]))

    def operand(rows, columns, vector):
        if vector:
            return values_of(k, dtype=dtype)
        own = [1 if data.draw(st.booleans()) else extent for extent in batch]
        own = own[data.draw(st.integers(0, len(own))) :]
        return values_of(*own, rows, columns, dtype=dtype, seed=data.draw(st.integers(0, 9)))

    def laid_out(values):
        a = mx.array(values)
        if values.ndim < 2:
            return mx.array(np.repeat(values, 2))[::2] if data.draw(st.booleans()) else a
        how = data.draw(st.integers(0, 3))
        if how == 1:
            return mx.swapaxes(mx.array(np.swapaxes(values, -1, -2)), -1, -2)
        if how == 2:
            return mx.array(values[..., ::-1].copy())[..., ::-1]
        if how == 3:
            return mx.pad(a, [(0, 0)] * (values.ndim - 1) + [(2, 3)])[..., 2 : 2 + values.shape[-1]]
        return a

    a = operand(m, k, data.draw(st.booleans()))
    b = operand(k, n, data.draw(st.booleans()))
    # Small whole numbers: every order of summation is exact.
    assert_same(mx.matmul(laid_out(a), laid_out(b)), np.matmul(a, b))


def test_matmul_errors():
    with pytest.raises(ValueError, match=r"\[matmul\] operands need at least one dimension"):
        mx.matmul(mx.array(1), mx.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"\[matmul\] expects numbers: got bool x bool"):
        mx.matmul(mx.array([True]), mx.array([True]))
    with pytest.raises(ValueError, match=r"\[matmul\].*\(2,\) and \(3,\)"):
        mx.matmul(mx.zeros((2, 2, 2)), mx.zeros((3, 2, 2)))


def test_addmm_of_integers():
    a, b = values_of(3, 4, dtype=np.int32), values_of(4, 5, dtype=np.int32, seed=1)
    c = values_of(5, dtype=np.int32, seed=2)
    assert_same(mx.addmm(array_of(c), array_of(a), array_of(b)), a @ b + c)
    assert_same(mx.addmm(array_of(c), array_of(a), array_of(b), 2, -3), 2 * (a @ b) - 3 * c)
    with pytest.raises(ValueError, match=r"\[addmm\] alpha and beta of integers must be whole"):
        mx.addmm(array_of(c), array_of(a), array_of(b), alpha=0.5)
    with pytest.raises(ValueError, match=r"\[addmm\]"):
        mx.addmm(mx.zeros((4,)), array_of(a), array_of(b))
    with pytest.raises(
        ValueError, match=r"\[addmm\] c does not broadcast.*\(2, 3, 5\) for \(3, 5\)"
    ):
        mx.addmm(mx.zeros((2, 3, 5)), array_of(a), array_of(b))


def test_inner_outer_kron():
    a, b = values_of(2, 3), values_of(4, 3, seed=1)
    assert_same(mx.inner(array_of(a), array_of(b)), np.inner(a, b))
    assert_same(mx.inner(array_of(a), 2.0), np.inner(a, np.float32(2)))
    assert_same(mx.inner(array_of(a[0]), array_of(b[0])), np.inner(a[0], b[0]))
    assert_same(mx.outer(array_of(a), array_of(b[0])), np.outer(a, b[0]))
    for x, y in ((a, b), (a[0], b), (a, b[0]), (a[0], b[0]), (a[0, 0], b), (a, b[0, 0])):
        assert_same(mx.kron(array_of(x), array_of(y)), np.kron(x, y))
    with pytest.raises(ValueError, match=r"\[inner\] last extents differ: got \(2, 3\) x \(4,\)"):
        mx.inner(array_of(a), mx.zeros((4,)))


def test_tensordot():
    a, b = values_of(2, 3, 4), values_of(3, 4, 5, seed=1)
    for axes in (2, 0, [[1, 2], [0, 1]], [[2, 1], [1, 0]], [[-1], [1]], [[1], [0]]):
        assert_same(mx.tensordot(array_of(a), array_of(b), axes), np.tensordot(a, b, axes))
    assert_same(mx.tensordot(array_of(a), array_of(b), axes=[2, 1]), np.tensordot(a, b, [2, 1]))
    whole = a.astype(np.int64)
    assert_same(
        mx.tensordot(array_of(whole), array_of(whole), [[0], [0]]),
        np.tensordot(whole, whole, [[0], [0]]),
    )
    with pytest.raises(ValueError, match=r"\[tensordot\] summed extents differ"):
        mx.tensordot(array_of(a), array_of(b), 1)
    with pytest.raises(ValueError, match=r"\[tensordot\] cannot sum over 4 axes"):
        mx.tensordot(array_of(a), array_of(b), 4)
    with pytest.raises(ValueError, match=r"\[tensordot\] expects as many axes of a as of b"):
        mx.tensordot(array_of(a), array_of(b), [[0, 1], [0]])


def test_vecdot():
    a, b = values_of(2, 3, 4), values_of(3, 4, seed=1)
    assert_same(mx.vecdot(array_of(a), array_of(b)), np.vecdot(a, b))
    assert_same(mx.vecdot(array_of(a), array_of(a), axis=1), np.vecdot(a, a, axis=1))
    z = np.array([1 + 2j, 3 - 1j], np.complex64)
    assert_same(mx.vecdot(array_of(z), array_of(z)), np.vecdot(z, z))
    with pytest.raises(ValueError, match=r"\[vecdot\] summed extents differ"):
        mx.vecdot(array_of(a), mx.zeros((3,)))


EINSUMS = [
    ("ij,jk", [(2, 3), (3, 4)]),
    ("ij,jk->ki", [(2, 3), (3, 4)]),
    ("ij->ji", [(2, 3)]),
    ("ba", [(2, 3)]),
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("iij->ij", [(3, 3, 2)]),
    ("iji->j", [(3, 2, 3)]),
    ("iii->i", [(3, 3, 3)]),
    ("ij->", [(2, 3)]),
    ("ij->j", [(2, 3)]),
    ("...j->...", [(2, 3, 4)]),
    ("...ij,...jk->...ik", [(5, 2, 3), (3, 4)]),
    ("...ij,jk...", [(5, 2, 3), (3, 4, 1)]),
    ("i,j", [(2,), (3,)]),
    ("i,i", [(3,), (3,)]),
    ("i,i->i", [(3,), (3,)]),
    ("i,i,i->i", [(3,), (3,), (3,)]),
    ("bij,bjk->bik", [(4, 2, 3), (4, 3, 5)]),
    ("bqhd,bkhd->bhqk", [(2, 3, 4, 5), (2, 6, 4, 5)]),
    ("bhqk,bkhd->bqhd", [(2, 4, 3, 6), (2, 6, 4, 5)]),
    ("ij,kl,jl->ik", [(2, 3), (4, 5), (3, 5)]),
    ("ab,bc,cd,de->ae", [(2, 3), (3, 4), (4, 5), (5, 2)]),
    ("iJ,Jk", [(2, 3), (3, 4)]),
    (" i j , j k -> i k ", [(2, 3), (3, 4)]),
    ("ij,j->i", [(2, 3), (1,)]),
    ("ij,ij->i", [(1, 3), (2, 3)]),
    ("ij,jk->ik", [(0, 3), (3, 4)]),
    ("ij,jk->ik", [(2, 0), (0, 4)]),
    ("i,->i", [(3,), ()]),
    ("ijk,ilm,njm,nlk,abc->", [(2, 3, 4), (2, 5, 6), (7, 3, 6), (7, 5, 4), (2, 2, 2)]),
]


@pytest.mark.parametrize(("text", "shapes"), EINSUMS)
@pytest.mark.parametrize("dtype", ["float32", "int32", "complex64"])
def test_einsum(text, shapes, dtype):
    operands = [values_of(*shape, dtype=dtype, seed=i) for i, shape in enumerate(shapes)]
    expected = np.einsum(text.replace(" ", ""), *operands)
    if dtype == "int32" or len(shapes) < 4:
        assert_same(mx.einsum(text, *map(array_of, operands)), np.asarray(expected))
    else:
        actual = np.array(mx.einsum(text, *map(array_of, operands)))
        np.testing.assert_allclose(actual, expected, rtol=1e-5)


def test_einsum_errors():
    a = mx.zeros((2, 3))
    for text, operands, message in (
        ("ij,jk", (a,), r"expects one operand per term: got 1 operands"),
        ("ijk", (a,), r"'ijk' does not name the axes of operand 0 of shape \(2, 3\)"),
        ("i1", (a,), r"subscripts are letters: got '1'"),
        ("ij->ii", (a,), r"the result names an axis twice"),
        ("ij->ik", (a,), r"the result names an axis that no operand has"),
        ("ij,ij", (a, mx.zeros((2, 4))), r"axis 1 of operand 1 has extent 4, expected 3"),
        ("i..j", (a,), r"expects at most one"),
    ):
        with pytest.raises(ValueError, match=r"\[einsum\] " + message):
            mx.einsum(text, *operands)


def test_einsum_path():
    ones = [mx.ones(shape) for shape in ((2, 3), (3, 4), (4, 5))]
    path, text = mx.einsum_path("ij,jk,kl", *ones)
    assert path == [(1, 2), (0, 1)]
    assert "Naive FLOP count:  360" in text
    assert "Optimized FLOP count:  180" in text
    assert mx.einsum_path("ij->", ones[0])[0] == [(0,)]


def hadamard(n):
    """The matrix that transforms rows of n elements."""
    return np.array(mx.hadamard_transform(mx.eye(n), scale=1.0))


@pytest.mark.parametrize("n", [1, 2, 4, 12, 20, 28, 24, 56, 64, 128, 160, 4096])
def test_hadamard_matrices(n):
    matrix = hadamard(n)
    assert set(np.unique(matrix)) <= {-1.0, 1.0}
    np.testing.assert_array_equal(matrix @ matrix.T, n * np.eye(n))


def test_hadamard_transform():
    np.testing.assert_array_equal(hadamard(4), np.kron([[1, 1], [1, -1]], [[1, 1], [1, -1]]))
    np.testing.assert_array_equal(hadamard(24), np.kron(hadamard(12), [[1, 1], [1, -1]]))
    # First rows as the ecosystem's reference has them.
    for n, row in ((12, "+-++++++++++"), (20, "+-----++++--++--+--+")):
        assert "".join("+" if x > 0 else "-" for x in hadamard(n)[0]) == row
    assert mx.hadamard_transform(mx.arange(4)).tolist() == [3.0, -1.0, -2.0, 0.0]
    values = values_of(3, 5, 256)
    result = np.array(mx.hadamard_transform(array_of(values).astype(mx.float16)))
    assert result.dtype == np.float16
    np.testing.assert_allclose(result, values @ hadamard(256) / 16, rtol=1e-3, atol=1e-3)
    with pytest.raises(ValueError, match=r"\[hadamard_transform\] expects m \* 2\^k.*: got 6"):
        mx.hadamard_transform(mx.zeros((6,)))
    with pytest.raises(ValueError, match=r"\[hadamard_transform\] expects elements"):
        mx.hadamard_transform(mx.zeros((0,)))


def test_block_masked_mm():
    a, b = values_of(2, 40, 50), values_of(50, 33, seed=1)
    left = np.array([[1, 0], [0, 1]], bool)
    out = np.array([[0.5, 2.0], [1.0, 0.0]], np.float32)

    def spread(mask, shape):
        return np.kron(mask, np.ones((32, 32), mask.dtype))[: shape[0], : shape[1]]

    kept = a * spread(left, (40, 50))
    args = (array_of(a), array_of(b), 32)
    assert_same(mx.block_masked_mm(*args), a @ b)
    assert_same(mx.block_masked_mm(*args, None, array_of(left)), kept @ b)
    expected = (kept @ (b * spread(left, (50, 33)))) * spread(out, (40, 33))
    masked = mx.block_masked_mm(*args, array_of(out), array_of(left), array_of(left))
    assert_same(masked, expected.astype(np.float32))
    with pytest.raises(ValueError, match=r"\[block_masked_mm\] a mask of shape \(1, 2\)"):
        mx.block_masked_mm(*args, array_of(left[:1]))
    with pytest.raises(ValueError, match=r"\[block_masked_mm\] expects floating numbers"):
        mx.block_masked_mm(mx.ones((2, 2), mx.int32), mx.ones((2, 2), mx.int32))


def test_segmented_mm():
    a, b = values_of(4, 6), values_of(6, 5, seed=1)
    a[0, 5] = np.inf
    segments = np.array([[[0, 3], [3, 5]], [[2, 2], [1, 5]]], np.uint32)
    result = mx.segmented_mm(array_of(a), array_of(b), array_of(segments))
    expected = [[a[:, x:y] @ b[x:y] for x, y in row] for row in segments]
    assert_same(result, np.array(expected))
    with pytest.raises(ValueError, match=r"\[segmented_mm\] expects whole pairs"):
        mx.segmented_mm(array_of(a), array_of(b), mx.array([0, 3, 4]))
    with pytest.raises(ValueError, match=r"\[segmented_mm\] expects two matrices"):
        mx.segmented_mm(array_of(a), array_of(a), array_of(segments))
