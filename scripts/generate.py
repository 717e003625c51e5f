"""Writes the committed documents that are made from tables; --check fails when one is stale."""

import argparse
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETTING = re.compile(r'^TANDEM_SETTING\((\w+), (\w+), (.+), "([^"]*)", "([^"]*)"\)$', re.MULTILINE)


def shown_default(kind: str, text: str) -> str:
    """A default as a user would type it; the table has it as C++."""
    if kind == "Flag":
        return "on" if text == "true" else "off"
    if match := re.fullmatch(r"int64_t\{(\d+)\} << 30", text):
        return f"{match.group(1)}GiB"
    return text.strip('"')


def shown_values(kind: str, allowed: str) -> str:
    if kind == "Flag":
        return "`on`, `off`"
    if kind == "Text":
        return ", ".join(f"`{word}`" for word in allowed.split("|")) if allowed else "text"
    low, _, high = allowed.partition("..")
    name = {"Count": "whole number", "Bytes": "bytes", "Number": "number"}[kind]
    limits = [f"at least {low}"] * bool(low) + [f"at most {high}"] * bool(high)
    return ", ".join([name, *limits])


def compatibility_page() -> str:
    lines = [
        "# Compatibility",
        "",
        "Generated from `docs/compatibility.toml` by `./dev generate`.",
        "",
        "`./dev compare` calls every offered name of `tandem.core` beside the installed `mlx.core`",
        "on a grid of dtypes, shapes, axes and bad arguments. All results agree in dtype, shape,",
        "values and errors but for these differences, which are meant:",
        "",
        "| difference | reason |",
        "| --- | --- |",
    ]
    entries = tomllib.loads((ROOT / "docs/compatibility.toml").read_text())["difference"]
    lines += [f"| {entry['what']} | {entry['reason']} |" for entry in entries]
    return "\n".join(lines + absent_names()) + "\n"


def absent_names() -> list[str]:
    tables = tomllib.loads((ROOT / "docs/compatibility_names.toml").read_text())
    count = sum(len(names.split()) for names in tables["core"].values())
    lines = [
        "",
        "## Names",
        "",
        f"`tandem.core` offers {count} names, listed in `docs/compatibility_names.toml`; a test",
        "fails when one is missing, has no docstring or no stub. Not offered are:",
        "",
        "| names of `mlx.core` | reason |",
        "| --- | --- |",
    ]
    for table, owner in (("absent", ""), ("absent_array", "array."), ("absent_random", "random.")):
        for entry in tables[table].values():
            names = ", ".join(f"`{owner}{name}`" for name in entry["names"].split())
            lines.append(f"| {names} | {entry['reason']} |")
    return lines


def settings_page() -> str:
    rows = SETTING.findall((ROOT / "tandem/base/settings.def").read_text())
    if not rows:
        raise SystemExit("tandem/base/settings.def has no rows that can be read")
    lines = [
        "# Settings",
        "",
        "Generated from `tandem/base/settings.def` by `./dev generate`.",
        "",
        "Environment variables, read once, when the first of them is needed. A value that does",
        "not parse raises an `ArgumentError` that says what was expected; an unknown `TANDEM_`",
        "variable is warned about. Sizes in bytes take units: `512MiB`, `4GiB`, `2GB`.",
        "",
        "| variable | default | values | meaning |",
        "| --- | --- | --- | --- |",
    ]
    for name, kind, default, allowed, doc in rows:
        default_text = shown_default(kind, default)
        shown = f"`{default_text}`" if default_text else "empty"
        values = shown_values(kind, allowed)
        lines.append(f"| `TANDEM_{name.upper()}` | {shown} | {values} | {doc} |")
    return "\n".join(lines) + "\n"


# Each generated document with the function that returns its text.
GENERATORS: dict[str, Callable[[], str]] = {
    "docs/settings.md": settings_page,
    "docs/compatibility.md": compatibility_page,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    stale = []
    for name, generator in GENERATORS.items():
        path = ROOT / name
        text = generator()
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if not check:
            path.write_text(text)
    for name in stale:
        print(f"{name}: {'stale, run ./dev generate' if check else 'written'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
