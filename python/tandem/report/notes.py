"""Notes of launches: what is known of each while a profile records (`inspect.Event.note`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tandem
from tandem._core import inspect as _inspect

__all__ = ["recorded_notes"]

Note = dict[str, Any]


@contextmanager
def recorded_notes() -> Iterator[list[Note]]:
    """Notes every launch until the end of the block, when the list is filled. Places are those of
    the program that calls the package."""
    package = f"{Path(tandem.__file__).parent}/"
    notes: list[Note] = []
    _inspect.start_profile([package], [f"{package}compatibility/", f"{package}demo/"])
    try:
        yield notes
    finally:
        notes.extend(_inspect.stop_profile())
