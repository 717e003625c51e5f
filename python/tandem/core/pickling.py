"""What pickles of arrays and dtypes name. Pickles hold the elements, the shape and the dtype."""

from tandem import _core


def dtype(name: str) -> _core.Dtype:
    """The dtype of this name."""
    return _core._dtype(name)


def rebuild(data: bytes, shape: tuple[int, ...], element: _core.Dtype) -> _core.array:
    """The array of these row-major elements."""
    return _core._rebuild(data, shape, element)
