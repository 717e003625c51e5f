"""Calls every offered name beside the installed peer (mlx.core on its CPU) over a grid of dtypes,
shapes, axes and bad arguments. A difference that docs/compatibility.toml does not list fails, and
so does a listed one that does not occur, a name of the peer that docs/compatibility_names.toml does
not have, and a function that takes fewer calls than the peer's.

Kinds of difference: refused (we raise, the peer does not), offered (the peer raises), error (other
exceptions), dtype, shape, values, type.
"""

import argparse
import collections
import copy
import importlib
import operator
import pickle
import re
import sys
import tomllib
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from peer.cases import all_cases
from peer.signatures import compare_signatures

ROOT = Path(__file__).resolve().parent.parent
LISTED = ROOT / "docs" / "compatibility.toml"
NAMES = ROOT / "docs" / "compatibility_names.toml"
RELATIVE = {"float16": 4e-3, "bfloat16": 3e-2, "float32": 4e-5, "complex64": 1e-4}
ABSOLUTE = {"float16": 1e-3, "bfloat16": 1e-2, "float32": 2e-6, "complex64": 2e-6}


def known_values(dtype: str, count: int, seed: int) -> np.ndarray:
    """Small values that every dtype has, negative ones where it can, no zero for seed 1."""
    ramp = (np.arange(count) * 5 + seed * 3) % 7 - (0 if dtype.startswith("u") else 3)
    if dtype == "bool_":
        return (np.arange(count) + seed) % 3 == 0
    if seed:
        ramp = np.where(ramp == 0, 2, ramp)
    if dtype == "complex64":
        return (ramp / 2 + 1j * (np.arange(count) % 3 - 1)).astype(np.complex64)
    return ramp / 4 if "float" in dtype else ramp


class Foreign:
    """An array of another library, by the protocol for them."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __mlx_array__(self) -> Any:
        return self.value


class Side:
    """One of the two libraries and the names its expressions see."""

    def __init__(self, mx: ModuleType) -> None:
        self.mx = mx
        self.names = {"mx": mx, "np": np, "A": self.known, "I": self.integers, "put": self.put}
        self.names |= {"copy": copy, "operator": operator, "pickle": pickle}
        self.names |= {"printed": self.printed, "foreign": lambda: Foreign(mx.array([1.0, 2.0]))}

    def known(self, dtype: str, shape: tuple[int, ...], seed: int = 0) -> Any:
        values = known_values(dtype, int(np.prod(shape)), seed).reshape(shape)
        wide = values if values.dtype == np.complex64 else values.astype(np.float32)
        return self.mx.array(wide).astype(getattr(self.mx, dtype))

    def integers(self, values: list[Any]) -> Any:
        return self.mx.array(values)

    @staticmethod
    def put(a: Any, index: Any, value: Any) -> Any:
        a[index] = value
        return a

    def printed(self, precision: int) -> str:
        with self.mx.printoptions(precision):
            return str(self.mx.array([0.5, -3.14159265, 1e-7, 123456.789, float("nan"), 2]))

    def outcome(self, expression: str) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return self.plain(eval(expression, dict(self.names)))  # our own table
        except Exception as error:
            return error

    def plain(self, value: Any) -> Any:
        if isinstance(value, self.mx.array):
            name = str(value.dtype).rpartition(".")[2]
            wide = value.astype(self.mx.float32) if name == "bfloat16" else value
            return (name, tuple(value.shape), np.array(wide))
        if isinstance(value, list | tuple):
            return [self.plain(item) for item in value]
        if isinstance(value, np.ndarray):
            return ("numpy " + value.dtype.name, value.shape, value)
        if isinstance(value, dict):
            return {key: self.plain(item) for key, item in value.items()}
        if type(value).__module__.startswith(("mlx", "tandem")):
            return re.sub(r" at 0x\w+", "", str(value).replace("tandem.core", "mlx.core"))
        return value


def compare_values(ours: tuple, theirs: tuple) -> str:
    if ours[0] != theirs[0]:
        return f"dtype: {ours[0]}, the peer has {theirs[0]}"
    if ours[1] != theirs[1]:
        return f"shape: {ours[1]}, the peer has {theirs[1]}"
    a, b = ours[2], theirs[2]
    if ours[0] in RELATIVE:
        same = np.allclose(a, b, RELATIVE[ours[0]], ABSOLUTE[ours[0]], equal_nan=True)
    else:
        same = np.array_equal(a, b)
    if same:
        return ""
    with np.errstate(invalid="ignore"):
        at = np.flatnonzero(~np.isclose(a, b, 1e-4, equal_nan=True))[:3]
    return f"values: {a.ravel()[at].tolist()}, the peer has {b.ravel()[at].tolist()}"


def compare(ours: Any, theirs: Any) -> str:
    """Empty when both are the same, else "kind: what"."""
    if isinstance(ours, Exception) and isinstance(theirs, Exception):
        if isinstance(ours, type(theirs)):
            return ""
        return f"error: {type(ours).__name__}, the peer raises {type(theirs).__name__}: {theirs}"
    if isinstance(ours, Exception):
        return f"refused: {type(ours).__name__}: {ours}"
    if isinstance(theirs, Exception):
        return f"offered: the peer raises {type(theirs).__name__}: {theirs}"
    if isinstance(ours, tuple) and isinstance(theirs, tuple):
        return compare_values(ours, theirs)
    if isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            return f"shape: {len(ours)} results, the peer has {len(theirs)}"
        return next(
            (text for pair in zip(ours, theirs, strict=True) if (text := compare(*pair))), ""
        )
    if isinstance(ours, float | complex) and isinstance(theirs, float | complex):
        return "" if np.isclose(ours, theirs, equal_nan=True) else f"values: {ours}, {theirs}"
    return "" if ours == theirs else f"type: {ours!r}, the peer has {theirs!r}"


def listed() -> list[dict[str, str]]:
    return tomllib.loads(LISTED.read_text()).get("difference", [])


def compare_names(ours: ModuleType, theirs: ModuleType) -> tuple[int, list[str]]:
    """The number of signatures compared, and a line for each call of the peer's functions that ours
    refuse and for each of its names that is neither offered nor listed as absent."""
    tables = tomllib.loads(NAMES.read_text())
    owners = (("core", "absent", ours, theirs),
              ("array", "absent_array", ours.array, theirs.array),
              ("random", "absent_random", ours.random, theirs.random))  # fmt: skip
    common = {*dir(object), *dir(ModuleType("common")), "__file__", "__module__"}
    compared, found = 0, []
    for offered, absent, owner, peer in owners:
        names = [name for names in tables[offered].values() for name in names.split()]
        known = {n for entry in tables[absent].values() for n in entry["names"].split()}
        unknown = sorted(set(dir(peer)) - known.union(names) - common)
        found += [f"{offered}.{name} -> neither offered nor listed as absent" for name in unknown]
        count, refused = compare_signatures(owner, peer, names, f"{offered}.")
        compared += count
        found += refused
    return compared, found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="print every unlisted difference")
    options = parser.parse_args()
    ours = importlib.import_module("tandem.core")
    try:
        theirs = importlib.import_module("mlx.core")
    except ImportError:
        print("the peer (mlx) is not installed")
        return 1
    theirs.set_default_device(theirs.cpu)
    sides = Side(ours), Side(theirs)
    cases = [case for case in all_cases() if not absent(case, ours)]
    entries = listed()
    patterns = [re.compile(entry["pattern"]) for entry in entries]
    counts: collections.Counter[int] = collections.Counter()
    unlisted = []
    for case in cases:
        text = compare(*(side.outcome(case) for side in sides))
        if not text:
            continue
        line = f"{case} -> {text}"
        number = next((n for n, p in enumerate(patterns) if p.search(line)), None)
        if number is None:
            unlisted.append(line)
        else:
            counts[number] += 1
    unused = [entry["pattern"] for n, entry in enumerate(entries) if not counts[n]]
    for line in unlisted if options.all else unlisted[:60]:
        print(line[:300])
    for pattern in unused:
        print(f"listed, but does not occur: {pattern}")
    signatures, names = compare_names(ours, theirs)
    for line in names:
        print(line)
    print(
        f"{len(cases)} expressions: {len(cases) - len(unlisted) - counts.total()} agree, "
        f"{counts.total()} differ as listed in {len(entries)} entries, {len(unlisted)} unlisted; "
        f"{signatures} signatures, {len(names)} names or signatures unlisted"
    )
    return 1 if unlisted or unused or names else 0


def absent(case: str, mx: ModuleType) -> bool:
    """Whether the expression is about a name that is not offered yet."""
    for dotted in re.findall(r"mx\.((?:random\.)?\w+)", case):
        owner: Any = mx
        for name in dotted.split("."):
            if not hasattr(owner, name):
                return True
            owner = getattr(owner, name)
    return False


if __name__ == "__main__":
    sys.exit(main())
