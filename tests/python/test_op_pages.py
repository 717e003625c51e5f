"""The generator of docs/ops: what it reads out of the op table and the docstrings."""

import importlib.util
import sys

import pytest
from helpers import REPOSITORY

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def generator():
    spec = importlib.util.spec_from_file_location("op_pages", REPOSITORY / "scripts/op_pages.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["op_pages"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["op_pages"]


def test_arguments_are_split_outside_of_brackets_and_strings(generator):
    text = 'a, f(b, c), "d, e", {1, 2},\n  g'
    assert generator.arguments(text) == ["a", "f(b, c)", '"d, e"', "{1, 2}", "g"]


def test_every_row_of_the_table_is_read(generator):
    text = (REPOSITORY / "tandem/op_table/elementwise.def").read_text()
    rows = generator.table_rows(text)
    assert len({row.name for row in rows.values()}) == text.count("\nTANDEM_ROW(")
    assert all(len(row.classes) == 4 for row in rows.values())


def test_a_row(generator):
    text = """
TANDEM_ROW(half, aliases("halved"), 1, same,
           X(x / like(x, 2)), promotes, none, X(x),
           gradients(GX(g / like(g, 2))), kOdd, 4, on({0.1, 8}), ulp(0.5, 1),
           method(), "Half, as expected.")
"""
    rows = generator.table_rows(text)
    row = rows["halved"]
    assert row is rows["half"]
    assert generator.gradient_text(row) == "`g / 2`"
    assert generator.accuracy_text(row) == "0.5 ULP in float32, 1 in float64 at most"
    assert generator.dtypes_text(row) == "floats, integers, complex64 (integers as float32)"


def test_pages_have_every_function_of_their_family(generator):
    pages = generator.pages()
    assert set(pages) == {"README.md", *(f"{family}.md" for family in generator.FAMILIES)}
    for name, texts in {
        "unary.md": ("### exp", "`g * out`", "`exp(a: Operand"),
        "binary.md": ("### where", "operands broadcast together"),
        "sorting.md": ("### argsort", "equal elements keep their order"),
        "random.md": ("### normal",),
    }.items():
        for text in texts:
            assert text in pages[name]
    assert all(page.endswith("\n") and "nanobind" not in page for page in pages.values())


def hunks(page):
    """The files of a page's diff with the lines that they must have before it is applied."""
    text = page.split("```diff\n")[1].split("```")[0]
    found = {}
    for line in text.splitlines():
        if line.startswith("--- a/"):
            lines = found.setdefault(line.removeprefix("--- a/"), [])
        elif not line.startswith(("+", "@")):
            lines.append(line[1:])
    return text, found


def test_the_page_on_adding_an_op_is_true(generator):
    text, files = hunks((REPOSITORY / "docs/adding-an-op.md").read_text())
    assert len(files) == 4
    for name, lines in files.items():
        there = (REPOSITORY / name).read_text()
        assert lines
        assert "\n".join(lines) in there, name
    added = [line[1:] for line in text.splitlines() if line.startswith("+") and line[1:2] != "+"]
    rows = generator.table_rows("\n" + "\n".join(added) + "\n")
    assert set(rows) == {"hypot"}
    assert len(rows["hypot"].gradients) == 2
