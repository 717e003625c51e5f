"""The profile: times, bytes and reasons are those of the run, lines those of the program."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from helpers import run_python
from tandem.profile import profile
from tandem.profile.page import profile_page
from tandem.report.kernels import short_site
from tandem.report.text import chain_text

from tandem import core as mx

pytestmark = pytest.mark.once

PROGRAM = """\
import sys
import mlx.core as mx
a = mx.ones((64, 32))
b = (mx.exp(-a),)[int()]
c = mx.exp(b @ mx.transpose(b), stream=mx.gpu)
mx.eval(c)
print("arguments", sys.argv[1:])
if "fail" in sys.argv:
    raise ValueError("as asked for")
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def found():
    a = mx.array(np.ones((64, 32), np.float32))
    with profile() as result:
        b = mx.exp(-a)  # line one
        c = b @ b.T  # line two
        mx.eval(mx.exp(c) + 1, b)  # line three
        mx.eval(mx.add(c, 1, stream=mx.gpu))
    return result


def line_of(text):
    with Path(__file__).open() as file:
        return next(i for i, line in enumerate(file, 1) if text in line)


def test_kernels_are_those_of_the_counters(found):
    kernels = found.kernels()
    calls = {
        kind: sum(k.calls for k in kernels if k.kind == kind) for kind in ("kernel", "library")
    }
    assert calls["kernel"] == found.run.counters["kernels_launched"]
    assert calls["library"] == found.run.counters["library_calls"]
    ops = sum(k.ops * k.calls for k in kernels if k.kind in ("kernel", "library"))
    assert ops == sum(len(note["ops"]) for note in found.notes)
    copied = sum(k.bytes for k in kernels if k.kind == "copy")
    assert copied == found.run.ledger["total_bytes"] > 0


def test_times_add_up(found):
    launched = [e for e in found.run.events if e.kind in ("kernel", "library")]
    seconds = sum(e.end_ns - e.begin_ns for e in launched) * 1e-9
    assert sum(use.seconds for use in found.ops()) == pytest.approx(seconds)
    assert sum(use.seconds for use in found.lines()) == pytest.approx(seconds)
    everything = sum(e.end_ns - e.begin_ns for e in found.run.events) * 1e-9
    assert sum(use.seconds for use in found.kernels()) == pytest.approx(everything)
    assert sum(found.device_seconds().values()) == pytest.approx(everything)


def test_lines_are_those_of_the_program(found):
    ops = {short_site(use.site): set(use.ops) for use in found.lines()}
    assert ops[f"test_profile.py:{line_of('# line one')}"] == {"negative", "exp"}
    assert ops[f"test_profile.py:{line_of('# line two')}"] == {"matmul"}
    assert ops[f"test_profile.py:{line_of('# line three')}"] == {"exp", "add"}
    sources = [use.source for use in found.lines()]
    assert "c = b @ b.T  # line two" in sources


def test_reasons(found):
    reasons = {(use.name, use.reader): use.reason for use in found.unfused()}
    assert reasons[("exp", "matmul")] == "matmul is a library call"
    assert reasons[("matmul", "exp")] == "matmul is a library call"


def test_bytes_of_a_kernel(found):
    first = next(use for use in found.kernels() if use.name == "negative exp")
    assert first.bytes == 2 * 64 * 32 * 4
    assert first.ops == 2


def test_roofs_are_of_the_devices_that_computed(found):
    assert set(found.roofs) == {"cpu 0", "gpu 0"}
    assert all(rate > 0 for rate in found.roofs.values())
    copy = next(use for use in found.kernels() if use.kind == "copy")
    assert found.roof_share(copy) is None
    kernel = next(use for use in found.kernels() if use.kind == "kernel")
    assert found.roof_share(kernel) == pytest.approx(kernel.rate() / found.roofs[kernel.device])


def test_nothing_is_noted_without_a_profile(found):
    from tandem import inspect

    with inspect.trace() as run:
        mx.eval(mx.exp(mx.ones((4,))))
    assert all(event.note == 0 for event in run.events)


def test_text_fits_the_terminal(found):
    text = str(found)
    assert all(len(line) <= 80 for line in text.splitlines())
    for part in ("negative exp", "test_profile.py", "matmul is a library call", "of roof"):
        assert part in text


def test_page(found):
    text = profile_page(found, "program.py")
    assert not re.search(r"(src|href)\s*=|@import|url\(|<script|<link", text)
    for part in ("negative exp", "test_profile.py", "matmul is a library call", "stage s0 map"):
        assert part in text
    assert "timeline" in found._repr_html_()


def test_threads_and_unknown_callers_are_noted():
    import threading

    with profile(roofs=False) as result:
        a = mx.ones((8,))
        threads = [threading.Thread(target=lambda: mx.eval(mx.exp(a))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert result.roofs == {}
    assert [use.name for use in result.ops()] == ["exp"]
    assert result.ops()[0].calls == 4


def test_chains():
    assert chain_text("exp") == "exp"
    assert chain_text("negative exp negative exp", "x") == "(negative exp) x2"
    assert chain_text("exp*20 add", "x") == "exp x20 add"
    assert chain_text("add exp exp exp", "x") == "add exp x3"
    assert chain_text("a b c d e f g h") == "a b c d ... h"


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


def test_command(program, tmp_path):
    page, trace = tmp_path / "page.html", tmp_path / "trace.json"
    result = run_python("-m", "tandem", "profile", "--html", str(page), "--trace", str(trace),
                        str(program), "0", "--html")  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "arguments ['0', '--html']" in result.stdout
    assert "b = (mx.exp(-a),)[int()]" in result.stdout
    assert "program.py:4" in result.stdout
    assert "(simulated)" in result.stdout
    assert "Not fused" in result.stdout
    assert "<html" in page.read_text()
    document = json.loads(trace.read_text())
    names = [e["name"] for e in document["traceEvents"] if e["ph"] == "X"]
    assert "matmul" in names
    moved = sum(e["args"]["bytes"] for e in document["traceEvents"] if e.get("cat") == "copy")
    assert moved == document["otherData"]["ledger"]["total_bytes"] > 0
    lines = [e["args"]["lines"] for e in document["traceEvents"] if e.get("cat") == "kernel"]
    assert [f"{program}:4"] in lines


def test_exit_code_and_failure_are_the_programs(program):
    result = run_python("-m", "tandem", "profile", str(program), "3")
    assert result.returncode == 3
    assert "Lines of the program" in result.stdout
    result = run_python("-m", "tandem", "profile", str(program), "fail")
    assert result.returncode == 1
    assert result.stderr.rstrip().endswith("ValueError: as asked for")
    assert "Lines of the program" in result.stdout
