"""What `python -m benchmarks --write-docs` makes of a run."""

import json
import sys

import pytest
from helpers import REPOSITORY

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def document():
    sys.path.append(str(REPOSITORY))
    from benchmarks import document

    yield document
    sys.path.remove(str(REPOSITORY))


RUN = {
    "machine": {"cpu": "Some CPU", "threads": 4, "busy_cores_at_start": 0.2},
    "versions": {"tandem": "1", "numpy": "2", "mlx": "3"},
    "roofs": {"read_bytes": 5e10, "flops": 9e11},
    "rows": [
        {
            "name": "sum_16m",
            "what": "a sum",
            "roof_seconds": 0.001,
            "seconds": {"tandem": [0.002, 0.004, 0.002], "numpy": [0.001] * 3, "mlx": [0.01] * 3},
            "wrong": {"mlx": "relative error 1"},
        },
        {
            "name": "softmax",
            "what": "a softmax",
            "roof_seconds": 0,
            "seconds": {"tandem": [0.5e-6], "numpy": [5e-6]},
            "wrong": {},
        },
    ],
    "cpp": [
        {"name": "cached_add", "seconds": 1.5e-6, "target_us": 1.0},
        {"name": "other", "seconds": 2e-9, "target_us": None},
    ],
}


def test_every_row_and_loss_is_there(document):
    text = document.figures(RUN)
    assert (
        "| `sum_16m` | a sum | 2 ms | **1 ms, 0.50x** | 10 ms, 5.00x (other result) | 0.50 |"
        in text
    )
    assert "| `softmax` | a softmax | 500 ns | 5 us, 10.00x | - | - |" in text
    assert "| `sum_16m` | numpy | 2.00x |" in text
    assert "| `cached_add` | 1.5 us | 1 us |" in text
    assert "50.0 GB/s read, 900 GFLOP/s" in text
    assert "busy" not in text


def test_a_busy_machine_is_told(document):
    run = {**RUN, "machine": {**RUN["machine"], "busy_cores_at_start": 4.5}}
    assert "The machine was busy (4.5 cores at the start)" in document.figures(run)
    assert "The machine was busy" in document.summary(run)


def test_the_summary_counts_losses(document):
    text = document.summary(RUN)
    assert "In 1 of 3 comparisons a peer is faster" in text
    assert "a softmax" in text
    assert "./dev bench" in text


def test_pages_are_filled_between_their_marks(document, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "results").mkdir()
    page = "before\n<!-- figures: begin -->\nearlier figures\n<!-- figures: end -->\nafter\n"
    for name in ("docs/performance.md", "README.md"):
        (tmp_path / name).write_text(page)
    (tmp_path / "results/bench-20250101-000000.json").write_text("{}")
    (tmp_path / "results/bench-20250102-000000.json").write_text(json.dumps(RUN))
    written = document.write_docs(tmp_path, None)
    assert len(written) == 2
    for path in written:
        text = path.read_text()
        assert text.startswith("before\n<!-- figures: begin -->\n")
        assert text.endswith("\n<!-- figures: end -->\nafter\n")
        assert "earlier figures" not in text
    with pytest.raises(SystemExit):
        document.filled("no marks", "")


def test_without_a_run_it_says_what_makes_one(document, tmp_path):
    (tmp_path / "results").mkdir()
    with pytest.raises(SystemExit, match=r"\./dev bench"):
        document.write_docs(tmp_path, None)


def test_the_pages_have_their_marks(document):
    for name in ("docs/performance.md", "README.md"):
        assert document.filled((REPOSITORY / name).read_text(), "new").count("new\n<!--") == 1
