"""Reruns the corpus (tests whose results no setting may change) under each configuration of
tests/configurations.txt and prints a table. The C++ part needs build/dev, the Python part runs in
the interpreter that runs this script."""

import argparse
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "build" / "dev" / "tests"
ENGINE = "Bits.*:Injection.*"
SUITES = {
    "ops": [str(TESTS / "ops" / "ops_test")],
    "engine": [str(TESTS / "engine" / "engine_test"), f"--gtest_filter={ENGINE}"],
    "python": [sys.executable, "-m", "pytest", "-m", "not once"],
}
PASSED = re.compile(r"\[  PASSED  \] (\d+) tests?|(\d+) passed")


def configurations() -> dict[str, dict[str, str]]:
    found = {}
    for line in (ROOT / "tests" / "configurations.txt").read_text().splitlines():
        name, *settings = line.split()
        if name != "#" and not line.startswith("#"):
            found[name] = dict(setting.split("=", 1) for setting in settings)
    return found


def missing(settings: dict[str, str]) -> str:
    """What this machine lacks for the configuration; empty when nothing."""
    isa = settings.get("TANDEM_ISA", "")
    flags = Path("/proc/cpuinfo").read_text()
    needed = {"avx2": "avx2", "avx512": "avx512bw"}.get(isa)
    return f"no {isa} here" if needed and needed not in flags else ""


def run(command: list[str], settings: dict[str, str]) -> tuple[bool, str, str]:
    """Whether it passed, its cell of the table, its output."""
    environment = {**os.environ, "TANDEM_VERIFY": "on", "TEST_PROGRAMS": "1000", **settings}
    start = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, env=environment, text=True, stdin=subprocess.DEVNULL, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    counts = [int(a or b) for a, b in PASSED.findall(done.stdout)]
    passed = done.returncode == 0 and bool(counts)
    verdict = f"{counts[-1]} passed" if passed else f"FAILED ({done.returncode})"
    return passed, f"{verdict} {time.monotonic() - start:.0f} s", done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="configurations to run (all)")
    names = parser.parse_args().names
    table = configurations()
    failed = 0
    pool = ThreadPoolExecutor(len(os.sched_getaffinity(0)))  # most tests keep one thread busy
    runs = {
        name: {suite: pool.submit(run, command, table[name]) for suite, command in SUITES.items()}
        for name in names or table
        if not missing(table[name])
    }
    print(f"{'configuration':22}" + "".join(f"{suite:20}" for suite in SUITES), flush=True)
    for name in names or table:
        settings = table[name]
        if reason := missing(settings):
            print(f"{name:22}{reason}", flush=True)
            continue
        results = {suite: future.result() for suite, future in runs[name].items()}
        print(f"{name:22}" + "".join(f"{cell:20}" for _, cell, _ in results.values()), flush=True)
        for suite, (passed, _, output) in results.items():
            if passed:
                continue
            failed = 1
            variables = " ".join(f"{key}={value}" for key, value in settings.items())
            print(f"---- {suite} with {variables}\n{output[-6000:]}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
