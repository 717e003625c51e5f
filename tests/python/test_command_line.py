"""The verbs of `python -m tandem`: help, exit codes, what goes to which stream."""

import json

import pytest
from helpers import run_python

import tandem

pytestmark = pytest.mark.once

VERBS = ("demo", "run", "profile", "devices", "bench")


def tandem_command(*arguments):
    return run_python("-m", "tandem", *arguments)


def test_help_lists_every_verb():
    result = tandem_command("--help")
    assert result.returncode == 0
    for verb in VERBS:
        assert f"\n  {verb} " in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb(verb):
    result = tandem_command(verb, "--help")
    assert result.returncode == 0
    assert f"python -m tandem {verb}" in result.stdout
    assert result.stderr == ""


def test_version():
    assert tandem_command("--version").stdout == f"tandem {tandem.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "COMMAND"),
        (("no-such-verb",), "no-such-verb"),
        (("demo", "--no-such-option"), "--no-such-option"),
        (("devices", "more"), "more"),
        (("run",), "PROGRAM.py"),
        (("run", "no_such_file.py"), "there is no file no_such_file.py"),
        (("profile",), "PROGRAM.py"),
        (("profile", "no_such_file.py"), "there is no file no_such_file.py"),
        (("bench", "no_such_row"), "no such row: no_such_row"),
        (("bench", "--rounds", "0", "cached_add"), "--rounds is at least 1"),
    ],
)
def test_errors_go_to_stderr(arguments, text):
    result = tandem_command(*arguments)
    assert result.returncode == 2
    assert text in result.stdout + result.stderr
    if arguments != ("run",):
        assert text in result.stderr
        assert result.stdout == ""


def test_devices():
    result = tandem_command("devices")
    assert result.returncode == 0
    assert "Device(cpu, 0)" in result.stdout
    assert "device_name" in result.stdout


def test_bench_lists_its_rows():
    result = tandem_command("bench", "--list")
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) > 20


def test_bench_measures_beside_numpy(tmp_path):
    names = [line.split()[0] for line in tandem_command("bench", "--list").stdout.splitlines()]
    small = "cached_add"
    assert small in names
    samples = tmp_path / "samples.json"
    result = tandem_command("bench", small, "--rounds", "2", "--json", str(samples))
    assert result.returncode == 0, result.stdout + result.stderr
    assert small in result.stdout
    found = json.loads(samples.read_text())
    assert list(found) == [small]
    assert {"tandem", "numpy"} <= set(found[small])
    assert all(len(values) == 2 for values in found[small].values())
