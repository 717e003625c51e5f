"""The command line of Tandem: ``python -m tandem COMMAND``."""

import argparse
import sys

import tandem


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tandem",
        description="Arrays without a location, for CPUs and GPUs that work on the same data.",
    )
    parser.add_argument("--version", action="version", version=f"tandem {tandem.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("run", help="run an unmodified MLX program: run PROGRAM.py [ARGUMENT ...]")
    commands.add_parser("devices", help="list the devices operations can run on")
    demo = commands.add_parser(
        "demo", help="show what Tandem does, with figures from the run itself"
    )
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
    from tandem import demo

    return demo.main(options.small, options.html, options.trace)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
