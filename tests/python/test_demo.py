"""The demo: its figures come from its runs, and it fits every terminal."""

import json
import os
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from helpers import run_python
from tandem.demo import measure, report
from tandem.demo.files import demo_trace
from tandem.demo.page import demo_page
from tandem.demo.timeline import Lane, overlap, union
from tandem.report.text import bytes_text, time_text

pytestmark = pytest.mark.once

VIEWS = 2  # nodes of the explained program that compute nothing: b[0]


@pytest.fixture(scope="module")
def figures():
    return measure(small=True)


def test_totals_are_the_ledgers(figures):
    runs = figures.runs
    assert len(runs) == 1 + 3 * 6 + 1
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
        views = VIEWS if run is figures.explained else 0
        assert sum(work.ops * work.times for work in run.work) + views == run.counters["nodes_run"]


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


def events_of(document, phase):
    return [event for event in document["traceEvents"] if event["ph"] == phase]


def test_trace_is_in_the_trace_event_format(figures):
    document = demo_trace(figures)
    assert set(document) == {"traceEvents", "displayTimeUnit", "otherData"}
    assert json.loads(json.dumps(document)) == document
    for event in document["traceEvents"]:
        assert event["ph"] in ("X", "M", "C")
        assert isinstance(event["name"], str)
        assert isinstance(event["pid"], int)
        if event["ph"] == "M":
            assert event["name"] in ("process_name", "thread_name")
            assert isinstance(event["args"]["name"], str)
            continue
        assert event["ts"] >= 0
        if event["ph"] == "X":
            assert event["dur"] >= 0
            assert isinstance(event["tid"], int)
            assert event["cat"] in ("kernel", "library", "copy", "fill", "run")
    named = {event["pid"] for event in events_of(document, "M") if event["name"] == "process_name"}
    assert named == {event["pid"] for event in document["traceEvents"]}


def test_trace_of_a_stream_does_not_overlap(figures):
    streams = {}
    for event in events_of(demo_trace(figures), "X"):
        streams.setdefault((event["pid"], event["tid"]), []).append(event)
    assert len(streams) >= 4
    for events in streams.values():
        events.sort(key=lambda event: (event["ts"], event["dur"]))
        for before, after in pairwise(events):
            assert before["ts"] + before["dur"] <= after["ts"] + 1e-3


def test_totals_of_the_trace_are_the_ledgers(figures):
    document = demo_trace(figures)
    copies = [event for event in events_of(document, "X") if event["cat"] == "copy"]
    total = figures.ledger["total_bytes"]
    assert sum(event["args"]["bytes"] for event in copies) == total
    assert len(copies) == figures.ledger["total_transfers"]
    assert events_of(document, "C")[-1]["args"]["bytes"] == total
    assert document["otherData"]["ledger"] == figures.ledger
    kernels = [event for event in events_of(document, "X") if event["cat"] == "kernel"]
    assert len(kernels) == sum(run.counters["kernels_launched"] for run in figures.runs)


def test_page_stands_alone(figures):
    text = demo_page(figures, [], True, "trace.json")
    assert not re.search(r"(src|href)\s*=|@import|url\(|<script|<link", text)
    for figure in (figures.ledger["total_bytes"], figures.ledger["eliminated_bytes"]):
        assert bytes_text(figure) in text
    for run in figures.sizes[0].runs:
        assert time_text(run.seconds) in text
    assert "stage s0 map" in text  # the kernel as text
    parser = Balanced()
    parser.feed(text)
    parser.close()
    assert parser.open == []


class Balanced(HTMLParser):
    """Every element that is opened is closed in order."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_notes_tell_what_was_fused(figures):
    run = figures.explained
    assert sum(len(note["ops"]) for note in run.notes) + VIEWS == run.counters["nodes_run"]
    launches = run.counters["kernels_launched"] + run.counters["library_calls"]
    assert len(run.notes) == launches
    assert all("measure.py:" in op["site"] for note in run.notes for op in note["ops"])


def test_intervals():
    assert union([(3, 4), (0, 1), (0.5, 2)]) == [(0, 2), (3, 4)]
    assert overlap([(0, 2), (1, 3)], [(2, 5)]) == 1
    assert overlap([(0, 1)], [(1, 2)]) == 0
    assert Lane("cpu 0 compute", "wall", ((0, 1), (0.5, 1.5))).busy == 1.5


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_without_a_terminal(encoding, tmp_path):
    env = {**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "80", "LC_ALL": "C"}
    page, trace = tmp_path / "page.html", tmp_path / "trace.json"
    result = run_python("-m", "tandem", "demo", "--small", "--html", str(page), "--trace",
                        str(trace), env=env)  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert "\x1b" not in result.stdout
    *lines, said_page, said_trace = result.stdout.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert said_page.split() == ["page", str(page)]
    assert said_trace.split() == ["trace", str(trace)]
    assert page.stat().st_size > 10_000
    json.loads(trace.read_text())
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
