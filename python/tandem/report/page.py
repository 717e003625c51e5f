"""Pages: one self-contained HTML file each, without script from elsewhere, fonts or network."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from tandem.report.text import escape

__all__ = ["bars", "card", "code", "details", "embedded", "page", "table", "tiles", "write_page"]

# One style for pages and for what notebooks show; colours follow the reader's light or dark mode.
STYLE = (Path(__file__).parent / "style.css").read_text()


def page(title: str, lead: str, body: str, footer: str) -> str:
    """`lead`, `body` and `footer` are fragments of HTML."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}</style>\n</head>\n"
        f'<body class="tandem">\n<header><h1>{escape(title)}</h1>{lead}</header>\n'
        f"<main>\n{body}\n</main>\n<footer>{footer}</footer>\n</body>\n</html>\n"
    )


def embedded(fragment: str) -> str:
    """A fragment that carries its style, for a cell of a notebook."""
    return f'<style>\n{STYLE}</style>\n<div class="tandem cell">{fragment}</div>'


def card(heading: str, explanation: str, content: str) -> str:
    text = f"<p>{explanation}</p>" if explanation else ""
    return f"<section><h2>{escape(heading)}</h2>{text}{content}</section>\n"


def tiles(figures: Iterable[tuple[str, str, str]]) -> str:
    """Key figures: value, what it is, a note below."""
    cells = "".join(
        f"<div><strong>{escape(value)}</strong><b>{escape(what)}</b><small>{escape(note)}</small></div>"
        for value, what, note in figures
    )
    return f'<div class="tiles">{cells}</div>'


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()
) -> str:
    """Cells are fragments; the columns `numbers` are set to the right."""
    right = set(numbers)

    def cells(tag: str, texts: Sequence[str]) -> str:
        return "".join(
            f"<{tag}{' class=n' if i in right else ''}>{text}</{tag}>"
            for i, text in enumerate(texts)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    head = cells("th", [escape(column) for column in columns])
    inner = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="scroll"><table>{inner}</table></div>'


def bars(rows: Iterable[tuple[str, float, str, str]]) -> str:
    """Horizontal bars: name, value, text of the value, class of colour."""
    rows = list(rows)
    most = max((value for _, value, _, _ in rows), default=0) or 1
    lines = "".join(
        f'<div class="bar"><span>{escape(name)}</span><div><i class="{colour}" '
        f'style="width:{max(0.3, 100 * value / most) if value else 0:.2f}%"></i></div>'
        f"<b>{escape(text)}</b></div>"
        for name, value, text, colour in rows
    )
    return f'<div class="barchart">{lines}</div>'


def code(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"


def details(summary: str, content: str) -> str:
    return f"<details><summary>{summary}</summary>{content}</details>"


def write_page(path: str | Path, text: str) -> Path:
    path = Path(path)
    path.write_text(text, encoding="utf-8")
    return path
