"""Arrays, operations, devices, streams and random numbers, call-compatible with ``mlx.core``."""

import sys as _sys

from tandem import _core
from tandem._core import *  # noqa: F403
from tandem._core import __version__, random
from tandem.core import cuda, metal
from tandem.core.files import load, save, save_safetensors, savez, savez_compressed
from tandem.core.namespace import ArrayLike, __array_namespace_info__

# Compiled submodules are importable under their public names.
_sys.modules[f"{__name__}.random"] = random

# Texts and pickles name the public module, not the compiled one.
for _value in vars(_core).values():
    if isinstance(_value, type) and _value.__module__ == _core.__name__:
        _value.__module__ = __name__

__all__ = ["ArrayLike", "__array_namespace_info__", "__version__", "cuda", "metal", "random"]
__all__ += ["load", "save", "save_safetensors", "savez", "savez_compressed"]
__all__ += [name for name in vars(_core) if not name.startswith("_") and name not in __all__]
