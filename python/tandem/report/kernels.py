"""Kernels as a page shows them: operations, the lines that asked for them, text, reasons."""

from collections import Counter
from pathlib import PurePath

from tandem.report.notes import Note
from tandem.report.page import code, details
from tandem.report.text import bytes_text, chain_text, escape

__all__ = ["device_tag", "kernel_list", "short_site", "sites_of"]

_LINES = 60  # of a kernel's text


def device_tag(device: str) -> str:
    kind = "gpu" if "gpu" in device else "cpu"
    name = device.removeprefix("Device(").removesuffix(")").replace(", ", " ")
    return f'<span class="tag {kind}">{escape(name)}</span>'


def short_site(site: str) -> str:
    """ "/home/me/program.py:12" is "program.py:12"."""
    path, _, line = site.rpartition(":")
    return f"{PurePath(path).name}:{line}" if path else "unknown"


def sites_of(note: Note) -> list[str]:
    """The places that asked for its operations, in the order of the operations."""
    return list(dict.fromkeys(op["site"] for op in note["ops"] if op["site"]))


def _chips(note: Note) -> str:
    """Operations with their number, those that follow one another first."""
    counts = Counter(op["name"] for op in note["ops"])
    chips = [
        f'<span class="tag">{escape(name)}{f" &times; {count:,}" if count > 1 else ""}</span>'
        for name, count in counts.items()
    ]
    return f'<div class="chips">{"".join(chips)}</div>'


def _text(note: Note) -> str:
    lines = note["kernel"].rstrip().splitlines()
    more = len(lines) - _LINES
    if more > 0:
        lines = [*lines[:_LINES], f"... and {more:,} more lines"]
    return details(
        f"the kernel as text, {len(note['kernel'].splitlines()):,} lines", code("\n".join(lines))
    )


def _reasons(note: Note) -> str:
    if not note["stored"]:
        return ""
    items = "".join(
        f"<li><b>{escape(stored['name'])}</b> comes from memory: {escape(stored['reason'])}</li>"
        for stored in note["stored"]
    )
    return f"<small><ul>{items}</ul></small>"


def kernel_list(notes: list[Note]) -> str:
    """One box a kernel or library call."""
    boxes = []
    for note in notes:
        name = chain_text(note["label"]) if note["kernel"] else note["label"]
        shapes = list(dict.fromkeys(op["shape"] for op in note["ops"]))
        kind = "kernel" if note["kernel"] else "library call"
        count = len(note["ops"])
        facts = (
            f"{kind}, {count:,} operation{'s' * (count != 1)} over "
            f"{escape(', '.join(shapes[:3]))}; "
            f"reads {bytes_text(note['read'])}, writes {bytes_text(note['written'])}"
        )
        sites = sites_of(note)
        if sites:
            facts += f"; asked for at {escape(', '.join(map(short_site, sites[:4])))}"
        boxes.append(
            f'<div class="kernel"><b>{escape(name)} &nbsp;{device_tag(str(note["device"]))}</b>'
            f"<small>{facts}</small>{_chips(note) if count > 1 else ''}{_reasons(note)}"
            f"{_text(note) if note['kernel'] else ''}</div>"
        )
    return "".join(boxes)
