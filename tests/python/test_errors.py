"""Error classes, their bases and texts."""

import os

import pytest
from helpers import run_python

from tandem import core as mx

BASES = {
    "Error": (RuntimeError,),
    "ShapeError": (mx.Error, ValueError),
    "AxisError": (mx.ShapeError, IndexError),
    "DTypeError": (mx.Error, ValueError, TypeError),
    "ArgumentError": (mx.Error, ValueError),
    "DeviceError": (mx.Error, ValueError),
    "OutOfMemory": (mx.Error, MemoryError),
    "IoError": (mx.Error, OSError),
    "InternalError": (mx.Error,),
}


@pytest.mark.parametrize("name", BASES)
def test_classes(name):
    kind = getattr(mx, name)
    assert kind.__bases__ == BASES[name]
    assert kind.__doc__


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: mx.zeros((2,)) + mx.zeros((3,)), mx.ShapeError, r"^\[add\] .*\(2,\).*\(3,\)"),
        (lambda: mx.zeros((2,)).sum(3), mx.AxisError, r"^\[sum\] "),
        (lambda: mx.bitwise_and(mx.array(1.0), 1), mx.DTypeError, r"^\[bitwise_and\] expects"),
        (lambda: mx.zeros((2, 2)).reshape(3), mx.ShapeError, r"^\[reshape\] "),
        (
            lambda: mx.zeros((4, 3)) @ mx.zeros((5, 2)),
            mx.ShapeError,
            r"^\[matmul\] inner sizes differ",
        ),
        (lambda: mx.zeros((0,)).max(), mx.ArgumentError, r"^\[max\] "),
        (lambda: mx.set_default_device(mx.Device(mx.gpu, 99)), mx.DeviceError, r"^\[.*\] .*99"),
    ],
)
def test_texts(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


def test_too_large_for_64_bits():
    with pytest.raises(mx.ShapeError):
        mx.zeros((2**40, 2**40))


def test_out_of_memory_is_retryable():
    program = """
import tandem.core as mx
a = mx.zeros((1 << 14, 1 << 14)) + 1  # 1 GiB
for _ in range(2):
    try:
        mx.eval(a)
    except MemoryError as error:
        assert isinstance(error, mx.OutOfMemory)
        text = str(error)
small = mx.arange(10) + 1
assert small.sum().item() == 55
print(text)
"""
    result = run_python("-c", program, env={**os.environ, "TANDEM_MEMORY_LIMIT": "256MiB"})
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("[")


def test_failures_on_a_device_reach_whoever_asks():
    program = """
import tandem.core as mx
a = mx.add(mx.arange(1000), 1, stream=mx.gpu)
b = mx.add(a, 1, stream=mx.cpu)
try:
    mx.eval(b)
    raise SystemExit("no error")
except mx.Error as error:
    print(type(error).__name__)
assert mx.add(mx.arange(10), 1, stream=mx.cpu).sum().item() == 55
"""
    env = {**os.environ, "TANDEM_GPU": "simulated", "TANDEM_FAULT": "launch:1"}
    result = run_python("-c", program, env=env)
    assert result.returncode == 0, result.stdout + result.stderr
