"""Whether a function takes every call that the peer's function of the same name takes, judged by
the first line of both docstrings: names of parameters, their order and kind, defaults."""

import ast
import re
from collections.abc import Callable
from typing import Any, NamedTuple

LINE = re.compile(r"^\w+(\(.*\)) -> ")
# Names whose peer's first line is no Python, or leaves out what it takes.
UNREAD = {"arange", "savez", "savez_compressed", "save_safetensors"}


class Parameter(NamedTuple):
    name: str
    kind: str  # only (by position), any, keyword, several
    default: str | None


def parameters_of(function: Callable[..., Any]) -> list[Parameter] | None:
    """None for a docstring that begins with no signature that Python reads, or with several."""
    first = (function.__doc__ or "").strip().split("\n")[0]
    found = LINE.match(first)
    if not found:
        return None
    text = re.sub(r"<[^>]*>|\bmlx\.core\.|\btandem\.core\.", "", found[1])
    try:
        arguments = ast.parse(f"def f{text}: ...").body[0].args
    except SyntaxError:
        return None
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    found_parameters = [
        Parameter(a.arg, "only" if a in arguments.posonlyargs else "any", default_text(default))
        for a, default in zip(positional, defaults, strict=True)
    ]
    if arguments.vararg:
        found_parameters.append(Parameter(arguments.vararg.arg, "several", "()"))
    found_parameters += [
        Parameter(a.arg, "keyword", default_text(default))
        for a, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    return [p for p in found_parameters if p.name != "self"]


def default_text(node: ast.expr | None) -> str | None:
    if node is None:
        return None
    text = ast.unparse(node)
    return {"[]": "()", "0.0": "0", "1.0": "1"}.get(text, text)


def refusals(ours: list[Parameter], theirs: list[Parameter]) -> str:
    """Empty when every call of the second form is one of the first, else what is not."""
    by_name = {p.name: p for p in ours if p.kind != "only"}
    for place, wanted in enumerate(theirs):
        if wanted.kind == "several":
            if not any(p.kind == "several" for p in ours):
                return f"takes no *{wanted.name}"
            continue
        if wanted.kind == "keyword":
            match = by_name.get(wanted.name)
        else:
            at_place = ours[place] if place < len(ours) else None
            match = at_place if at_place and at_place.kind in ("only", "any") else None
            if wanted.kind == "any" and match and match.name != wanted.name:
                match = None
        if match is None:
            return f"takes no {wanted.name} ({wanted.kind})"
        if wanted.default is not None and match.default != wanted.default:
            return f"{wanted.name} is {match.default} by default, the peer's {wanted.default}"
    known = {p.name for p in theirs} | {p.name for p in ours[: len(theirs)]}
    for extra in ours:
        if extra.name not in known and extra.default is None:
            return f"needs {extra.name}, which the peer does not have"
    return ""


def compare_signatures(
    owner: Any, peer: Any, names: list[str], prefix: str
) -> tuple[int, list[str]]:
    """The number of functions compared, and a line for each that refuses a call of the peer's."""
    compared, found = 0, []
    for name in names:
        ours, theirs = getattr(owner, name, None), getattr(peer, name, None)
        if name in UNREAD or name.startswith("__") or isinstance(ours, type):
            continue
        ours, theirs = (parameters_of(f) if callable(f) else None for f in (ours, theirs))
        if ours is None or theirs is None:
            continue
        compared += 1
        if text := refusals(ours, theirs):
            found.append(f"{prefix}{name} -> signature: {text}")
    return compared, found
