"""Helpers of the tests: running programs and comparing arrays."""

import subprocess
import sys
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]


def run_python(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    """Runs this Python with the arguments; output as text."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env=env,
        check=False,
    )


def assert_same(actual, expected: np.ndarray) -> None:
    """The array has the shape and, but for NaNs' payloads, exactly the values of `expected`."""
    values = np.array(actual)
    assert values.shape == expected.shape
    np.testing.assert_array_equal(values, expected)
