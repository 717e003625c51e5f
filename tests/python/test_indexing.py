"""Basic indexing against NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tandem import core as mx


@st.composite
def indexed(draw):
    shape = draw(npst.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=5))
    index = draw(npst.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))
    return shape, index


@given(indexed())
@settings(max_examples=400, deadline=None)
def test_against_numpy(case):
    shape, index = case
    values = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    expected = values[index]
    for array in (mx.array(values), mx.array(values) + 0):  # of a leaf and of a pending result
        actual = array[index]
        assert actual.shape == expected.shape
        np.testing.assert_array_equal(np.array(actual), expected)


@given(indexed(), st.data())
@settings(max_examples=150, deadline=None)
def test_views_of_views(case, data):
    shape, index = case
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    first = values[index]
    second = data.draw(npst.basic_indices(first.shape, allow_newaxis=True))
    actual = mx.array(values)[index][second] * 2
    np.testing.assert_array_equal(np.array(actual), first[second] * 2)


def test_elements_are_read_through_views():
    a = mx.arange(12).reshape(3, 4)
    assert [a[i, j].item() for i in range(3) for j in range(4)] == list(range(12))
    assert a[-1][-1].item() == 11
    assert a[np.int64(1), mx.array(2)].item() == 6


@pytest.mark.parametrize(
    ("index", "error", "text"),
    [
        (3, mx.AxisError, r"index out of range on axis 0: got 3, expected -3 to 2"),
        (-4, mx.AxisError, r"index out of range"),
        ((0, 4), mx.AxisError, r"index out of range on axis 1: got 4, expected -4 to 3"),
        ((0, 0, 0), mx.AxisError, r"too many indices: got 3, expected at most 2"),
        ((..., ...), mx.AxisError, r"at most one \.\.\.: got 2"),
        (1.0, mx.ArgumentError, r"cannot index with an object of type float"),
        ("a", mx.ArgumentError, r"object of type str"),
        (True, mx.ArgumentError, r"object of type bool"),
        ([0, 1], mx.ArgumentError, r"object of type list"),
        (slice(None, None, 0), ValueError, r"step cannot be zero"),
    ],
)
def test_errors(index, error, text):
    with pytest.raises(error, match=text):
        mx.zeros((3, 4))[index]


def test_bad_axes_are_index_and_value_errors():
    for kind in (IndexError, ValueError, mx.ShapeError):
        with pytest.raises(kind):
            mx.arange(3)[5]


def test_items_cannot_be_assigned():
    with pytest.raises(TypeError):
        mx.arange(3)[0] = 1
