"""Figures as people read them."""

import html

__all__ = ["bytes_text", "chain_text", "count_ops", "escape", "rate_text", "time_text"]


def bytes_text(count: float) -> str:
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1000 or unit == "GiB":
            break
        size /= 1024
    digits = 0 if unit == "B" or size >= 100 else 1 if size >= 10 else 2
    return f"{size:.{digits}f} {unit}"


def time_text(seconds: float) -> str:
    if seconds <= 0:
        return "-"
    for limit, scale, unit in ((1e-6, 1e9, "ns"), (1e-3, 1e6, "us"), (1.0, 1e3, "ms")):
        if seconds < limit:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds:.2f} s"


def rate_text(bytes_per_second: float) -> str:
    return f"{bytes_per_second / 1e9:.1f} GB/s"


def count_ops(name: str) -> int:
    """Operations in the name of a kernel: "negative exp*3 add" has five."""
    return sum(int(word.partition("*")[2] or 1) for word in name.split())


def chain_text(name: str, times: str = "\N{MULTIPLICATION SIGN}", most: int = 6) -> str:
    """ "negative exp negative exp" is shown as "(negative exp) x2", "exp*20" as "exp x20"."""
    words = name.split()
    groups: list[tuple[list[str], int]] = []
    at = 0
    while at < len(words):
        unit, count = _repeated(words, at)
        groups.append((unit, count))
        at += len(unit) * count
    shown = []
    for unit, count in groups:
        text = " ".join(unit).replace("*", f" {times}")
        if count > 1:
            text = f"{text} {times}{count}" if len(unit) == 1 else f"({text}) {times}{count}"
        shown.append(text)
    if len(shown) > most:
        shown = [*shown[: most - 2], "...", shown[-1]]
    return " ".join(shown)


def _repeated(words: list[str], at: int) -> tuple[list[str], int]:
    """The shortest group of words at this place that repeats, and how often."""
    for period in range(1, 1 + min(8, (len(words) - at) // 2)):
        unit = words[at : at + period]
        count = 1
        while words[at + count * period : at + (count + 1) * period] == unit:
            count += 1
        if count > 1:
            return unit, count
    return words[at : at + 1], 1


def escape(text: object) -> str:
    return html.escape(str(text), quote=True)
