"""The command line of Tandem: ``python -m tandem COMMAND``."""

import argparse
import sys

import tandem

_COMMANDS = """\
commands:
  demo      show what Tandem does, in figures of the run itself; writes a page
  run       run an unmodified MLX program: run PROGRAM.py [ARGUMENT ...]
  profile   run a program and tell where its time went and what was fused
  devices   list the devices operations can run on
  bench     measure against NumPy and the peers that are installed

"python -m tandem COMMAND --help" tells more about each.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tandem",
        usage="python -m tandem [-h] [--version] COMMAND ...",
        description="Arrays without a location, for CPUs and GPUs that work on the same data.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_COMMANDS,
    )
    parser.add_argument("--version", action="version", version=f"tandem {tandem.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND",
                                     help=argparse.SUPPRESS, prog="python -m tandem")  # fmt: skip
    demo = commands.add_parser("demo", help="show what Tandem does")
    demo.add_argument(
        "--small", action="store_true", help="leave out the larger size of the mixed example"
    )
    demo.add_argument(
        "--html", metavar="FILE", help="where the page goes (tandem-demo.html in this folder)"
    )
    demo.add_argument(
        "--trace", metavar="FILE",
        help="where the events go, for ui.perfetto.dev (tandem-demo.trace.json in this folder)",
    )  # fmt: skip
    run = commands.add_parser("run", help="run an unmodified MLX program")
    run.add_argument("program", metavar="PROGRAM.py")
    run.add_argument("arguments", metavar="ARGUMENT", nargs=argparse.REMAINDER)
    profile = commands.add_parser("profile", help="tell where a program's time goes")
    profile.add_argument("--html", metavar="FILE", help="also write a page")
    profile.add_argument(
        "--trace", metavar="FILE", help="also write the events, for ui.perfetto.dev"
    )
    profile.add_argument("program", metavar="PROGRAM.py", help="mlx.core is Tandem in it")
    profile.add_argument("arguments", metavar="ARGUMENT", nargs=argparse.REMAINDER)
    commands.add_parser("devices", help="list the devices")
    bench = commands.add_parser("bench", help="measure against NumPy and installed peers")
    bench.add_argument("rows", metavar="ROW", nargs="*", help="rows to measure; all without any")
    bench.add_argument("--list", action="store_true", help="list the rows and stop")
    bench.add_argument("--rounds", type=int, default=5, help="samples of each library in a row")
    bench.add_argument("--json", metavar="FILE", help="also write every sample")
    return parser


def main(arguments: list[str]) -> int:
    # Everything behind `run` belongs to the program.
    if arguments[:1] == ["run"]:
        from tandem import run

        return run.main(arguments[1:])
    options = _parser().parse_args(arguments)
    if options.command == "devices":
        from tandem import devices

        return devices.main()
    if options.command == "profile":
        from tandem.profile.main import main as profile

        return profile(options)
    if options.command == "bench":
        from tandem import bench

        return bench.main(options)
    from tandem import demo

    return demo.main(options.small, options.html, options.trace)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
