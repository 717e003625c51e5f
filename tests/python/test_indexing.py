"""Indexing against NumPy: reading, writing and array.at."""

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
        (([0], 0, 0), mx.AxisError, r"too many indices: got 3, expected at most 2"),
        ((..., ...), mx.AxisError, r"at most one \.\.\.: got 2"),
        ((..., [0], ...), mx.AxisError, r"at most one \.\.\.: got 2"),
        (([0], 4), mx.AxisError, r"index out of range on axis 1: got 4, expected -4 to 3"),
        (1.0, mx.ArgumentError, r"cannot index with an object of type float"),
        ("a", mx.ArgumentError, r"object of type str"),
        ([0.5], mx.DTypeError, r"indices are whole numbers: got float32"),
        (np.zeros(2), mx.DTypeError, r"indices are whole numbers: got float32"),
        (np.zeros(4, bool), mx.AxisError, r"a mask has the shape .*: got \(4,\), expected \(3,\)"),
        (([0, 1], [0, 1, 2]), mx.ShapeError, r"shapes do not broadcast: got \(2,\) and \(3,\)"),
        (slice(None, None, 0), ValueError, r"step (cannot|must not) be zero"),
        ((slice(None, None, 0), [1]), ValueError, r"step (cannot|must not) be zero"),
    ],
)
def test_errors(index, error, text):
    array = mx.zeros((3, 4))
    with pytest.raises(error, match=text):
        array[index]
    with pytest.raises(error, match=text):
        array[index] = 1
    with pytest.raises(error, match=text):
        array.at[index].add(1)


def test_nothing_is_taken_from_an_empty_axis():
    with pytest.raises(mx.AxisError, match=r"nothing can be taken from an axis of extent 0"):
        mx.zeros((0, 3))[[0]]
    assert mx.zeros((0, 3))[[]].shape == (0, 3)


def test_numbers_of_numpy_are_numbers():
    a = mx.arange(4)
    for number in (np.int64(2), np.uint8(2), np.array(2)):
        assert a[number].item() == 2
        a[number] = 2
    for number in (np.int64(4), np.array(-5)):
        with pytest.raises(mx.AxisError, match="index out of range"):
            a[number]
    assert a[np.bool_(True)].shape == (1, 4)
    assert a[np.array(False)].shape == (0, 4)
    assert a[True].tolist() == [[0, 1, 2, 3]]


def test_bad_axes_are_index_and_value_errors():
    for kind in (IndexError, ValueError, mx.ShapeError):
        with pytest.raises(kind):
            mx.arange(3)[5]


def test_items_cannot_be_deleted():
    with pytest.raises(TypeError):
        del mx.arange(3)[0]


def test_indices_out_of_range():
    """Reads give the nearest end, writes are left out: positions are not looked at."""
    a = mx.arange(4)
    index = mx.array([-5, -4, 3, 4, 1000])
    assert a[index].tolist() == [0, 0, 3, 3, 3]
    b = a + 0
    b[index] = 9
    assert b.tolist() == [9, 1, 2, 9]
    assert a.at[index].add(1).tolist() == [1, 1, 2, 4]
    pair = mx.arange(6).reshape(2, 3)
    pair[mx.array([0, 0, 5]), mx.array([0, 7, 1])] = -1
    assert pair.tolist() == [[-1, 1, 2], [3, 4, 5]]


def test_indices_are_not_waited_for():
    a, index = mx.arange(10), mx.array([1, 2]) + 1
    read = a[index]
    a[index] = 0
    assert (read.tolist(), a.tolist()) == ([2, 3], [0, 1, 0, 0, 4, 5, 6, 7, 8, 9])


def test_assignment_changes_one_object():
    a = mx.arange(3)
    other, same = a + 0, a
    view = a[:2]
    a[0] = 7
    assert (a.tolist(), same.tolist()) == ([7, 1, 2], [7, 1, 2])
    assert (other.tolist(), view.tolist()) == ([0, 1, 2], [0, 1])


# ---- mixtures of everything, against NumPy


def _index_array(draw, extent, shape):
    values = st.integers(-extent, extent - 1) if extent else st.nothing()
    dtype = draw(st.sampled_from([np.int32, np.int64, np.int8]))
    return draw(npst.arrays(dtype, shape, elements=values)) if extent else np.zeros(shape, dtype)


def _broadcast_part(draw, shape):
    """A shape that broadcasts with `shape`."""
    part = [extent if draw(st.booleans()) else 1 for extent in shape]
    return tuple(part[draw(st.integers(0, len(part))) :])


def _fits_any(item):
    """False for index arrays, whose shape may not go with the true elements of a mask."""
    return not isinstance(item, list) and getattr(item, "dtype", np.dtype(bool)) == np.dtype(bool)


@st.composite
def advanced(draw, *, repeats=True):
    """A shape and an index of numbers, slices, new axes, an ellipsis, index arrays and masks."""
    shape = draw(npst.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=5))
    common = draw(npst.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=4))
    kinds = st.sampled_from(["slice", "int", "array", "array", "mask", "list"])
    items, axis, masks = [], 0, 0
    stop = draw(st.integers(1, len(shape)))
    ellipsis = draw(st.integers(0, stop))
    while axis < stop:
        if axis == ellipsis and not any(item is ... for item in items):
            skipped = draw(st.integers(0, len(shape) - stop))
            if draw(st.booleans()):
                items.append(...)
                axis, stop = axis + skipped, stop + skipped
                if len(shape) > stop:  # an ellipsis takes all axes that are left
                    axis, stop = axis + len(shape) - stop, len(shape)
                continue
        if draw(st.integers(0, 5)) == 0:
            items.append(None)
        kind = draw(kinds)
        extent = shape[axis]
        if kind == "slice":
            items.append(draw(st.slices(extent)))
        elif kind == "int":
            items.append(draw(st.integers(-extent, extent - 1)))
        elif kind == "mask" and masks == 0:
            masks = 1
            axes = draw(st.integers(1, stop - axis))
            mask = draw(npst.arrays(bool, shape[axis : axis + axes]))
            items.append(mask)
            axis += axes - 1
            common = (int(mask.sum()),)
            items = [item if _fits_any(item) else 0 for item in items]
        elif kind == "list" and len(common) == 1 and common[0] > 0:
            items.append(_index_array(draw, extent, common).tolist())
        else:
            items.append(_index_array(draw, extent, _broadcast_part(draw, common)))
        axis += 1
    return shape, tuple(items)


def _ours(index, as_array):
    """The index with NumPy arrays as ours, or as they are."""
    if not as_array:
        return index
    return tuple(mx.array(item) if isinstance(item, np.ndarray) else item for item in index)


@given(advanced(), st.booleans(), st.booleans())
@settings(max_examples=600, deadline=None)
def test_get_against_numpy(case, as_array, pending):
    shape, index = case
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    expected = values[index]
    array = mx.array(values) + 0 if pending else mx.array(values)
    actual = array[_ours(index, as_array)]
    assert actual.shape == expected.shape
    np.testing.assert_array_equal(np.array(actual), expected)


@given(advanced(), st.booleans(), st.data())
@settings(max_examples=600, deadline=None)
def test_set_against_numpy(case, as_array, data):
    shape, index = case
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    selected = values[index].shape
    part = _broadcast_part(data.draw, selected)
    written = -1 - np.arange(np.prod(part), dtype=np.float32).reshape(part)
    array = mx.array(values) + 0
    array[_ours(index, as_array)] = mx.array(written) if as_array else written
    values[index] = written
    np.testing.assert_array_equal(np.array(array), values)


UPDATES = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
}


@given(advanced(), st.sampled_from(sorted(UPDATES)), st.booleans(), st.data())
@settings(max_examples=600, deadline=None)
def test_at_against_numpy(case, name, as_array, data):
    shape, index = case
    values = 1 + np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    part = _broadcast_part(data.draw, values[index].shape)
    written = 2 + np.arange(np.prod(part), dtype=np.float32).reshape(part) / 4
    at = mx.array(values).at[_ours(index, as_array)]
    actual = getattr(at, name)(mx.array(written))
    UPDATES[name].at(values, index, written)
    np.testing.assert_array_equal(np.array(actual), values)


@given(indexed(), st.data())
@settings(max_examples=300, deadline=None)
def test_basic_set_against_numpy(case, data):
    shape, index = case
    values = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    part = _broadcast_part(data.draw, values[index].shape)
    written = -1 - np.arange(np.prod(part), dtype=np.int32).reshape(part)
    array = mx.array(values)
    array[index] = written
    values[index] = written
    np.testing.assert_array_equal(np.array(array), values)


NUMBERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
NUMBERS += ["float16", "float32", "float64", "complex64"]


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize(("rows", "width"), [(3000, ()), (500, (3,)), (900, (70,)), (50000, ())])
@pytest.mark.parametrize("skewed", [False, True])
def test_large_scatters_against_numpy(dtype, rows, width, skewed):
    random = np.random.default_rng(rows)
    values = random.integers(1, 50, (rows, *width)).astype(dtype)
    updates = 70000 // int(np.prod(width, initial=1))
    index = random.integers(-rows, rows, updates)
    if skewed:
        index[: updates // 3] = 7
        index[updates // 3 : updates // 2] %= 9
    written = random.integers(1, 9, (updates, *width)).astype(dtype)
    for name in ["add", "subtract", "maximum", "minimum", "set"]:
        if name in ("maximum", "minimum") and dtype == "complex64":
            continue
        expected = values.copy()
        if name == "set":
            expected[index] = written
        else:
            UPDATES[name].at(expected, index, written)
        for kind in ("int32", "int64"):
            if name == "set":
                actual = mx.array(values) + mx.array(0, dtype=mx.array(values).dtype)
                actual[mx.array(index.astype(kind))] = mx.array(written)
            else:
                at = mx.array(values).at[mx.array(index.astype(kind))]
                actual = getattr(at, name)(mx.array(written))
            np.testing.assert_array_equal(np.array(actual), expected)


@given(indexed(), st.sampled_from([*NUMBERS, "bool"]), st.booleans(), st.data())
@settings(max_examples=300, deadline=None)
def test_computed_values_written_to_slices(case, dtype, held, data):
    shape, index = case
    values = (np.arange(np.prod(shape)) % 7).astype(dtype).reshape(shape)
    part = (np.arange(values[index].size) % 5).astype(dtype).reshape(values[index].shape)
    array = mx.array(values)
    if data.draw(st.booleans()):  # a value of the same evaluation
        array = mx.maximum(array, array) if dtype != "complex64" else array * 1
    before = array if held else None
    array = array[...]
    array[index] = mx.where(mx.array(part) == mx.array(part), mx.array(part), mx.array(part))
    expected = values.copy()
    expected[index] = part
    np.testing.assert_array_equal(np.array(array), expected)
    if held:
        np.testing.assert_array_equal(np.array(before), values)
