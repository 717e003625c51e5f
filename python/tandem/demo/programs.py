"""The documents' programs, run as they stand in processes of their own."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import tandem

__all__ = ["ProgramRun", "find_programs", "run_programs"]


@dataclass
class ProgramRun:
    """What one program gave."""

    name: str
    exit_code: int
    seconds: float  # start of Python included
    output: str
    errors: str


def find_programs() -> list[Path]:
    """The programs beside the package, or those of the source tree it was built from."""
    package = Path(tandem.__file__).resolve().parent
    folders = (package / "compatibility", package.parents[1] / "examples" / "compatibility")
    return next((found for folder in folders if (found := sorted(folder.glob("*.py")))), [])


def run_programs() -> list[ProgramRun]:
    runs = []
    for path in find_programs():
        started = time.perf_counter()
        result = subprocess.run(
            [sys.executable, "-m", "tandem", "run", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - started
        runs.append(ProgramRun(path.name, result.returncode, seconds, result.stdout, result.stderr))
    return runs
