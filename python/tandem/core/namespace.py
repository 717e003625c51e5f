"""What the Python array API standard asks of a namespace, and what other libraries' arrays may
offer to be taken as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from tandem import _core

if TYPE_CHECKING:
    from tandem._core import Device, Dtype, array

KINDS = (
    "bool",
    "signed integer",
    "unsigned integer",
    "integral",
    "real floating",
    "complex floating",
    "numeric",
)
DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32",
    "float64", "complex64",
)  # fmt: skip  # those that the standard names


@runtime_checkable
class ArrayLike(Protocol):
    """Any object with a method ``__mlx_array__`` that returns an array."""

    def __mlx_array__(self) -> array:
        """The object as an array."""
        ...


class ArrayNamespaceInfo:
    """Answers of the namespace about itself, as the array API standard asks them."""

    def capabilities(self) -> dict[str, Any]:
        """Whether masks may index, shapes may depend on values, and how many axes there may be."""
        return {"boolean indexing": True, "data-dependent shapes": False, "max dimensions": 64}

    def default_device(self) -> Device:
        """The device of operations that name none."""
        return _core.default_device()

    def devices(self) -> tuple[Device, ...]:
        """Every device, a simulated GPU among them."""
        return tuple(
            _core.Device(kind, number)
            for kind in (_core.cpu, _core.gpu)
            for number in range(_core.device_count(kind))
        )

    def default_dtypes(self, *, device: Device | None = None) -> dict[str, Dtype]:
        """The dtypes of arrays that are made without naming one; the same on every device."""
        self._check_device(device)
        return {
            "real floating": _core.float32,
            "complex floating": _core.complex64,
            "integral": _core.int32,
            "indexing": _core.int32,
        }

    def dtypes(
        self, *, device: Device | None = None, kind: str | tuple[str, ...] | None = None
    ) -> dict[str, Dtype]:
        """The standard's dtypes, those of one or several kinds when they are named."""
        self._check_device(device)
        kinds = KINDS if kind is None else kind if isinstance(kind, tuple) else (kind,)
        for name in kinds:
            if name not in KINDS:
                raise _core.ArgumentError(
                    f"[dtypes] unknown kind: got {name!r}, expected {', '.join(KINDS)}"
                )
        found = {name: _core._dtype(name) for name in DTYPES}
        return {name: dtype for name, dtype in found.items() if _core.isdtype(dtype, kinds)}

    @staticmethod
    def _check_device(device: object) -> None:
        if device is not None and not isinstance(device, _core.Device):
            raise TypeError(f"expected a Device, got {type(device).__name__}")


def __array_namespace_info__() -> ArrayNamespaceInfo:  # noqa: N807  # the standard's name
    """What the namespace can do, its devices and its dtypes, by the array API standard."""
    return ArrayNamespaceInfo()
