#!/usr/bin/env python3
"""What a row of the op table costs: seconds to compile and bytes of code.

usage: scripts/row_costs.py [BUILD_FOLDER]   (build/dev by default, configured and built)

Compiles each file that is expanded once per row again, without the compiler cache, and adds up the
functions of its object: those named after a row, and the rest.
"""

import json
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [
    "tandem/op_table/op.cpp",
    "tandem/kernel/rows/emit_row_text.cpp",
    "tandem/ops/elementwise.cpp",
    "python/src/functions/elementwise.cpp",
    "python/src/array/operators.cpp",
]
CODE = "tTwWuV"  # kinds of symbols that are functions or shared tables


def row_names() -> list[str]:
    table = (ROOT / "tandem/op_table/elementwise.def").read_text()
    return re.findall(r"^TANDEM_ROW\(\s*(\w+)", table, re.MULTILINE)


def compile_again(entry: dict, target: Path) -> float:
    command = shlex.split(entry["command"])
    if Path(command[0]).name == "ccache":
        command = command[1:]
    command[command.index("-o") + 1] = str(target)
    for flag in ("-MF", "-MT"):
        if flag in command:
            command[command.index(flag) + 1] = str(target) + ".d"
    begin = time.monotonic()
    subprocess.run(command, cwd=entry["directory"], check=True)
    return time.monotonic() - begin


def code_of(target: Path) -> tuple[Counter, int]:
    """Bytes by number of row, and of everything else."""
    text = subprocess.run(["nm", "-S", "-C", target], check=True, capture_output=True, text=True)
    rows: Counter = Counter()
    rest = 0
    for line in text.stdout.splitlines():
        fields = line.split(maxsplit=3)
        if len(fields) < 4 or fields[2] not in CODE:
            continue
        row = re.search(r"RowId\)(\d+)", fields[3])
        if row:
            rows[int(row[1])] += int(fields[1], 16)
        else:
            rest += int(fields[1], 16)
    return rows, rest


def main() -> None:
    build = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/dev"
    commands = {
        str(Path(entry["file"]).relative_to(ROOT)): entry
        for entry in json.loads((build / "compile_commands.json").read_text())
        if Path(entry["file"]).is_relative_to(ROOT)
    }
    names = row_names()
    total: Counter = Counter()
    seconds_of_all, bytes_of_all = 0.0, 0
    print(f"{'file':40} {'seconds':>8} {'ms/row':>7} {'bytes':>8} {'bytes/row':>9}")
    for source in SOURCES:
        if source not in commands:
            print(f"{source:40} not in {build}")
            continue
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "object.o"
            seconds = compile_again(commands[source], target)
            rows, rest = code_of(target)
        size = rows.total() + rest
        total += rows
        seconds_of_all += seconds
        bytes_of_all += size
        print(
            f"{source:40} {seconds:8.2f} {1000 * seconds / len(names):7.0f} {size:8} "
            f"{size / len(names):9.0f}"
        )
    print(
        f"{len(names)} rows: {seconds_of_all / len(names):.2f} s and "
        f"{bytes_of_all / len(names):.0f} bytes of code each; dearest in functions of their own:"
    )
    for row, size in total.most_common(8):
        print(f"  {names[row] if row < len(names) else row:20} {size:6} bytes")


if __name__ == "__main__":
    main()
