"""The Python examples of the README and the documents run as they stand."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def examples() -> list:
    """Every block, named by its page and line; those with prompts are sessions to compare."""
    found = []
    for page in PAGES:
        text = page.read_text()
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            name = f"{page.relative_to(ROOT)}:{line}"
            found.append(pytest.param(match.group(1), id=name))
    return found


@pytest.mark.parametrize("code", examples())
def test_example(code: str, tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    if ">>>" in code:
        session = "import doctest, sys\nsys.exit(doctest.testmod().failed)\n"
        script.write_text(f'r"""\n{code}"""\n{session}')
    else:
        script.write_text(code)
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
