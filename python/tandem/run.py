"""``python -m tandem run program.py``: an unmodified MLX program on Tandem."""

import io
import sys
from pathlib import Path
from types import CodeType, ModuleType, TracebackType

from tandem import alias

__all__ = ["main", "run_program"]

_USAGE = "usage: python -m tandem run PROGRAM.py [ARGUMENT ...]"


def _show_program_frames_only(program: str) -> None:
    """Tracebacks start at the program, as if Python had been given it directly."""
    previous = sys.excepthook

    def hook(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        frames = traceback
        while frames is not None and frames.tb_frame.f_code.co_filename != program:
            frames = frames.tb_next
        previous(kind, error.with_traceback(frames or traceback), frames or traceback)

    sys.excepthook = hook


def _compile(path: str) -> CodeType:
    with io.open_code(path) as file:
        source = file.read()
    return compile(source, path, "exec", dont_inherit=True)


def run_program(path: str, arguments: list[str]) -> None:
    """Runs the file as ``__main__`` with ``mlx`` standing for Tandem. Its exceptions, SystemExit
    among them, leave this function."""
    alias.install()
    sys.argv = [path, *arguments]
    sys.path[0] = str(Path(path).resolve().parent)
    _show_program_frames_only(path)
    module = ModuleType("__main__")
    module.__file__ = path
    module.__builtins__ = __builtins__  # type: ignore[attr-defined]
    sys.modules["__main__"] = module
    exec(_compile(path), module.__dict__)


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_USAGE)
        return 0 if arguments else 2
    program = arguments[0]
    if not Path(program).is_file():
        print(f"python -m tandem run: there is no file {program}", file=sys.stderr)
        return 2
    run_program(program, arguments[1:])
    return 0
