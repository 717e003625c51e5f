"""What can be seen of a run: counters, ledger, events, plans, memory."""

import numpy as np
import pytest
from helpers import run_python

from tandem import core as mx
from tandem import inspect

pytestmark = pytest.mark.once


def test_counters_of_a_cached_plan():
    a = mx.array(np.ones(100, np.float32))

    def step(x):
        return mx.exp(x) * 2 + 1

    mx.eval(step(a))
    with inspect.trace() as run:
        for _ in range(5):
            mx.eval(step(a))
    assert run.counters["evals"] == 5
    assert run.counters["plan_hits"] == 5
    assert run.counters["plans_built"] == 0
    assert run.counters["nodes_run"] == 15


def test_chains_become_one_kernel():
    a = mx.array(np.ones(1000, np.float32))
    x = a
    for _ in range(6):
        x = mx.exp(-x)
    with inspect.trace() as run:
        mx.eval(x)
    assert run.counters["nodes_run"] == 12
    assert run.counters["kernels_launched"] == 1
    kernels = [event for event in run.events if event.kind == "kernel"]
    assert len(kernels) == 1
    assert kernels[0].device == mx.cpu
    assert run.begin_ns <= kernels[0].begin_ns <= kernels[0].end_ns <= run.end_ns


def test_events_and_ledger_agree():
    a = mx.array(np.ones(4096, np.float32))
    with inspect.trace() as run:
        b = mx.add(a, 1, stream=mx.gpu)
        c = mx.add(a, b, stream=mx.gpu)
        values = np.array(c)
    assert values[0] == 3
    copies = [event for event in run.events if event.kind == "copy"]
    assert sum(event.bytes for event in copies) == run.ledger["total_bytes"] == 2 * 4096 * 4
    assert len(copies) == run.ledger["total_transfers"] == run.counters["transfers"] == 2
    assert run.ledger["host_to_device"]["input"] == {"bytes": 4096 * 4, "transfers": 1}
    assert run.ledger["device_to_host"]["output"] == {"bytes": 4096 * 4, "transfers": 1}
    assert all(event.clock == "model" for event in run.events if event.device == mx.gpu)
    assert "Event(" in repr(copies[0])


def test_work_on_shared_memory_moves_nothing():
    a = mx.array(np.ones(4096, np.float32))
    with inspect.trace() as run:
        mx.eval(mx.add(a, 1, stream=mx.cpu))
    assert run.ledger["total_bytes"] == 0
    assert run.counters["transfers"] == 0


def test_plans_are_readable():
    a = mx.array(np.ones((8, 8), np.float32))
    text = inspect.plan_text(mx.exp(a) + 1, (a @ a).sum())
    assert "exp" in text
    assert "matmul" in text


def test_memory():
    size = 64 << 20
    before = inspect.memory(mx.Device(mx.cpu))["active"]
    a = mx.zeros((size // 4,)) + 1
    assert inspect.live_nodes() >= 1
    mx.eval(a)
    assert inspect.memory(mx.Device(mx.cpu))["active"] >= before + size
    assert mx.get_active_memory() >= size
    mx.reset_peak_memory()
    peak = mx.get_peak_memory()
    del a
    assert mx.get_peak_memory() == peak
    assert mx.get_active_memory() <= peak - size
    cached = mx.get_cache_memory()
    assert cached >= size
    mx.clear_cache()
    assert mx.get_cache_memory() <= cached - size


def test_memory_of_an_unused_gpu_is_not_asked_for():
    program = (
        "import tandem.core as mx; mx.get_active_memory(), mx.get_peak_memory(), mx.clear_cache()"
    )
    result = run_python("-c", program)
    assert (result.returncode, result.stderr) == (0, "")
