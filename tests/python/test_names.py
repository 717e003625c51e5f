"""Every name that programs of the ecosystem use is offered or listed as absent with a reason, and
every offered one has a docstring and a stub."""

import ast
import inspect
import tomllib
from pathlib import Path

import pytest

import tandem
from tandem import core as mx

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
LISTED = tomllib.loads((ROOT / "docs/compatibility_names.toml").read_text())
OWNERS = {"core": mx, "array": mx.array, "random": mx.random}
STUBS = Path(tandem.__file__).parent / "_core"


def offered(owner: str) -> list[str]:
    return [name for names in LISTED[owner].values() for name in names.split()]


def absent(owner: str) -> list[str]:
    entries = LISTED["absent" if owner == "core" else f"absent_{owner}"].values()
    return [name for entry in entries for name in entry["names"].split()]


@pytest.mark.parametrize("owner", OWNERS)
def test_every_listed_name_is_there(owner):
    assert [name for name in offered(owner) if not hasattr(OWNERS[owner], name)] == []


@pytest.mark.parametrize("owner", OWNERS)
def test_every_public_name_is_listed_once(owner):
    names = offered(owner)
    assert len(names) == len(set(names))
    found = vars(OWNERS[owner]) if owner == "array" else getattr(mx, "__all__", dir(mx))
    if owner == "random":
        found = dir(mx.random)
    assert {name for name in found if not name.startswith("_")} <= set(names)


@pytest.mark.parametrize("owner", OWNERS)
def test_what_is_listed_as_absent_is_absent(owner):
    names = [name for name in absent(owner) if not name.startswith("__")]
    assert [name for name in names if hasattr(OWNERS[owner], name)] == []
    assert not set(names) & set(offered(owner))


def test_a_missing_name_is_noticed(monkeypatch):
    monkeypatch.delattr(mx, "finfo")
    with pytest.raises(AssertionError, match="finfo"):
        test_every_listed_name_is_there("core")


@pytest.mark.parametrize("owner", OWNERS)
def test_every_name_has_a_docstring(owner):
    functions = {name: getattr(OWNERS[owner], name) for name in offered(owner)}
    documented = {
        name: value
        for name, value in functions.items()
        if not name.startswith("__")
        and (callable(value) or inspect.ismodule(value) or isinstance(value, property))
    }
    assert len(documented) >= {"core": 250, "array": 57, "random": 14}[owner]
    assert [name for name, value in documented.items() if not (value.__doc__ or "").strip()] == []


def described_members(body: list[ast.stmt]) -> dict[str, bool]:
    """Names that a stub declares, and whether each has a docstring where it can."""
    found: dict[str, bool] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = found.get(node.name, False) or bool(ast.get_docstring(node))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = True
        elif isinstance(node, ast.Assign):
            found |= {t.id: True for t in node.targets if isinstance(t, ast.Name)}
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: True for alias in node.names}
    return found


def stub_of(name: str) -> ast.Module:
    path = STUBS / f"{name}.pyi"
    if not path.exists():
        pytest.skip("a module built with a sanitizer has no stub")
    return ast.parse(path.read_text())


def test_every_name_has_a_stub():
    stub = stub_of("__init__")
    core = described_members(stub.body)
    classes = {node.name: node for node in stub.body if isinstance(node, ast.ClassDef)}
    array = described_members(classes["array"].body)
    in_python = {"__array_namespace_info__", "ArrayLike", "cuda", "metal"}
    in_python |= set(LISTED["core"]["files"].split())
    assert [n for n in offered("core") if n not in core and n not in in_python] == []
    inherited = dir(object)
    assert [n for n in offered("array") if n not in array and n not in inherited] == []
    random = described_members(stub_of("random").body)
    assert [n for n in offered("random") if n not in random] == []
    undescribed = [
        name
        for members in (core, array, random)
        for name, described in members.items()
        if not described and not name.startswith("_")
    ]
    assert undescribed == []


def test_what_is_written_in_python_is_annotated():
    functions = [getattr(mx, name) for name in LISTED["core"]["files"].split()]
    functions += [mx.__array_namespace_info__, mx.cuda.is_available, mx.metal.is_available]
    for function in functions:
        signature = inspect.signature(function)
        assert signature.return_annotation is not inspect.Signature.empty, function
        for parameter in signature.parameters.values():
            assert parameter.annotation is not inspect.Parameter.empty, (function, parameter)
