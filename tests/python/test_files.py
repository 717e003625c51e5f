"""npy, npz and safetensors: round trips, NumPy's files, damaged files."""

import io
import json
import random
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem import core as mx

DTYPES = [
    mx.bool_, mx.uint8, mx.uint16, mx.uint32, mx.uint64, mx.int8, mx.int16, mx.int32, mx.int64,
    mx.float16, mx.bfloat16, mx.float32, mx.float64, mx.complex64,
]  # fmt: skip
SHAPES = [(), (3,), (2, 3), (0,), (2, 0, 3), (1, 5, 1)]


def known(dtype, shape):
    count = int(np.prod(shape))
    return mx.array(np.arange(count, dtype=np.float32).reshape(shape) % 100).astype(dtype)


def same(a, b):
    assert a.dtype == b.dtype
    assert a.shape == b.shape
    assert a.tolist() == b.tolist()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_round_trip(tmp_path, dtype, shape):
    a = known(dtype, shape)
    mx.save(tmp_path / "a", a)
    same(mx.load(tmp_path / "a.npy"), a)
    mx.savez(str(tmp_path / "z"), a, named=a)
    found = mx.load(tmp_path / "z.npz")
    assert set(found) == {"arr_0", "named"}
    same(found["named"], a)
    mx.savez_compressed(tmp_path / "c.npz", x=a)
    same(mx.load(str(tmp_path / "c.npz"))["x"], a)
    mx.save_safetensors(tmp_path / "s", {"w": a, "b": mx.array([1], mx.int8)}, {"who": "me"})
    arrays, metadata = mx.load(tmp_path / "s.safetensors", return_metadata=True)
    same(arrays["w"], a)
    assert metadata == {"who": "me"}


def test_views_are_saved_as_they_look(tmp_path):
    a = mx.arange(24).reshape(4, 6)
    for view in (a.T, a[::-1, 1::2], mx.broadcast_to(a[0], (3, 6))):
        mx.save(tmp_path / "v.npy", view)
        np.testing.assert_array_equal(np.load(tmp_path / "v.npy"), np.array(view))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("code", ["?", "u1", "<i2", ">i4", "<u8", "<f2", ">f4", "<f8", ">c8"])
def test_files_of_numpy(tmp_path, code, order):
    a = np.asarray(np.arange(12).reshape(3, 4).astype(code), order=order)
    np.save(tmp_path / "a.npy", a)
    np.testing.assert_array_equal(np.array(mx.load(tmp_path / "a.npy")), a)
    np.savez_compressed(tmp_path / "a.npz", first=a, second=a[0])
    np.testing.assert_array_equal(np.array(mx.load(tmp_path / "a.npz")["second"]), a[0])


def test_numpy_reads_our_files(tmp_path):
    a = mx.array([[1.5, 2], [3, 4]])
    mx.savez(tmp_path / "a.npz", a=a)
    with np.load(tmp_path / "a.npz") as found:
        np.testing.assert_array_equal(found["a"], np.array(a))


def test_file_objects():
    a = mx.arange(5)
    for save, load in (
        (lambda f: mx.save(f, a), lambda f: mx.load(f, "npy")),
        (lambda f: mx.savez(f, x=a), lambda f: mx.load(f, "npz")["x"]),
        (lambda f: mx.save_safetensors(f, {"x": a}), lambda f: mx.load(f, "safetensors")["x"]),
    ):
        file = io.BytesIO()
        save(file)
        file.seek(0)
        same(load(file), a)


def test_layout_of_safetensors(tmp_path):
    arrays = {"odd": mx.zeros((3,), mx.int8), "wide": mx.ones((2,), mx.float64)}
    mx.save_safetensors(tmp_path / "s.safetensors", arrays)
    data = (tmp_path / "s.safetensors").read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    assert length % 8 == 0
    assert header["wide"] == {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}
    assert header["odd"] == {"dtype": "I8", "shape": [3], "data_offsets": [16, 19]}
    assert len(data) == 8 + length + 19


def test_many_mapped_arrays_share_one_file(tmp_path):
    arrays = {f"w{i}": mx.array([i, i + 1]) for i in range(3000)}
    mx.save_safetensors(tmp_path / "many.safetensors", arrays)
    before = len(list(Path("/proc/self/fd").iterdir()))
    found = mx.load(tmp_path / "many.safetensors")
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2
    assert found["w2999"].tolist() == [2999, 3000]


def test_a_saved_file_replaces_the_mapped_one(tmp_path):
    path = tmp_path / "w.npy"
    mx.save(path, mx.arange(1000))
    old = mx.load(path)
    mx.save(path, mx.zeros(3))
    assert old.tolist() == list(range(1000))
    assert mx.load(path).shape == (3,)
    assert [found.name for found in tmp_path.iterdir()] == ["w.npy"]


def test_errors(tmp_path):
    a = mx.arange(3)
    with pytest.raises(OSError, match=r"nothing\.npy"):
        mx.load(tmp_path / "nothing.npy")
    with pytest.raises(OSError, match="No such file"):
        mx.save(tmp_path / "no" / "folder.npy", a)
    with pytest.raises(ValueError, match=r"\[load\] unknown file format: got 'xyz'"):
        mx.load(tmp_path / "a.xyz")
    mx.save(tmp_path / "a.npy", a)
    with pytest.raises(ValueError, match=r"\[load\] npy files have no metadata"):
        mx.load(tmp_path / "a.npy", return_metadata=True)
    with pytest.raises(ValueError, match=r"\[savez\] two arrays are called arr_0"):
        mx.savez(tmp_path / "a.npz", a, arr_0=a)
    with pytest.raises(ValueError, match="__metadata__"):
        mx.save_safetensors(tmp_path / "a.safetensors", {"__metadata__": a})
    np.save(tmp_path / "text.npy", np.array(["text"]))
    with pytest.raises(OSError, match="elements that no array has: 'U4'"):
        mx.load(tmp_path / "text.npy")
    (tmp_path / "cut.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-1])
    with pytest.raises(OSError, match="is cut: got 11 bytes of elements, expected 3 of 4 bytes"):
        mx.load(tmp_path / "cut.npy")


def files_of_all_formats():
    a = mx.arange(6).reshape(2, 3)
    for format, save in (
        ("npy", lambda f: mx.save(f, a)),
        ("npz", lambda f: mx.savez_compressed(f, a, b=a)),
        ("safetensors", lambda f: mx.save_safetensors(f, {"a": a, "b": a}, {"k": "v"})),
    ):
        file = io.BytesIO()
        save(file)
        yield format, file.getvalue()


FILES = dict(files_of_all_formats())


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.integers(0, 2**32))
def test_damaged_files_are_errors_or_arrays(format, seed):
    """Bytes changed, removed and put in: what cannot be read raises IoError, nothing else."""
    chance = random.Random(seed)
    data = bytearray(FILES[format])
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data)) if data else 0
        action = chance.randrange(4)
        if action == 0 and data:
            data[at] = chance.randrange(256)
        elif action == 1:
            del data[at : at + chance.randrange(1, 40)]
        elif action == 2:
            data[at:at] = chance.randbytes(chance.randrange(1, 9))
        elif data:
            data[at] ^= 1 << chance.randrange(8)
    try:
        found = mx.load(io.BytesIO(bytes(data)), format)
    except OSError:
        return
    mx.eval(found)
