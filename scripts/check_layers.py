"""Checks that every folder includes only what the layer table of docs/architecture.md allows."""

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*"tandem/([^"]+)"')
ROW = re.compile(r"^\|\s*\d+\s*\|([^|]*)\|([^|]*)\|")
SUFFIXES = {".h", ".cpp", ".cu", ".def"}


def read_table(document: str) -> dict[str, set[str]]:
    """The table's rows as folder -> what it may include; `X/*` stands for any folder in X."""
    table: dict[str, set[str]] = {}
    for line in document.splitlines():
        if match := ROW.match(line):
            folders, allowed = ([c.strip(" `") for c in cell.split(",")] for cell in match.groups())
            for folder in folders:
                table[folder] = {name for name in allowed if name}
    if not table:
        raise SystemExit("docs/architecture.md has no layer table")
    return table


def row_of(path: str, table: dict[str, set[str]]) -> str | None:
    """The row that a path below the root or below tandem/ belongs to, the most exact one."""
    parts = path.split("/")
    for length in range(len(parts), 0, -1):
        name = "/".join(parts[:length])
        if name in table:
            return name
        if length > 1 and f"{'/'.join(parts[: length - 1])}/*" in table:
            return name
    return None


def allowed_of(row: str, table: dict[str, set[str]]) -> set[str]:
    return table[row] if row in table else table[f"{row.rsplit('/', 1)[0]}/*"]


def is_allowed(row: str, target: str, included: str, allowed: set[str]) -> bool:
    return target == row or bool({"everything", target, included} & allowed)


def sources(root: Path) -> list[Path]:
    folders = ["tandem", "python/src", "serving", "tools", "examples"]
    return sorted(p for f in folders for p in (root / f).rglob("*") if p.suffix in SUFFIXES)


def violations(root: Path) -> list[str]:
    table = read_table((root / "docs/architecture.md").read_text())
    found = []
    for path in sources(root):
        name = path.relative_to(root).as_posix().removeprefix("tandem/")
        row = row_of(name, table)
        if row is None:
            found.append(f"{path.relative_to(root)}: no row of the layer table covers it")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if not (match := INCLUDE.match(line)):
                continue
            included = match.group(1)
            target = row_of(included, table) or included
            if not is_allowed(row, target, included, allowed_of(row, table)):
                found.append(f"{path.relative_to(root)}:{number}: {row} may not include {included}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT)
    found = violations(parser.parse_args().root)
    print("\n".join(found) or "every include is allowed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
