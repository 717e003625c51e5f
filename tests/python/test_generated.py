"""Generated documents are fresh and say what their tables say."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]


def test_generated_documents_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/generate.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_settings_page_has_every_row() -> None:
    table = (ROOT / "tandem/base/settings.def").read_text()
    page = (ROOT / "docs/settings.md").read_text()
    rows = [line for line in table.splitlines() if line.startswith("TANDEM_SETTING(")]
    assert rows
    for row in rows:
        name = row.removeprefix("TANDEM_SETTING(").split(",")[0]
        assert f"| `TANDEM_{name.upper()}` |" in page, name
