"""Print options."""

import pytest

from tandem import core as mx


@pytest.fixture(autouse=True)
def _default_options():
    mx.set_printoptions()
    yield
    mx.set_printoptions()


def test_precision_sets_the_decimals():
    a = mx.array([3.14159265, 1e-7, 123456.789, float("nan"), float("-inf")])
    assert mx.get_printoptions().precision == -1
    assert str(a) == "array([3.14159, 1e-07, 123457, nan, -inf], dtype=float32)"
    mx.set_printoptions(precision=3)
    assert mx.get_printoptions().precision == 3
    assert str(a) == "array([3.142, 0.000, 123456.789, nan, -inf], dtype=float32)"
    assert repr(mx.array(1.5 - 2j)) == "array(1.500-2.000j, dtype=complex64)"
    assert repr(mx.array(3.14159, mx.float16)) == "array(3.141, dtype=float16)"
    assert f"{mx.array([2.0])}" == "array([2.000], dtype=float32)"
    assert str(mx.array([1, 2])) == "array([1, 2], dtype=int32)"
    mx.set_printoptions(0)
    assert str(mx.array([10.25])) == "array([10], dtype=float32)"


def test_options_for_a_block():
    mx.set_printoptions(4)
    context = mx.printoptions(precision=1)
    with context as entered:
        assert entered is context
        assert str(mx.array(0.25)) == "array(0.2, dtype=float32)"
        with mx.printoptions(2):
            assert str(mx.array(0.25)) == "array(0.25, dtype=float32)"
        assert mx.get_printoptions().precision == 1
    assert mx.get_printoptions().precision == 4
    with pytest.raises(KeyError), mx.printoptions(1):
        raise KeyError
    assert mx.get_printoptions().precision == 4


def test_options_are_objects():
    options = mx.PrintOptions(5)
    assert options.precision == 5
    assert mx.PrintOptions().precision == -1
    options.precision = 2
    assert repr(options) == "PrintOptions(precision=2)"
    with pytest.raises(TypeError):
        mx.set_printoptions(1.5)
    with pytest.raises(TypeError):
        mx.set_printoptions(threshold=5)
