"""The documents' programs run as they stand and give what the documents say."""

import re

import pytest
from helpers import REPOSITORY, run_python

COMPATIBILITY = REPOSITORY / "examples" / "compatibility"
ARRAY_OF_100 = r"array\(\[(-?[\d.e+-]+, ){3}\.\.\.(, -?[\d.e+-]+){3}\], dtype=float32\)"


def run(name: str) -> str:
    result = run_python("-m", "tandem", "run", str(COMPATIBILITY / name))
    assert result.returncode == 0, result.stderr
    assert len(result.stderr.splitlines()) <= 1  # a simulated GPU says so
    return result.stdout


def test_each_program_is_tested():
    names = {path.name for path in COMPATIBILITY.glob("*.py")}
    assert names == {"unified_memory.py", "unified_memory_notebook.py", "devices_and_streams.py"}


@pytest.mark.parametrize("path", sorted(COMPATIBILITY.glob("*.py")), ids=lambda p: p.name)
def test_sources_and_licences_are_named(path):
    head = path.read_text()[:1000]
    assert "# Source: " in head
    assert "licence" in head


def test_unified_memory():
    first, second = run("unified_memory.py").splitlines()
    assert re.fullmatch(ARRAY_OF_100, first)
    assert second == "(4096, 4) (512, 4)"


def test_unified_memory_notebook():
    lines = run("unified_memory_notebook.py").splitlines()
    assert re.fullmatch("Array a: " + ARRAY_OF_100, lines[0])
    assert re.fullmatch("Array b: " + ARRAY_OF_100, lines[1])
    on_cpu, on_gpu = (
        lines[2].removeprefix("Result on CPU: "),
        lines[3].removeprefix("Result on GPU: "),
    )
    assert re.fullmatch(ARRAY_OF_100, on_cpu)
    assert on_cpu == on_gpu
    text = "\n".join(lines[4:])
    for pattern in (
        r"Full GPU Execution: \d+\.\d{4} seconds",
        r"Mixed GPU \+ CPU Execution: \d+\.\d{4} seconds",
        r"--- Performance Summary ---",
        r"Speedup \(Mixed vs GPU-only\): \d+\.\d\dx faster",
    ):
        assert re.search(pattern, text)


def test_devices_and_streams():
    lines = run("devices_and_streams.py").splitlines()
    assert lines[:2] == ["Device(cpu, 0)", "Device(gpu, 0)"]
    assert lines[2] in ("Device(cpu, 0)", "Device(gpu, 0)")
    assert re.fullmatch(r"Number of GPUs: \d+", lines[3])
    assert lines[4] == "Number of CPUs: 1"
    assert lines[5].startswith("{")
    assert lines[6:] == [
        "array([2, 3, 4], dtype=int32)",
        "array([2, 3, 4], dtype=int32)",
        "array([2, 4, 6], dtype=int32)",
        "array([2, 3, 4], dtype=int32)",
        lines[10],
        "array([4, 6, 8], dtype=int32)",
    ]
    assert re.fullmatch(r"Available GPUs: \d+", lines[10])
