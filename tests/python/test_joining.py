"""Joining, cutting, repeating, padding and rolling, against NumPy."""

import numpy as np
import pytest
from helpers import assert_same
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem import core as mx

A = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
B = A[::-1] + 100


def test_concatenate():
    a, b = mx.array(A), mx.array(B)
    for axis in range(-3, 3):
        assert_same(mx.concatenate([a, b], axis), np.concatenate([A, B], axis))
        assert_same(mx.concat((a, b, a), axis=axis), np.concatenate([A, B, A], axis))
    assert_same(mx.concatenate([a, b], axis=None), np.concatenate([A, B], axis=None))
    assert_same(mx.concatenate([a.T, b.T[::-1]], 1), np.concatenate([A.T, B.T[::-1]], 1))
    assert_same(mx.concatenate(a), np.concatenate(A))
    empty = mx.zeros((2, 0, 4))
    assert_same(mx.concatenate([a, empty], 1), A)
    assert mx.concatenate([mx.array([1]), mx.array([1.5])]).dtype == mx.float32
    many = [mx.full((2,), i) for i in range(300)]
    assert_same(mx.concatenate(many), np.repeat(np.arange(300, dtype=np.int32), 2))


def test_concatenate_errors():
    a = mx.zeros((2, 3))
    with pytest.raises(ValueError, match=r"\[concatenate\] expects at least one array"):
        mx.concatenate([])
    with pytest.raises(ValueError, match=r"\[concatenate\].*\(2, 3\) and \(2, 4\)"):
        mx.concatenate([a, mx.zeros((2, 4))])
    with pytest.raises(ValueError, match=r"\[concatenate\].*\(2, 3\) and \(3,\)"):
        mx.concatenate([a, mx.zeros((3,))])
    with pytest.raises(IndexError, match=r"\[concatenate\] axis 2"):
        mx.concatenate([a, a], axis=2)
    with pytest.raises(TypeError):
        mx.concatenate(3)


def test_stack():
    a, b = mx.array(A), mx.array(B)
    for axis in range(-4, 4):
        assert_same(mx.stack([a, b], axis), np.stack([A, B], axis))
    assert_same(mx.stack([a, b], axis=None), np.stack([A.ravel(), B.ravel()]))
    assert_same(mx.stack([1, 2.5, True]), np.array([1, 2.5, 1], np.float32))
    with pytest.raises(ValueError, match=r"\[stack\] shapes must agree"):
        mx.stack([a, mx.zeros((2,))])


def test_split():
    a = mx.array(A)
    for sections, axis in ((2, 0), (3, 1), (2, -1), (1, 2)):
        parts = a.split(sections, axis)
        assert isinstance(parts, list)
        for part, expected in zip(parts, np.split(A, sections, axis), strict=True):
            assert_same(part, expected)
    for part, expected in zip(mx.split(a, [1, 3], 2), np.split(A, [1, 3], 2), strict=True):
        assert_same(part, expected)
    assert [part.shape[0] for part in mx.split(mx.zeros((6,)), (2, 1, -1, 9))] == [2, 0, 4, 1, 0]
    with pytest.raises(ValueError, match=r"\[split\] axis 1 of shape \(2, 3, 4\) has no 2 equal"):
        mx.split(a, 2, axis=1)
    with pytest.raises(ValueError, match=r"\[split\] the number of parts must be positive"):
        mx.split(a, 0)
    with pytest.raises(IndexError):
        mx.split(mx.array(1), 1)


def test_unstack():
    parts = mx.unstack(mx.array(A), axis=1)
    assert isinstance(parts, tuple)
    for part, expected in zip(parts, A.transpose(1, 0, 2), strict=True):
        assert_same(part, expected)


def test_repeat_and_tile():
    a = mx.array(A)
    assert_same(mx.repeat(a, 3), np.repeat(A, 3))
    for axis in range(-3, 3):
        assert_same(mx.repeat(a, 2, axis=axis), np.repeat(A, 2, axis=axis))
    assert mx.repeat(a, 0, axis=1).shape == (2, 0, 4)
    assert_same(mx.repeat(3, 2), np.array([3, 3], np.int32))
    for reps in (2, (2, 1), (1, 2, 3), (2, 1, 1, 3), (), (0, 1), (1, 1)):
        assert_same(mx.tile(a, reps), np.tile(A, reps))
    with pytest.raises(ValueError, match=r"\[repeat\]"):
        mx.repeat(a, -1)
    with pytest.raises(ValueError, match=r"\[tile\]"):
        mx.tile(a, -1)


def test_pad():
    a = mx.array(A)
    for width in (1, (1,), (1, 2), [(1, 0), (0, 2), (3, 1)], [(0, 0), (0, 0), (0, 0)]):
        expected_width = width if width != (1,) else 1
        assert_same(mx.pad(a, width), np.pad(A, expected_width))
        for mode in ("edge", "reflect", "symmetric"):
            assert_same(mx.pad(a, width, mode=mode), np.pad(A, expected_width, mode=mode))
    assert_same(mx.pad(a, 1, constant_values=7), np.pad(A, 1, constant_values=7))
    assert_same(mx.pad(a.T, 2, constant_values=mx.array(3)), np.pad(A.T, 2, constant_values=3))
    assert_same(mx.pad(a, 9, mode="reflect"), np.pad(A, 9, mode="reflect"))
    assert_same(mx.pad(a, 9, mode="symmetric"), np.pad(A, 9, mode="symmetric"))
    assert_same(mx.pad(mx.array([1, 2]), 1, constant_values=1.5), np.array([1, 1, 2, 1], np.int32))
    assert_same(mx.pad(mx.zeros((0, 2)), 1, constant_values=2), np.full((2, 4), 2, np.float32))
    assert mx.pad(mx.array(1), 1).shape == ()
    with pytest.raises(ValueError, match=r"\[pad\] widths must not be negative: got \(-1, -1\)"):
        mx.pad(a, -1)
    with pytest.raises(ValueError, match=r"\[pad\] expects mode"):
        mx.pad(a, 1, mode="wrap")
    with pytest.raises(ValueError, match=r"\[pad\] expects one width per dimension: got 2"):
        mx.pad(a, [(1, 1), (1, 1)])


def test_roll_and_flip():
    a = mx.array(A)
    for shift, axis in ((1, None), (-5, 0), (2, 2), ((1, -1), (0, 2)), (3, (1, -1)), ((1, 2), 1)):
        assert_same(mx.roll(a, shift, axis), np.roll(A, shift, axis))
    assert_same(mx.roll(a, (1, 2)), np.roll(A, (1, 2)))
    for axis in (None, 0, -1, (0, 1), [2]):
        assert_same(mx.flip(a, axis), np.flip(A, tuple(axis) if isinstance(axis, list) else axis))
    with pytest.raises(IndexError, match=r"\[roll\]"):
        mx.roll(a, 1, 3)
    with pytest.raises(IndexError, match=r"\[flip\]"):
        mx.flip(a, 3)


def test_diff():
    a = mx.array(A)
    for n in range(4):
        for axis in range(-3, 3):
            assert_same(mx.diff(a, n, axis), np.diff(A, n, axis))
    assert_same(mx.diff(mx.array([True, False, False])), np.array([True, False]))
    assert_same(mx.diff(mx.array([3, 1], dtype=mx.uint8)), np.array([254], np.uint8))
    with pytest.raises(ValueError, match=r"\[diff\] the order must not be negative"):
        mx.diff(a, -1)
    with pytest.raises(IndexError):
        mx.diff(mx.array(3))


EXTENTS = st.lists(st.integers(0, 5), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(shape=EXTENTS, data=st.data())
def test_programs_of_moves(shape, data):
    values = np.arange(int(np.prod(shape)), dtype=np.int32).reshape(shape)
    a = mx.array(values)
    for _ in range(data.draw(st.integers(1, 4))):
        axis = data.draw(st.integers(-values.ndim, values.ndim - 1))
        choice = data.draw(st.integers(0, 5))
        if choice == 0:
            a, values = (
                mx.concatenate([a, mx.flip(a)], axis),
                np.concatenate([values, np.flip(values)], axis),
            )
        elif choice == 1:
            shift = data.draw(st.integers(-7, 7))
            a, values = mx.roll(a, shift, axis), np.roll(values, shift, axis)
        elif choice == 2:
            widths = [tuple(data.draw(st.integers(0, 2)) for _ in "ab") for _ in values.shape]
            a, values = (
                mx.pad(a, widths, constant_values=9),
                np.pad(values, widths, constant_values=9),
            )
        elif choice == 3:
            a, values = mx.sort(a, axis), np.sort(values, axis)
        elif choice == 4:
            a, values = a.T, values.T
        elif values.size < 2000:
            a, values = mx.repeat(a, 2, axis), np.repeat(values, 2, axis)
    assert_same(a, values)
