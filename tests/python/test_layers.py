"""The layer check passes on the tree and fails on each kind of planted violation."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]


def run_check(root: Path) -> subprocess.CompletedProcess[str]:
    script = ROOT / "scripts/check_layers.py"
    return subprocess.run(
        [sys.executable, script, "--root", root], capture_output=True, text=True, check=False
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with the real table, to plant sources in."""
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs/architecture.md", tmp_path / "docs")
    return tmp_path


def plant(tree: Path, path: str, included: str) -> None:
    source = tree / path
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(f'// A source.\n#include "tandem/{included}"\n')


def test_tree_is_clean() -> None:
    done = run_check(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("path", "included"),
    [
        ("tandem/base/x.h", "device/ids.h"),
        ("tandem/kernel/x.cpp", "memory/buffer.h"),
        ("tandem/memory/deep/x.cpp", "runtime/stream.h"),
        ("tandem/graph/x.cpp", "kernel/ir.h"),
        ("tandem/passes/lower/x.cpp", "engine/plan.h"),
        ("tandem/backends/cpu/x.cpp", "backends/simulated/clock.h"),
        ("tandem/backends/common/gemm/x.cpp", "backends/cpu/cpu.h"),
        ("tandem/backends/cpu/x.cpp", "memory/buffer.h"),
        ("tandem/ops/rows.def", "passes/fuse.h"),
        ("python/src/x.cpp", "engine/plan.h"),
        ("examples/x.cpp", "graph/array.h"),
    ],
)
def test_planted_violation_is_found(tree: Path, path: str, included: str) -> None:
    plant(tree, path, included)
    done = run_check(tree)
    assert done.returncode == 1
    assert f"{path}:2:" in done.stdout
    assert f"may not include {included}" in done.stdout


@pytest.mark.parametrize(
    ("path", "included"),
    [
        ("tandem/base/x.h", "base/error.h"),
        ("tandem/graph/x.cpp", "memory/buffer.h"),
        ("tandem/backends/cpu/x.cpp", "backends/common/thread_pool.h"),
        ("tandem/backends/common/gemm/x.cpp", "backends/common/thread_pool.h"),
        ("tandem/passes/lower/x.cpp", "passes/pass.h"),
        ("tandem/engine/x.cpp", "backends/cpu/cpu.h"),
        ("python/src/x.cpp", "tandem.h"),
    ],
)
def test_allowed_include_passes(tree: Path, path: str, included: str) -> None:
    plant(tree, path, included)
    done = run_check(tree)
    assert done.returncode == 0, done.stdout


def test_folder_without_a_row_is_found(tree: Path) -> None:
    plant(tree, "tandem/elsewhere/x.h", "base/error.h")
    done = run_check(tree)
    assert done.returncode == 1
    assert "tandem/elsewhere/x.h: no row of the layer table covers it" in done.stdout
