"""Limits of memory, and what happens at them."""

import gc

import numpy as np
import pytest
from helpers import run_python

from tandem import core as mx
from tandem import inspect

MIB = 1 << 20


@pytest.fixture
def small_gpu():
    """A GPU that has room for eight megabytes more than it holds."""
    gc.collect()
    mx.clear_cache()
    active = inspect.memory(mx.Device(mx.gpu))["active"]
    before = mx.set_memory_limit(active + 8 * MIB, device=mx.gpu)
    yield
    mx.set_memory_limit(before, device=mx.gpu)


def unit(seed):
    """One megabyte of float32."""
    return np.linspace(seed, seed + 1, MIB // 4, dtype=np.float32)


def test_limits_are_returned_and_restored():
    before = mx.get_memory_limit(device=mx.gpu)
    assert mx.set_memory_limit(64 * MIB, device=mx.gpu) == before
    assert mx.get_memory_limit(device=mx.gpu) == 64 * MIB
    assert mx.set_memory_limit(before, device=mx.Device(mx.gpu)) == 64 * MIB
    assert mx.get_memory_limit() == mx.get_memory_limit(device=mx.cpu)
    cache = mx.set_cache_limit(0, device=mx.cpu)
    x = mx.array(unit(0)) + 1
    mx.eval(x)
    del x
    assert mx.set_cache_limit(cache, device=mx.cpu) == 0


def test_one_limit_for_all_devices():
    code = (
        "import tandem.core as mx\n"
        "cpu = mx.set_memory_limit(1 << 28)\n"
        "assert mx.get_memory_limit() == 1 << 28\n"
        "assert mx.get_memory_limit(device=mx.gpu) == 1 << 28\n"
        "assert mx.set_memory_limit(cpu) == 1 << 28\n"
        "print('fine')"
    )
    assert run_python("-c", code).stdout.strip() == "fine"


def test_limits_are_checked():
    with pytest.raises(TypeError):
        mx.set_memory_limit(-1)
    with pytest.raises(TypeError):
        mx.set_memory_limit(1, device="gpu")
    with pytest.raises(mx.DeviceError):
        mx.get_memory_limit(device=mx.Device(mx.gpu, 99))


def test_a_working_set_of_three_times_the_device(small_gpu):
    arrays = [mx.array(unit(i)) for i in range(24)]

    def results(device):
        total = mx.add(arrays[0], arrays[1], stream=device)
        kept = [total]
        for value in arrays[2:]:
            total = mx.add(mx.sin(total, stream=device), value, stream=device)
            kept.append(total)
        return kept

    expected = results(mx.cpu)
    mx.eval(expected)
    with inspect.trace() as run:
        kept = results(mx.gpu)
        mx.eval(kept)
    assert run.counters["small_runs"] == 1
    assert run.counters["evictions"] > 0
    assert run.ledger["device_to_host"]["eviction"]["transfers"] == run.counters["evictions"]
    for value, right in zip(kept, expected, strict=True):
        assert np.array_equal(np.array(value), np.array(right))


def test_out_of_memory_tells_the_numbers_and_can_be_tried_again(small_gpu):
    x = mx.array(unit(1))
    tall = mx.broadcast_to(x, (32, MIB // 4))
    y = mx.add(tall, 1, stream=mx.gpu)
    pattern = r"^\[memory\] Device\(gpu, 0\) has no room for 33554432 bytes: \d+ bytes are in use"
    for _ in range(3):
        with pytest.raises(mx.OutOfMemory, match=pattern):
            mx.eval(y)
        with pytest.raises(MemoryError):
            mx.async_eval(y)
    mx.set_memory_limit(mx.get_active_memory() + 64 * MIB, device=mx.gpu)
    assert np.array(y)[31, 0] == 2


def test_async_steps_block_for_memory_alone(small_gpu):
    x = mx.array(unit(3))
    mx.reset_peak_memory()
    for i in range(2000):
        mx.async_eval(mx.multiply(x, i, stream=mx.gpu))
    y = mx.multiply(x, 2, stream=mx.gpu)
    assert np.array(y)[0] == 6


def test_placement_is_shown():
    def make(i):
        return mx.add(mx.arange(3000.0), i, stream=mx.cpu)

    for i in range(30):
        x = make(i)
        mx.eval(x)
        for reader in range(3):
            mx.eval(mx.multiply(x, reader, stream=mx.gpu))
    sites = [s for s in inspect.placement() if s["values"] == 30 and s["gpu_reads"] == 90]
    assert [s["access"] for s in sites] == ["gpu_dominant"]
    assert sites[0]["cpu_reads"] == 0
    assert sites[0]["class_changes"] == 1
    assert "add" in sites[0]["label"]
