"""The name ``mlx`` for Tandem, so that programs written for it run as they stand.

After ``install()``, ``import mlx.core`` gives ``tandem.core`` and ``mlx.X`` gives ``tandem.X``.
Only this module and ``python -m tandem run`` do that; importing Tandem leaves ``mlx`` alone.
"""

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["install", "uninstall"]

_ALIAS = "mlx"
_TARGET = "tandem"


def _target_name(name: str) -> str | None:
    if name == _ALIAS:
        return _TARGET
    prefix = f"{_ALIAS}."
    return f"{_TARGET}.{name.removeprefix(prefix)}" if name.startswith(prefix) else None


class _AliasLoader(Loader):
    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        target = _target_name(module.__name__)
        assert target is not None
        # The import system hands out what stands in sys.modules after this call.
        sys.modules[module.__name__] = importlib.import_module(target)


class _AliasFinder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        name = _target_name(fullname)
        if name is None or not _exists(name):
            return None
        return ModuleSpec(fullname, _AliasLoader())


def _exists(name: str) -> bool:
    if name in sys.modules:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


_finder = _AliasFinder()


def install() -> None:
    """Makes ``import mlx...`` give Tandem from now on, an installed ``mlx`` notwithstanding."""
    if _finder not in sys.meta_path:
        uninstall()
        sys.meta_path.insert(0, _finder)


def uninstall() -> None:
    """Undoes install(); what has been imported under the name ``mlx`` is forgotten."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    for name in [n for n in sys.modules if n == _ALIAS or n.startswith(f"{_ALIAS}.")]:
        del sys.modules[name]
