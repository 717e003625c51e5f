"""Runs clang-tidy over the library, several files at a time, and only over those that changed.

A source is clean as long as its own text, every header of ours that it reaches, the compile
command and the rules are the same as when it last passed; the record is in build/tidy/.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIDY = Path(sys.executable).with_name("clang-tidy")
FOLDERS = ("tandem/", "python/src/")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


@cache
def reached(path: Path) -> frozenset[Path]:
    """The files of ours that a source includes, itself among them."""
    seen: set[Path] = set()
    pending = [path]
    while pending:
        current = pending.pop()
        if current in seen or not current.is_file():
            continue
        seen.add(current)
        pending += [ROOT / name for name in INCLUDE.findall(current.read_text())]
    return frozenset(seen)


@cache
def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def key_of(path: Path, command: str, rules: str) -> str:
    parts = [rules, command, *(f"{p} {digest(p)}" for p in sorted(reached(path)))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def commands(build: Path) -> dict[Path, str]:
    entries = json.loads((build / "compile_commands.json").read_text())
    result = {}
    for entry in entries:
        path = Path(entry["file"])
        if path.is_relative_to(ROOT) and str(path.relative_to(ROOT)).startswith(FOLDERS):
            result[path] = entry["command"]
    return result


@cache
def compiler_headers() -> str:
    """Where g++ has headers of its own that clang lacks, such as quadmath.h."""
    command = ["g++", "-print-file-name=include"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def lint(path: Path, build: Path) -> str:
    """What clang-tidy says about one source; empty when it is clean."""
    extra = f"--extra-arg=-idirafter{compiler_headers()}"
    done = subprocess.run(
        [TIDY, "-p", build, "--quiet", extra, path], capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def lint_all(paths: list[Path], build: Path, jobs: int) -> list[tuple[Path, str]]:
    with ThreadPoolExecutor(jobs) as pool:
        return list(zip(paths, pool.map(lambda path: lint(path, build), paths), strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--build", type=Path, default=ROOT / "build/dev")
    arguments = parser.parse_args()
    version = subprocess.run([TIDY, "--version"], capture_output=True, text=True, check=True).stdout
    rules = (ROOT / ".clang-tidy").read_text() + version
    record = ROOT / "build/tidy"
    record.mkdir(parents=True, exist_ok=True)
    sources = commands(arguments.build)
    keys = {path: key_of(path, command, rules) for path, command in sources.items()}
    stale = [path for path, key in keys.items() if not (record / key).exists()]
    failed = 0
    for path, said in lint_all(stale, arguments.build, arguments.jobs):
        if said:
            failed += 1
            print(f"{path.relative_to(ROOT)}:\n{said}")
        else:
            (record / keys[path]).touch()
    print(f"{len(keys)} sources, {len(stale)} looked at, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
