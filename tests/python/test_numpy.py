"""Arrays in and out: NumPy, buffers and DLPack, with what shares memory and for how long."""

import array as stdlib_array
import ctypes
import gc
import threading
import weakref

import numpy as np
import pytest

from tandem import core as mx
from tandem import inspect

NUMPY_TYPES = [
    "bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64",
    "float16", "float32", "complex64",
]  # fmt: skip


def address(a) -> int:
    return np.asarray(a).__array_interface__["data"][0]


@pytest.mark.parametrize("name", NUMPY_TYPES)
def test_round_trip(name):
    values = (np.arange(24).reshape(2, 3, 4) % 5).astype(name)
    a = mx.array(values)
    assert str(a.dtype) == f"mlx.core.{name}"
    back = np.array(a)
    assert back.dtype == values.dtype
    np.testing.assert_array_equal(back, values)


def test_wide_types_become_narrow_unless_named():
    assert mx.array(np.arange(3.0)).dtype == mx.float32
    assert mx.array(np.arange(3.0), dtype=mx.float64).dtype == mx.float64
    assert mx.array(np.array([1 + 2j])).dtype == mx.complex64
    assert mx.array(np.arange(3)).dtype == mx.int64
    assert mx.array(np.arange(3), dtype=mx.float32).dtype == mx.float32
    assert mx.array(np.float64(3)).dtype == mx.float32


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x.T,
        lambda x: x[::-1, ::2],
        lambda x: x[:, 1:1],
        lambda x: np.broadcast_to(x[:1], (5, 6)),
        lambda x: np.asfortranarray(x),
        lambda x: x[2, 3],
    ],
)
def test_numpy_views_come_in_right(view):
    values = view(np.arange(24, dtype=np.int32).reshape(4, 6))
    for make in (mx.array, mx.asarray):
        actual = np.array(make(values))
        assert actual.shape == values.shape
        np.testing.assert_array_equal(actual, values)


def test_array_copies():
    values = np.zeros(3, np.float32)
    a = mx.array(values)
    values[0] = 9
    assert a.tolist() == [0, 0, 0]


def test_asarray_shares_memory_and_keeps_it():
    values = np.arange(1000, dtype=np.float32)
    a = mx.asarray(values)
    assert address(a) == address(values)
    values[0] = 7  # the holder of writable memory may write into it
    assert a[0].item() == 7
    alive = weakref.ref(values)
    del values
    gc.collect()
    assert alive() is not None
    assert a[1].item() == 1
    del a
    mx.eval(mx.array(1) + 1)  # owners of foreign memory are let go at the next call
    gc.collect()
    assert alive() is None


def test_results_of_shared_memory_keep_it_until_they_are_done():
    values = np.arange(1000, dtype=np.float32)
    alive = weakref.ref(values)
    result = mx.asarray(values) + 1
    del values
    gc.collect()
    assert alive() is not None
    mx.eval(result)
    mx.eval(mx.array(1) + 1)
    gc.collect()
    assert alive() is None
    assert result[999].item() == 1000


def test_asarray_copy_argument():
    values = np.arange(4, dtype=np.float32)
    assert address(mx.asarray(values, copy=True)) != address(values)
    assert address(mx.asarray(values, copy=False)) == address(values)
    with pytest.raises(mx.ArgumentError):
        mx.asarray([1, 2], copy=False)
    with pytest.raises(mx.ArgumentError):
        mx.from_dlpack(values[::-1], copy=False)


def test_views_out_share_memory_and_keep_it():
    a = mx.array(np.arange(8, dtype=np.float32)) * 2
    view = np.asarray(a)
    assert address(a) == address(view)
    del a
    gc.collect()
    np.testing.assert_array_equal(view, np.arange(8) * 2)


def test_no_donate_when_exported():
    a = mx.array(np.ones(4096, np.float32)) + 1
    view = np.asarray(a)
    for _ in range(5):
        a = a + 1  # would reuse the memory of its input if nobody looked at it
        mx.eval(a)
    np.testing.assert_array_equal(view, np.full(4096, 2))
    assert a[0].item() == 7


def test_writable_view_is_seen():
    a = mx.array([1.0, 2.0, 3.0])
    view = np.array(a, copy=False)
    assert view.flags.writeable
    view[0] = 10
    assert a.tolist() == [10, 2, 3]
    assert (a * 2).tolist() == [20, 4, 6]


def test_writable_view_reaches_gpu():
    a = mx.array(np.ones(1000, np.float32)) + 0
    mx.eval(mx.add(a, 1, stream=mx.gpu))  # the GPU has a copy now
    view = np.asarray(a)
    view[:] = 5
    assert mx.add(a, 1, stream=mx.gpu)[7].item() == 6


def test_the_last_write_through_a_view_reaches_gpu():
    a = mx.array(np.ones(1000, np.float32)) + 0
    mx.eval(mx.add(a, 1, stream=mx.gpu))
    before = inspect.ledger()["host_to_device"]["export_again"]["transfers"]
    view = np.asarray(a)
    for value in (5, 6):
        view[:] = value
        assert mx.add(a, 1, stream=mx.gpu)[7].item() == value + 1
    assert inspect.ledger()["host_to_device"]["export_again"]["transfers"] == before + 2
    view[:] = 7
    del view
    gc.collect()
    assert mx.add(a, 1, stream=mx.gpu)[7].item() == 8


def test_views_that_are_only_read_cost_no_transfer():
    a = mx.array(np.arange(100_001, dtype=np.float32)) + 0
    mx.eval(mx.add(a, 1, stream=mx.gpu))
    before = inspect.ledger()["host_to_device"]
    assert np.array(a).sum() == np.asarray(a).sum()
    assert mx.add(a, 2, stream=mx.gpu)[7].item() == 9
    assert inspect.ledger()["host_to_device"] == before


@pytest.mark.parametrize("position", [0, 7, 511, 100_000])
def test_one_element_written_through_a_view_reaches_gpu(position):
    a = mx.array(np.arange(100_001, dtype=np.float32)) + 0
    mx.eval(mx.add(a, 1, stream=mx.gpu))
    view = np.asarray(a)
    view[position] = -5
    del view
    gc.collect()
    assert mx.add(a, 1, stream=mx.gpu)[position].item() == -4


def test_foreign_owner_freed_on_python_thread():
    """Owners die on threads of Python, when the work that reads their memory is done."""
    ends, failures = [], []

    class Owner(np.ndarray):
        pass

    def work(i):
        try:
            values = np.full(20000, i, np.float32).view(Owner)
            weakref.finalize(values, lambda: ends.append((threading.get_ident(), i)))
            result = mx.sum(mx.exp(mx.asarray(values) * 0, stream=mx.gpu), stream=mx.cpu)
            mx.async_eval(result)
            del values
            assert result.item() == 20000
        except BaseException as error:
            failures.append(error)

    python_threads = {threading.get_ident()}
    for _ in range(5):
        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
            python_threads.add(thread.ident)
        for thread in threads:
            thread.join()
    mx.synchronize(mx.gpu)
    mx.eval(mx.array(1) + 1)
    gc.collect()
    assert not failures
    assert len(ends) == 20
    assert {thread for thread, _ in ends} <= python_threads


def test_an_owner_outlives_the_work_that_reads_it():
    freed = []
    values = np.ones(4_000_000, np.float32)
    weakref.finalize(values, lambda: freed.append(True))
    result = mx.asarray(values)
    for _ in range(20):
        result = mx.sqrt(result, stream=mx.gpu)
    mx.async_eval(result)
    del values
    mx.eval(mx.array(1) + 1)
    if not freed:  # still read by the copy engine: nothing was written over what it reads
        gc.collect()
    assert result[3_999_999].item() == 1
    mx.synchronize(mx.gpu)
    mx.eval(mx.array(1) + 1)
    assert freed


def test_mapped_files_are_leaves(tmp_path):
    path = tmp_path / "elements.bin"
    np.arange(100_000, dtype=np.float32).tofile(path)
    mapped = np.memmap(path, np.float32, mode="r", offset=4000, shape=(90, 1000))
    a = mx.asarray(mapped)
    assert address(a) == address(mapped)
    assert not np.asarray(a).flags.writeable
    assert a[89, 999].item() == 90_999
    assert mx.add(a, 1, stream=mx.gpu)[0, 0].item() == 1001
    path_alive = weakref.ref(mapped)
    del mapped
    gc.collect()
    assert path_alive() is not None
    assert a[1, 0].item() == 2000
    written = np.memmap(path, np.float32, mode="r+")
    b = mx.asarray(written)
    assert mx.add(b, 0, stream=mx.gpu)[5].item() == 5
    written[5] = -1
    assert mx.add(b, 0, stream=mx.gpu)[5].item() == -1


def test_read_only_memory_stays_so():
    values = np.arange(4, dtype=np.float32)
    values.flags.writeable = False
    a = mx.asarray(values)
    assert not np.asarray(a).flags.writeable
    assert not np.asarray(mx.broadcast_to(mx.array([1]), (3,))).flags.writeable
    with pytest.raises(TypeError, match="not writable"):
        (ctypes.c_float * 4).from_buffer(a)


def test_views_of_views_go_out():
    values = np.arange(24, dtype=np.int32).reshape(4, 6)
    a = mx.array(values)
    np.testing.assert_array_equal(np.asarray(a[::2, 1:].T), values[::2, 1:].T)
    assert np.asarray(a.T).strides == values.T.strides
    assert memoryview(a[1]).tolist() == values[1].tolist()


def test_buffers():
    assert mx.array(b"abc").tolist() == [97, 98, 99]
    assert mx.array(memoryview(bytearray(b"ab"))).dtype == mx.uint8
    assert mx.array(stdlib_array.array("d", [1.5, 2.5])).tolist() == [1.5, 2.5]
    assert bytes(mx.array([1, 2], mx.uint8)) == b"\x01\x02"


def test_foreign_types_are_refused():
    for values in (
        np.zeros(2, "U1"),
        np.zeros(2, ">f4"),
        np.zeros(2, "M8[s]"),
        np.zeros(2, "i4,f4"),
    ):
        with pytest.raises(mx.DTypeError, match=r"\[array\]"):
            mx.array(values)


def test_bfloat16_goes_out_as_float32():
    a = mx.array([1.5, 2.5], mx.bfloat16)
    values = np.array(a)
    assert values.dtype == np.float32
    assert values.tolist() == [1.5, 2.5]
    with pytest.raises(BufferError):
        memoryview(a)


def test_numpy_functions_take_arrays():
    a = mx.array([1.0, 4.0])
    assert np.sqrt(a).tolist() == [1.0, 2.0]
    assert (np.array([1.5]) + mx.array([1])).tolist() == [2.5]
    assert np.asarray(a, dtype=np.float64).dtype == np.float64
    assert a.__array__(np.float64).dtype == np.float64


class HasArray:
    def __array__(self, dtype=None, copy=None):
        return np.array([1, 2, 3], np.int16)


class HasDlpack:
    def __init__(self, values):
        self.values = values

    def __dlpack__(self, **arguments):
        return self.values.__dlpack__(**arguments)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


class HasOldDlpack(HasDlpack):
    def __dlpack__(self, stream=None):
        return self.values.__dlpack__()


class HasOwnArray:
    def __mlx_array__(self):
        return mx.array([7])


def test_objects_that_convert_themselves():
    assert mx.array(HasArray()).dtype == mx.int16
    assert mx.array(HasOwnArray()).tolist() == [7]
    for kind in (HasDlpack, HasOldDlpack):
        values = np.arange(6, dtype=np.float64).reshape(2, 3)
        assert mx.from_dlpack(kind(values)).dtype == mx.float64
        assert mx.array(kind(values.astype(np.int8))).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_dlpack_out():
    for a in (mx.array([1.5, 2.5]), mx.arange(12).reshape(3, 4).T[1:], mx.array(True)):
        np.testing.assert_array_equal(np.from_dlpack(a), np.array(a))
    assert mx.array([1]).__dlpack_device__() == (1, 0)
    a = mx.array([1.0, 2.0, 3.0]) + 0
    assert np.from_dlpack(a).__array_interface__["data"][0] == address(a)
    assert np.from_dlpack(a, copy=True).__array_interface__["data"][0] != address(a)
    with pytest.raises(BufferError):
        a.__dlpack__(dl_device=(2, 0))


def test_dlpack_round_trip_keeps_the_memory():
    a = mx.array([1.0, 2.0, 3.0]) * 2
    b = mx.from_dlpack(a)
    assert address(a) == address(b)
    del a
    gc.collect()
    assert b.tolist() == [2, 4, 6]
    c = mx.from_dlpack(mx.array([1.5], mx.bfloat16))
    assert c.dtype == mx.bfloat16
    assert c.tolist() == [1.5]


def test_capsules_that_nobody_takes_are_freed():
    a = mx.array([1.0, 2.0]) + 0
    for _ in range(100):
        a.__dlpack__()
        a.__dlpack__(max_version=(1, 0))
    gc.collect()
    a += 1
    assert a.tolist() == [2, 3]
