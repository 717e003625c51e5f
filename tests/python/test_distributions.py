"""Random numbers of further distributions: fixed patterns of keys, statistics, errors."""

import json
from pathlib import Path

import numpy as np
import pytest

from tandem import core as mx

# What keys give, recorded from the reference of the ecosystem.
PATTERNS = json.loads((Path(__file__).parent / "distribution_patterns.json").read_text())


def argument(name, value):
    if name == "dtype":
        return getattr(mx, value)
    if name == "key":
        return mx.random.key(value)
    return mx.array(value["array"]) if isinstance(value, dict) else value


@pytest.mark.parametrize("case", PATTERNS, ids=lambda c: f"{c['name']}-{c['args']}")
def test_patterns(case):
    arguments = {name: argument(name, value) for name, value in case["args"].items()}
    result = getattr(mx.random, case["name"])(**arguments)
    assert str(result.dtype).rsplit(".", maxsplit=1)[-1] == case["dtype"]
    assert result.shape == tuple(case["shape"])
    values = np.array(result.astype(mx.float32) if case["tolerance"] else result)
    if case["tolerance"]:
        tolerance = case["tolerance"]
        np.testing.assert_allclose(values, case["values"], rtol=tolerance, atol=tolerance)
    else:
        np.testing.assert_array_equal(values, case["values"])


COUNT = 200_000


def draw(function, *arguments, **options):
    return np.array(function(*arguments, key=mx.random.key(5), **options))


def test_statistics():
    whole = draw(mx.random.randint, -3, 4, (COUNT,))
    assert (whole.min(), whole.max()) == (-3, 3)
    assert np.bincount(whole + 3).min() > COUNT / 7 * 0.95
    assert abs(draw(mx.random.bernoulli, 0.3, (COUNT,)).mean() - 0.3) < 0.01
    gumbel = draw(mx.random.gumbel, (COUNT,))
    assert abs(gumbel.mean() - 0.5772) < 0.02
    assert abs(gumbel.var() - np.pi**2 / 6) < 0.05
    laplace = draw(mx.random.laplace, (COUNT,), loc=1.0, scale=2.0)
    assert abs(laplace.mean() - 1) < 0.05
    assert abs(laplace.var() - 8) < 0.3
    truncated = draw(mx.random.truncated_normal, -1.0, 2.0, (COUNT,))
    assert truncated.min() >= -1
    assert truncated.max() <= 2
    assert abs(truncated.mean() - 0.2296) < 0.01
    weights = np.array([0.1, 0.2, 0.7], np.float32)
    chosen = draw(mx.random.categorical, mx.array(np.log(weights)), num_samples=COUNT)
    np.testing.assert_allclose(np.bincount(chosen) / COUNT, weights, atol=0.01)


def test_permutation():
    order = draw(mx.random.permutation, 1000)
    np.testing.assert_array_equal(np.sort(order), np.arange(1000))
    assert (order != np.arange(1000)).any()
    assert mx.random.permutation(0).shape == (0,)
    rows = np.arange(12, dtype=np.int32).reshape(4, 3)
    moved = draw(mx.random.permutation, mx.array(rows))
    np.testing.assert_array_equal(moved[np.argsort(moved[:, 0])], rows)
    assert mx.random.permutation(mx.zeros((0, 3))).shape == (0, 3)
    with pytest.raises(IndexError, match=r"\[permutation\]"):
        mx.random.permutation(mx.zeros((2,)), axis=1)
    with pytest.raises(ValueError, match=r"\[permutation\] expects an array or a whole number"):
        mx.random.permutation(2.5)
    with pytest.raises(ValueError, match=r"\[permutation\] the count must not be negative: got -1"):
        mx.random.permutation(-1)


def test_multivariate_normal():
    mean = np.array([1.0, -2.0, 0.5], np.float32)
    factor = np.array([[1.5, 0, 0], [0.5, 1, 0], [-0.25, 0.3, 0.7]], np.float32)
    cov = factor @ factor.T
    vectors = draw(mx.random.multivariate_normal, mx.array(mean), mx.array(cov), (COUNT,))
    assert vectors.shape == (COUNT, 3)
    np.testing.assert_allclose(vectors.mean(0), mean, atol=0.02)
    np.testing.assert_allclose(np.cov(vectors.T), cov, atol=0.05)
    singular = draw(mx.random.multivariate_normal, mx.zeros((2,)), mx.ones((2, 2)), (COUNT,))
    np.testing.assert_allclose(singular[:, 0], singular[:, 1])
    stacked = mx.array(np.stack([cov, 2 * cov]))
    assert draw(mx.random.multivariate_normal, mx.array(mean), stacked).shape == (2, 3)
    assert draw(mx.random.multivariate_normal, mx.zeros((4, 3)), stacked[:1]).shape == (4, 3)


def test_errors():
    with pytest.raises(
        ValueError, match=r"\[randint\] expects an integer dtype or bool: got float32"
    ):
        mx.random.randint(0, 10, (3,), dtype=mx.float32)
    with pytest.raises(
        ValueError, match=r"\[randint\] parameters of shape \(2,\) do not broadcast"
    ):
        mx.random.randint(mx.array([0, 1]), 5)
    with pytest.raises(
        ValueError, match=r"\[bernoulli\] expects a floating probability: got int32"
    ):
        mx.random.bernoulli(mx.array([1, 0]))
    with pytest.raises(ValueError, match=r"\[bernoulli\]"):
        mx.random.bernoulli(mx.array([0.1, 0.9]), (3,))
    with pytest.raises(
        ValueError, match=r"\[truncated_normal\] expects a floating dtype: got int32"
    ):
        mx.random.truncated_normal(-1, 1, (2,), dtype=mx.int32)
    for name in ("gumbel", "laplace"):
        with pytest.raises(ValueError, match=rf"\[{name}\] expects a floating dtype: got int32"):
            getattr(mx.random, name)((2,), dtype=mx.int32)
    logits = mx.zeros((2, 3))
    with pytest.raises(IndexError, match=r"\[categorical\]"):
        mx.random.categorical(logits, axis=2)
    with pytest.raises(ValueError, match=r"\[categorical\] takes a shape or a number of samples"):
        mx.random.categorical(logits, shape=(2,), num_samples=3)
    with pytest.raises(ValueError, match=r"\[categorical\]"):
        mx.random.categorical(logits, shape=(5, 3))
    with pytest.raises(ValueError, match=r"\[multivariate_normal\] the covariance is not square"):
        mx.random.multivariate_normal(mx.zeros((3,)), mx.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"\[multivariate_normal\] expects float32: got float16"):
        mx.random.multivariate_normal(mx.zeros((2,)), mx.zeros((2, 2)), dtype=mx.float16)
