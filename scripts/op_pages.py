"""Writes docs/ops: one page a family of functions, from the op table, the signatures and the
docstrings of the installed package; --check fails when one is stale."""

import argparse
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs/ops"
FAMILIES = {
    "creation": "Creating arrays",
    "unary": "Elementwise, one operand",
    "binary": "Elementwise, two or three operands",
    "reductions": "Reductions and scans",
    "sorting": "Sorting and searching",
    "layout": "Shape and arrangement",
    "indexing": "Indexing",
    "products": "Products of matrices and tensors",
    "random": "Random numbers",
    "files": "Files",
    "evaluation": "Evaluation",
    "devices": "Devices and streams",
    "memory": "Memory",
}
ROW_FAMILIES = {"unary": lambda arity: arity == 1, "binary": lambda arity: arity > 1}
CLASSES = ("floats", "integers", "bool", "complex64")
RESULTS = {"same": "the operands' dtype", "boolean": "bool", "component": "float32 of complex64"}


@dataclass
class Row:
    """What a row of elementwise.def says, as its texts."""

    name: str
    aliases: list[str]
    result: str
    classes: list[str]  # by CLASSES; 'none' and 'promotes' as in the table
    gradients: list[str]
    bounds: tuple[str, str]  # ULP of float32, float64
    exact: bool


def arguments(text: str) -> list[str]:
    """The arguments of a macro, split at the commas that stand in no bracket and no string."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, char in enumerate(text):
        if char == '"' and text[at - 1] != "\\":
            quoted = not quoted
        elif not quoted and char in "({[":
            depth += 1
        elif not quoted and char in ")}]":
            depth -= 1
        elif not quoted and char == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [" ".join(part.split()) for part in [*parts, text[start:]]]


def inside(text: str) -> str:
    """What the outermost brackets hold: "GX(-g)" is "-g"."""
    return text[text.index("(") + 1 : text.rindex(")")]


def table_rows(text: str) -> dict[str, Row]:
    """Rows by name and by alias."""
    rows: dict[str, Row] = {}
    for match in re.finditer(r"^TANDEM_ROW\((.*?)\)$", text, re.MULTILINE | re.DOTALL):
        columns = arguments(match.group(1))
        name, aliases, _, result, *rest = columns
        classes, gradients, traits, bounds = rest[:4], rest[4], rest[5], rest[8]
        shown = [part if part == "none" else inside(part) for part in arguments(inside(gradients))]
        low, high = arguments(inside(bounds))
        row = Row(name, re.findall(r'"(\w+)"', aliases), result, classes, shown, (low, high),
                  "kExact" in traits)  # fmt: skip
        for known in (name, *row.aliases):
            rows[known] = row
    return rows


def signature(function: object) -> tuple[str, str]:
    """Signature and text of a docstring; the first line of a function's is its signature."""
    doc = (getattr(function, "__doc__", None) or "").strip()
    head, _, text = doc.partition("\n")
    if not re.match(r"\w+\(.*\)( -> .*)?$", head):
        return "", " ".join(doc.split())
    return shortened(head), " ".join(text.split())


def shortened(head: str) -> str:
    """Without what every function has, and with names as a program writes them."""
    head = re.sub(r"tandem\.(_core|core)\.", "", head)
    head = head.replace("collections.abc.", "").replace("typing.", "")
    head = re.sub(
        r"Stream \| (ThreadLocalStream \| )?Device \| DeviceType( \| None)?", "Where", head
    )
    return head.replace("array | bool | int | float | complex", "Operand")


def dtypes_text(row: Row) -> str:
    taken = [name for name, text in zip(CLASSES, row.classes, strict=True) if text != "none"]
    promoted = [n for n, text in zip(CLASSES, row.classes, strict=True) if text == "promotes"]
    text = ", ".join(taken)
    return f"{text} ({' and '.join(promoted)} as float32)" if promoted else text


def accuracy_text(row: Row) -> str:
    low, high = row.bounds
    if row.exact or (low == "0" and high == "0"):
        return "exact"
    return f"{low} ULP in float32, {high} in float64 at most"


def gradient_text(row: Row) -> str:
    if all(text == "none" for text in row.gradients):
        return "zero"
    # like(x, 2) is the constant 2 in the type of x.
    texts = [re.sub(r"like\(\w, ([-.\w]+)\)", r"\1", text) for text in row.gradients]
    return "; ".join("none" if text == "none" else f"`{text}`" for text in texts)


def entry(name: str, function: object, row: Row | None) -> list[str]:
    head, text = signature(function)
    lines = [f"### {name}", ""]
    if head:
        lines += [f"`{head}`", ""]
    if text:
        lines += [text, ""]
    if row:
        result = RESULTS.get(row.result, row.result)
        other = [known for known in (row.name, *row.aliases) if known != name]
        lines += ["| | |", "| --- | --- |"]
        if other:
            lines.append(f"| also | {', '.join(f'`{known}`' for known in other)} |")
        lines += [f"| dtypes | {dtypes_text(row)} |", f"| result | {result} |"]
        if len(row.gradients) > 1:
            lines.append("| shapes | operands broadcast together |")
        else:
            lines.append("| shapes | the operand's |")
        gradient = gradient_text(row).replace("|", "\\|")
        lines += [f"| gradient | {gradient} |", f"| accuracy | {accuracy_text(row)} |", ""]
    return lines


NOTE = """\
Written by `./dev generate` from the op table and the docstrings. `Operand` stands for an array or a
Python scalar, `Where` for a stream, a device or a kind of device, or None: the default.
"""
ROW_NOTE = """
Gradients are linear maps of the result's gradient `g`, one for each operand; `x`, `y`, `z` are the
operands and `out` the result. The leaf functions behind the bounds are measured in
[leaf_accuracy.md](../leaf_accuracy.md).
"""


def family_page(title: str, names: list[str], owner: object, rows: dict[str, Row]) -> str:
    note = NOTE + (ROW_NOTE if any(name in rows for name in names) else "")
    lines = [f"# {title}", "", note]
    for name in names:
        lines += entry(name, getattr(owner, name), rows.get(name))
    return "\n".join(lines).rstrip() + "\n"


def pages() -> dict[str, str]:
    """Every page by its name."""
    from tandem import core as mx

    listed = tomllib.loads((ROOT / "docs/compatibility_names.toml").read_text())
    rows = table_rows((ROOT / "tandem/op_table/elementwise.def").read_text())
    result, index = {}, []
    for family, title in FAMILIES.items():
        random = family == "random"
        owner = mx.random if random else mx
        words = (listed["random"]["functions"] if random else listed["core"][family]).split()
        if family in ROW_FAMILIES:  # rows that the ecosystem does not have
            own = (name for name in listed["core"]["own"].split() if name in rows)
            words += [name for name in own if ROW_FAMILIES[family](len(rows[name].gradients))]
        names = [name for name in words if callable(getattr(owner, name))]
        result[f"{family}.md"] = family_page(title, names, owner, rows)
        index.append(f"| [{title}]({family}.md) | {', '.join(f'`{name}`' for name in names)} |")
    head = ["# Functions", "", "Written by `./dev generate`. `import tandem.core as mx`, or "
            "`mlx.core` under `python -m tandem run`.", "", "| family | functions |",
            "| --- | --- |"]  # fmt: skip
    result["README.md"] = "\n".join([*head, *index]) + "\n"
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    wanted = pages()
    there = {path.name: path.read_text() for path in PAGES.glob("*.md")} if PAGES.is_dir() else {}
    stale = sorted(name for name in {*wanted, *there} if wanted.get(name) != there.get(name))
    for name in stale:
        if not check:
            PAGES.mkdir(exist_ok=True)
            path = PAGES / name
            path.write_text(wanted[name]) if name in wanted else path.unlink()
        print(f"docs/ops/{name}: {'stale, run ./dev generate' if check else 'written'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
