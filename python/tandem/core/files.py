"""Saving and loading arrays: npy, npz and safetensors, in files or file-like objects."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tandem._core import ArgumentError
from tandem._core import _io as io

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from tandem._core import Stream, array

    File = str | Path | BinaryIO

FORMATS = ("npy", "npz", "safetensors")


def _path_of(file: File) -> str | None:
    """The path, or None for a file-like object."""
    return None if hasattr(file, "read") or hasattr(file, "write") else os.fspath(file)


def _with_suffix(path: str, suffix: str) -> str:
    return path if path.endswith(suffix) else path + suffix


def _format_of(file: File, path: str | None, format: str | None) -> str:
    if format is None:
        name = path if path is not None else str(getattr(file, "name", ""))
        format = name.rpartition(".")[2]
    if format not in FORMATS:
        raise ArgumentError(
            f"[load] unknown file format: got '{format}', expected npy, npz or safetensors"
        )
    return format


def load(
    file: File,
    /,
    format: str | None = None,
    return_metadata: bool = False,
    *,
    stream: Stream | None = None,
) -> Any:
    """Loads the arrays of a file.

    Files named by a path are mapped into memory: an element is read when it is first used.

    Args:
        file: a path, or an object with a read method.
        format: "npy", "npz" or "safetensors"; by default the ending of the file's name.
        return_metadata: also return the metadata of a safetensors file, a dict of text.
        stream: taken for compatibility; loading happens on the host.

    Returns:
        An array for npy; a dict of names and arrays for npz and safetensors; with
        ``return_metadata`` a pair of that dict and the metadata.

    Raises:
        IoError (an OSError): the file cannot be read, is damaged, or holds elements that no array
            has.
        ArgumentError (a ValueError): the format is unknown or has no metadata.
    """
    path = _path_of(file)
    format = _format_of(file, path, format)
    if return_metadata and format != "safetensors":
        raise ArgumentError(f"[load] {format} files have no metadata")
    if path is not None:
        found = getattr(io, f"load_{format}")(path)
    else:
        name = str(getattr(file, "name", "the file"))
        found = getattr(io, f"read_{format}")(bytes(file.read()), name)
    if format != "safetensors":
        return found
    return found if return_metadata else found[0]


def save(file: File, arr: array) -> None:
    """Saves an array as npy; ".npy" is added to a path without it.

    bfloat16, which the format has no name for, is written as ``<V2``.

    Raises:
        IoError (an OSError): the file cannot be written; an older one stays as it was.
    """
    path = _path_of(file)
    if path is None:
        file.write(io.write_npy(arr))
    else:
        io.save_npy(_with_suffix(path, ".npy"), arr)


def _savez(file: File, args: tuple[array, ...], kwargs: dict[str, array], compressed: bool) -> None:
    arrays = dict(kwargs)
    for number, a in enumerate(args):
        name = f"arr_{number}"
        if name in arrays:
            raise ArgumentError(f"[savez] two arrays are called {name}")
        arrays[name] = a
    path = _path_of(file)
    if path is None:
        file.write(io.write_npz(arrays, compressed))
    else:
        io.save_npz(_with_suffix(path, ".npz"), arrays, compressed)


def savez(file: File, /, *args: array, **kwargs: array) -> None:
    """Saves several arrays as npz; positional ones are called arr_0, arr_1...

    Raises:
        IoError (an OSError): the file cannot be written; an older one stays as it was.
    """
    _savez(file, args, kwargs, False)


def savez_compressed(file: File, /, *args: array, **kwargs: array) -> None:
    """Like savez, every array deflated."""
    _savez(file, args, kwargs, True)


def save_safetensors(
    file: File, /, arrays: dict[str, array], metadata: dict[str, str] | None = None
) -> None:
    """Saves named arrays, and metadata (names and text), as safetensors.

    Raises:
        IoError (an OSError): the file cannot be written; an older one stays as it was.
    """
    path = _path_of(file)
    if path is None:
        file.write(io.write_safetensors(arrays, metadata or {}))
    else:
        io.save_safetensors(_with_suffix(path, ".safetensors"), arrays, metadata or {})
