"""The name mlx for Tandem, and `python -m tandem run`."""

import sys

import pytest
from helpers import run_python

import tandem
from tandem import alias
from tandem import core as mx

pytestmark = pytest.mark.once


@pytest.fixture
def installed():
    alias.install()
    yield
    alias.uninstall()


def test_alias(installed):
    import mlx
    import mlx.core
    import mlx.core as by_name
    from mlx import core
    from mlx.core import array, random

    assert mlx is tandem
    assert mlx.core is by_name is core is mx
    assert array is mx.array
    assert random is mx.random
    assert tandem.core.__name__ == "tandem.core"
    assert tandem.core.__spec__.name == "tandem.core"
    with pytest.raises(ModuleNotFoundError):
        import mlx.no_such_module


def test_alias_is_not_there_unasked():
    alias.install()
    alias.install()
    alias.uninstall()
    assert not any(name.split(".")[0] == "mlx" for name in sys.modules)
    result = run_python("-c", "import tandem.core, sys; sys.exit('mlx' in sys.modules)")
    assert result.returncode == 0


def run_file(tmp_path, text, *arguments):
    program = tmp_path / "program.py"
    program.write_text(text)
    return program, run_python("-m", "tandem", "run", str(program), *arguments)


def test_program_sees_itself_as_main(tmp_path):
    (tmp_path / "beside.py").write_text("VALUE = 5\n")
    program, result = run_file(
        tmp_path,
        "import sys\n"
        "import mlx.core as mx\n"
        "import beside\n"
        "import __main__\n"
        "print(__name__, __file__, sys.argv, beside.VALUE)\n"
        "print(mx.add(mx.array([1, 2]), 1), __main__.__file__ == __file__)\n",
        "--flag",
        "value",
    )
    assert result.returncode == 0, result.stderr
    first, second = result.stdout.splitlines()
    assert first == f"__main__ {program} {[str(program), '--flag', 'value']} 5"
    assert second == "array([2, 3], dtype=int32) True"


@pytest.mark.parametrize(
    ("statement", "code"), [("sys.exit(3)", 3), ("sys.exit()", 0), ("sys.exit('bad')", 1)]
)
def test_exit_codes(tmp_path, statement, code):
    _, result = run_file(tmp_path, f"import sys\n{statement}\n")
    assert result.returncode == code
    assert result.stderr == ("bad\n" if "bad" in statement else "")


def test_tracebacks_start_at_the_program(tmp_path):
    program, result = run_file(
        tmp_path,
        "import mlx.core as mx\ndef f():\n    return mx.zeros((2,)) + mx.zeros((3,))\nf()\n",
    )
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1] == f'  File "{program}", line 4, in <module>'
    assert "tandem/run.py" not in result.stderr
    assert lines[-1].startswith("tandem.core.ShapeError: [add] ")


def test_programs_that_are_none(tmp_path):
    _, result = run_file(tmp_path, "def f(:\n")
    assert result.returncode == 1
    assert "SyntaxError" in result.stderr
    result = run_python("-m", "tandem", "run", str(tmp_path / "missing.py"))
    assert result.returncode == 2
    assert "there is no file" in result.stderr
    assert run_python("-m", "tandem", "run").returncode == 2
    assert run_python("-m", "tandem").returncode == 2


def test_other_commands():
    assert run_python("-m", "tandem", "--version").stdout == f"tandem {tandem.__version__}\n"
    result = run_python("-m", "tandem", "devices")
    assert result.returncode == 0, result.stderr
    assert "Device(cpu, 0)" in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())
