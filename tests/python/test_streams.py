"""Devices, streams and their defaults."""

import os
import threading

import numpy as np
import pytest
from helpers import run_python

from tandem import core as mx


def test_devices():
    cpu, gpu = mx.Device(mx.cpu), mx.Device(mx.gpu)
    assert (str(cpu), repr(gpu)) == ("Device(cpu, 0)", "Device(gpu, 0)")
    assert (gpu.type, gpu.index) == (mx.gpu, 0)
    assert mx.Device(mx.gpu, 1).index == 1
    assert mx.Device(cpu) == cpu
    assert cpu == mx.cpu
    assert mx.cpu == cpu
    assert cpu != gpu
    assert mx.Device(mx.gpu, 1) != mx.gpu
    assert len({cpu, mx.Device(mx.cpu), gpu}) == 2
    assert str(mx.cpu) == "DeviceType.cpu"
    assert mx.DeviceType.gpu is mx.gpu


def test_what_there_is():
    assert mx.device_count(mx.cpu) == 1
    assert mx.device_count(mx.gpu) >= 1
    assert mx.is_available(mx.gpu)
    assert mx.is_available(mx.Device(mx.cpu))
    assert not mx.is_available(mx.Device(mx.gpu, 63))
    assert not mx.metal.is_available()
    assert isinstance(mx.device_info(), dict)
    info = mx.device_info(mx.Device(mx.gpu))
    assert "simulated" in str(info).lower() or mx.cuda.is_available()


@pytest.mark.once
def test_default_device():
    assert mx.default_device() == mx.Device(mx.cpu) or mx.cuda.is_available()
    mx.set_default_device(mx.gpu)
    assert mx.default_device() == mx.Device(mx.gpu)
    assert (mx.array([1, 2]) + 1).tolist() == [2, 3]
    mx.set_default_device(mx.Device(mx.cpu))
    assert mx.default_device() == mx.cpu
    with pytest.raises(mx.DeviceError):
        mx.set_default_device(mx.Device(mx.gpu, 63))


def test_streams():
    s = mx.Stream(mx.gpu)
    t = mx.new_stream(mx.Device(mx.gpu))
    assert s != t
    assert s == s
    assert len({s, t, s}) == 2
    assert s.device == mx.Device(mx.gpu)
    assert str(s).startswith("Stream(Device(gpu, 0), ")
    assert mx.Stream(mx.Device(mx.cpu)).device == mx.cpu
    assert mx.default_stream(mx.gpu) == mx.default_stream(mx.Device(mx.gpu))
    with pytest.raises(mx.DeviceError):
        mx.new_stream(mx.Device(mx.gpu, 63))
    with pytest.raises(mx.DeviceError):
        mx.default_stream(mx.Device(mx.gpu, 63))


def test_default_streams():
    before = mx.default_stream(mx.cpu)
    mine = mx.new_stream(mx.cpu)
    mx.set_default_stream(mine)
    assert mx.default_stream(mx.cpu) == mine
    assert (mx.array([1]) + 1).item() == 2
    mx.set_default_stream(before)
    assert mx.default_stream(mx.cpu) == before


def test_context():
    device, stream = mx.default_device(), mx.default_stream(mx.gpu)
    mine = mx.new_stream(mx.gpu)
    with mx.stream(mine):
        assert mx.default_device() == mx.gpu
        assert mx.default_stream(mx.gpu) == mine
        with mx.stream(mx.cpu):
            assert mx.default_device() == mx.cpu
        assert mx.default_device() == mx.gpu
        assert (mx.array([1, 2]) * 2).tolist() == [2, 4]
    assert (mx.default_device(), mx.default_stream(mx.gpu)) == (device, stream)
    with pytest.raises(KeyError), mx.stream(mx.Device(mx.gpu)):
        raise KeyError
    assert mx.default_device() == device


WHERE = [None, "cpu", "gpu", "device", "stream"]


def where(name):
    return {
        None: None,
        "cpu": mx.cpu,
        "gpu": mx.gpu,
        "device": mx.Device(mx.gpu),
        "stream": mx.new_stream(mx.gpu),
    }[name]


@pytest.mark.parametrize("name", WHERE, ids=str)
def test_every_way_to_say_where(name):
    s = where(name)
    a = mx.array([1.0, 2.0, 3.0])
    assert mx.add(a, 1, stream=s).tolist() == [2, 3, 4]
    assert mx.exp(a - a, stream=s).tolist() == [1, 1, 1]
    assert mx.sum(a, stream=s).item() == 6
    assert a.sum(stream=s).item() == 6
    assert mx.matmul(a, a, stream=s).item() == 14
    assert mx.zeros(2, stream=s).tolist() == [0, 0]
    assert mx.arange(3, stream=s).tolist() == [0, 1, 2]
    assert a.reshape(3, 1, stream=s).shape == (3, 1)
    assert a.astype(mx.int32, stream=s).tolist() == [1, 2, 3]
    assert mx.random.uniform(shape=(2,), stream=s).shape == (2,)


def test_streams_that_are_none():
    for bad in (1, "gpu", object()):
        with pytest.raises(TypeError):
            mx.add(mx.array(1), 1, stream=bad)
    with pytest.raises(mx.DeviceError):
        mx.eval(mx.add(mx.array(1), 1, stream=mx.Device(mx.gpu, 63)))


def test_dependencies_between_streams():
    a = mx.array(np.arange(1000, dtype=np.float32))
    streams = [mx.new_stream(mx.cpu), mx.new_stream(mx.gpu), mx.new_stream(mx.gpu), mx.cpu, mx.gpu]
    x = a
    for i in range(50):
        x = mx.add(x, 1, stream=streams[i % len(streams)])
    np.testing.assert_array_equal(np.array(x), np.arange(1000, dtype=np.float32) + 50)


def test_synchronize():
    s = mx.new_stream(mx.gpu)
    b = mx.add(mx.array([1, 2, 3]), 1, stream=s)
    mx.async_eval(b)
    for argument in ((), (s,), (mx.gpu,), (mx.Device(mx.cpu),)):
        mx.synchronize(*argument)
    assert str(b) == "array([2, 3, 4], dtype=int32)"


def test_from_any_thread():
    failures = []
    shared = mx.array(np.ones(1000, np.float32))

    def work(seed: int) -> None:
        try:
            mine = mx.new_stream(mx.gpu if seed % 2 else mx.cpu)
            x = shared
            for _ in range(20):
                x = mx.add(x, seed, stream=mine)
            with mx.stream(mine):
                y = x * 2
            assert y[0].item() == 2 * (1 + 20 * seed)
            mx.synchronize(mine)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_defaults_belong_to_the_thread():
    mine = mx.new_stream(mx.cpu)
    mx.set_default_stream(mine)
    seen = []
    thread = threading.Thread(target=lambda: seen.append(mx.default_stream(mx.cpu)))
    thread.start()
    thread.join()
    assert seen[0] != mine


USE_GPU = """
import tandem.core as mx
for _ in range(3):
    mx.eval(mx.add(mx.array([1]), 1, stream=mx.gpu))
    mx.eval(mx.add(mx.array([1]), 1, stream=mx.new_stream(mx.gpu)))
"""


@pytest.mark.skipif(mx.cuda.is_available(), reason="a real GPU is not announced")
def test_a_simulated_gpu_says_so_once():
    result = run_python("-c", USE_GPU)
    assert result.returncode == 0, result.stderr
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    assert "simulated" in lines[0]
    quiet = run_python("-c", "import tandem.core as mx; (mx.array([1]) + 1).item()")
    assert (quiet.returncode, quiet.stderr) == (0, "")


def test_without_a_gpu():
    program = """
import tandem.core as mx
assert not mx.is_available(mx.gpu) and mx.device_count(mx.gpu) == 0
try:
    mx.eval(mx.add(mx.array([1]), 1, stream=mx.gpu))
except mx.DeviceError as error:
    print(error)
"""
    result = run_python("-c", program, env={**os.environ, "TANDEM_GPU": "none"})
    assert result.returncode == 0, result.stderr
    assert "gpu" in result.stdout


def test_several_simulated_gpus():
    program = """
import tandem.core as mx
assert mx.device_count(mx.gpu) == 3
a = mx.array([1, 2, 3])
b = [mx.add(a, i, stream=mx.default_stream(mx.Device(mx.gpu, i))) for i in range(3)]
assert mx.add(b[0], b[2], stream=mx.Device(mx.gpu, 1)).tolist() == [4, 6, 8]
"""
    env = {**os.environ, "TANDEM_GPU": "simulated", "TANDEM_GPU_COUNT": "3"}
    result = run_python("-c", program, env=env)
    assert result.returncode == 0, result.stderr


def test_thread_local_streams():
    name = mx.new_thread_local_stream(mx.cpu)
    other = mx.new_thread_local_stream(mx.gpu)
    assert name == name
    assert name != other
    assert str(name).startswith("ThreadLocalStream(Device(cpu, 0), ")
    assert name.device == mx.Device(mx.cpu)
    seen = []

    def work():
        with mx.stream(name):
            mine = mx.default_stream(mx.cpu)
            assert (mx.ones(3) + 1).tolist() == [2, 2, 2]
        with mx.stream(name):
            assert mx.default_stream(mx.cpu) == mine
        assert mx.add(mx.array(1), 2, stream=other).item() == 3
        seen.append(mine)
        mx.synchronize(name)
        barrier.wait(timeout=60)

    barrier = threading.Barrier(4)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
    assert len(set(seen)) == 4


def test_streams_of_any_thread():
    made = mx.new_thread_unsafe_stream(mx.cpu)
    assert type(made) is mx.Stream
    bound = mx.new_stream(mx.gpu)
    results = []

    def work():
        x = mx.add(mx.array([1.0]), 1, stream=bound)
        results.append(mx.exp(x * 0, stream=made).item())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [1.0] * 4


def test_clear_streams_recycles():
    def work():
        indices = set()
        for _ in range(50):
            streams = [mx.new_stream(mx.cpu) for _ in range(40)]
            arrays = [mx.add(mx.array([i]), 1, stream=s) for i, s in enumerate(streams)]
            indices.update(s.index for s in streams)
            mx.clear_streams()
            assert [a.item() for a in arrays] == list(range(1, 41))
        counts.append(len(indices))

    counts = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert counts
    assert counts[0] <= 100


def test_thousands_of_streams():
    result = run_python(
        "-c",
        """
import tandem.core as mx
x = mx.array([1.0])
y = x
for i in range(3000):
    y = mx.add(y, 1, stream=mx.new_stream(mx.gpu if i % 100 == 0 else mx.cpu))
results = [mx.add(x, i, stream=mx.new_stream(mx.cpu)) for i in range(3000)]
mx.async_eval(results)
mx.eval(y)
assert y.item() == 3001
assert [r.item() for r in results] == [i + 1 for i in range(3000)]
with open("/proc/self/status") as status:
    threads = next(int(l.split()[1]) for l in status if l.startswith("Threads"))
assert threads < 200, threads
""",
    )
    assert result.returncode == 0, result.stderr
