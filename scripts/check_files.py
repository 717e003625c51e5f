"""Checks the shape of source files: at most 800 lines, headers guarded and opened by a comment."""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ["tandem", "python", "tests", "tools", "benchmarks", "serving", "examples", "scripts"]
SUFFIXES = {".h", ".cpp", ".cu", ".def", ".py", ".sh", ".cmake"}
MOST_LINES = 800


def problems_of(path: Path) -> list[str]:
    lines = path.read_text().splitlines()
    found = []
    if len(lines) > MOST_LINES:
        found.append(f"{len(lines)} lines, at most {MOST_LINES}: split it by theme")
    if path.suffix == ".h" and not path.stem.endswith(("_inl", "-inl")):
        if not lines or not lines[0].startswith("//"):
            found.append("a header opens with a comment that says its purpose")
        if "#pragma once" not in lines:
            found.append("a header has #pragma once")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT)
    root = parser.parse_args().root
    files = sorted(p for f in FOLDERS for p in (root / f).rglob("*") if p.suffix in SUFFIXES)
    found = [f"{p.relative_to(root)}: {text}" for p in files for text in problems_of(p)]
    print("\n".join(found) or f"{len(files)} files are in shape")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
