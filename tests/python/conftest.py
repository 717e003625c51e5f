"""Shared by the tests of the Python package."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # helpers of the tests are plain modules beside them

from tandem import core as mx

if os.environ.get("TEST_DEVICE") == "gpu":
    mx.set_default_device(mx.gpu)


@pytest.fixture(autouse=True)
def _defaults():
    """Each test starts and ends with the defaults of a fresh process."""
    device = mx.default_device()
    cpu_stream = mx.default_stream(mx.cpu)
    yield
    mx.set_default_device(device)
    mx.set_default_stream(cpu_stream)
