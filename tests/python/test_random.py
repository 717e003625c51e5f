"""Random numbers: fixed patterns of keys, and statistics."""

import json
from pathlib import Path

import numpy as np
import pytest

from tandem import core as mx

# Facts that programs of the ecosystem rely on: what each key gives, recorded from its reference.
PATTERNS = json.loads((Path(__file__).parent / "random_patterns.json").read_text())


@pytest.mark.parametrize("case", PATTERNS["split"], ids=lambda c: f"{c['seed']}-{c['num']}")
def test_split(case):
    key = mx.random.key(case["seed"])
    assert key.tolist() == [case["seed"] >> 32, case["seed"] & 0xFFFFFFFF]
    assert mx.random.split(key, case["num"]).tolist() == case["keys"]


@pytest.mark.parametrize(
    "case", PATTERNS["uniform"], ids=lambda c: f"{c['seed']}-{c['shape']}-{c['dtype']}"
)
def test_uniform(case):
    result = mx.random.uniform(
        case["low"],
        case["high"],
        case["shape"],
        getattr(mx, case["dtype"]),
        mx.random.key(case["seed"]),
    )
    assert result.shape == tuple(case["shape"])
    bits = np.array(result.astype(mx.float32)).reshape(-1).view(np.uint32)
    assert [f"{x:08x}" for x in bits] == case["bits"]


@pytest.mark.parametrize(
    "case", PATTERNS["normal"], ids=lambda c: f"{c['seed']}-{c['shape']}-{c['dtype']}"
)
def test_normal(case):
    result = mx.random.normal(
        case["shape"], getattr(mx, case["dtype"]), key=mx.random.key(case["seed"])
    )
    tolerance = {"float32": 2e-6, "float16": 2e-3, "bfloat16": 1.6e-2}[case["dtype"]]
    np.testing.assert_allclose(
        np.array(result.astype(mx.float32)).reshape(-1),
        case["values"],
        rtol=tolerance,
        atol=tolerance,
    )


def test_seed_decides_what_follows():
    mx.random.seed(42)
    first = [mx.random.uniform(shape=(3,)).tolist() for _ in range(2)]
    mx.random.seed(42)
    assert [mx.random.uniform(shape=(3,)).tolist() for _ in range(2)] == first
    assert first[0] != first[1]
    np.testing.assert_allclose(first[0], PATTERNS["stream"]["uniform"], rtol=1e-6)
    np.testing.assert_allclose(first[1], PATTERNS["stream"]["second"], rtol=1e-6)


def test_same_bits_on_every_device():
    key = mx.random.key(3)
    for draw in (mx.random.uniform, mx.random.normal, mx.random.bits):
        on_cpu = np.array(draw(shape=(1001,), key=key, stream=mx.cpu))
        on_gpu = np.array(draw(shape=(1001,), key=key, stream=mx.gpu))
        np.testing.assert_array_equal(on_cpu.view(np.uint32), on_gpu.view(np.uint32))


def test_statistics():
    u = np.array(mx.random.uniform(-1, 3, (200_000,), key=mx.random.key(1)))
    assert u.min() >= -1
    assert u.max() < 3
    assert abs(u.mean() - 1) < 0.02
    n = np.array(mx.random.normal((200_000,), loc=2.0, scale=0.5, key=mx.random.key(2)))
    assert abs(n.mean() - 2) < 0.01
    assert abs(n.std() - 0.5) < 0.01
    bits = np.array(mx.random.bits((100_000,), key=mx.random.key(3)))
    assert bits.dtype == np.uint32
    ones = [(bits >> i & 1).mean() for i in range(32)]
    assert all(abs(x - 0.5) < 0.01 for x in ones)


def test_array_parameters():
    key = mx.random.key(4)
    low, high = mx.array([0.0, 10.0]), mx.array([1.0, 20.0])
    u = np.array(mx.random.uniform(low, high, (500, 2), key=key))
    assert u[:, 0].max() < 1
    assert u[:, 1].min() >= 10
    n = np.array(
        mx.random.normal((500, 2), loc=mx.array([0.0, 100.0]), scale=mx.array(2.0), key=key)
    )
    assert abs(n[:, 1].mean() - 100) < 1


def test_errors():
    with pytest.raises(mx.DTypeError, match=r"\[(random\.)?uniform\]"):
        mx.random.uniform(shape=(2,), dtype=mx.int32)
    with pytest.raises(mx.Error):
        mx.random.split(mx.array([1, 2, 3]))
    with pytest.raises(TypeError):
        mx.random.key(-1)
