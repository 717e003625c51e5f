"""The demo: its figures come from its runs, and it fits every terminal."""

import os

import pytest
from helpers import run_python
from tandem.demo import measure, report
from tandem.demo.timeline import Lane, overlap, union

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def figures():
    return measure(small=True)


def test_totals_are_the_ledgers(figures):
    runs = figures.runs
    assert len(runs) == 1 + 3 * 6
    assert sum(run.moved for run in runs) == figures.ledger["total_bytes"]
    assert sum(run.avoided for run in runs) == figures.ledger["eliminated_bytes"]
    assert sum(run.copied_bytes for run in runs) == figures.ledger["total_bytes"]
    transfers = sum(run.counters["transfers"] for run in runs)
    assert transfers == figures.ledger["total_transfers"]
    assert figures.ledger["total_bytes"] > 0


def test_every_run_is_right(figures):
    for run in figures.runs:
        assert run.error <= report.TOLERANCE, (run.title, run.placement)
        assert run.checked >= 100


def test_what_ran_adds_up(figures):
    for run in figures.runs:
        kernels = sum(work.times for work in run.work if work.kind == "kernel")
        calls = sum(work.times for work in run.work if work.kind == "library")
        assert kernels == run.counters["kernels_launched"]
        assert calls == run.counters["library_calls"]
        assert sum(work.ops * work.times for work in run.work) == run.counters["nodes_run"]


def test_work_runs_where_it_was_put(figures):
    (size,) = figures.sizes
    devices = {"cpu": {"Device(cpu, 0)"}, "gpu": {"Device(gpu, 0)"}}
    devices["gpu+cpu"] = devices["cpu"] | devices["gpu"]
    for run in size.runs:
        assert {work.device for work in run.work if work.kind != "copy"} == devices[run.placement]
        product = next(work for work in run.work if work.kind == "library")
        assert ("gpu" in product.device) == ("gpu" in run.placement)


def test_operands_cross_once(figures):
    (size,) = figures.sizes
    first, *others = [run for run in (*size.earlier, *size.runs) if "gpu" in run.placement]
    operands = 4 * (4096 * 512 + 512 * 4)
    assert first.ledger["host_to_device"]["input"]["bytes"] == operands
    for run in others:
        assert run.ledger["host_to_device"]["input"]["bytes"] == 0
        assert run.avoided > 0


def test_chains_are_fused(figures):
    (size,) = figures.sizes
    for run in size.runs:
        assert run.counters["nodes_run"] >= 501
        assert run.counters["kernels_launched"] <= run.counters["nodes_run"] // 8


def test_intervals():
    assert union([(3, 4), (0, 1), (0.5, 2)]) == [(0, 2), (3, 4)]
    assert overlap([(0, 2), (1, 3)], [(2, 5)]) == 1
    assert overlap([(0, 1)], [(1, 2)]) == 0
    assert Lane("cpu 0 compute", "wall", ((0, 1), (0.5, 1.5))).busy == 1.5


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_without_a_terminal(encoding):
    env = {**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "80", "LC_ALL": "C"}
    result = run_python("-m", "tandem", "demo", "--small", env=env)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "\x1b" not in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())
    for text in (
        "unified_memory.py",
        "matmul",
        "exp",
        "Simulated",
        "numpy",
        "avoided",
        "All as expected",
    ):
        assert text in result.stdout
