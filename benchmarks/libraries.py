"""The libraries that are compared: each runs the same rows under its own names."""

import importlib
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

Call = Callable[[], Any]
Compute = Callable[..., Any]  # compute(functions, *arrays) -> array or arrays


def _all(outputs: Any) -> tuple[Any, ...]:
    return outputs if isinstance(outputs, tuple) else (outputs,)


class Library:
    """One library. `functions` has NumPy's names; `lazy` says that results must be asked for."""

    name = ""
    lazy = False

    def __init__(self) -> None:
        self.functions: Any = self.load()

    def load(self) -> Any:
        raise NotImplementedError

    def array(self, values: np.ndarray) -> Any:
        raise NotImplementedError

    def wait(self, outputs: Any) -> None:
        """Returns when the outputs are computed."""

    def to_numpy(self, output: Any) -> np.ndarray:
        return np.asarray(output)

    def runner(self, compute: Compute, arrays: Sequence[Any]) -> Call:
        """A call that computes and waits."""

        def call() -> Any:
            outputs = compute(self.functions, *arrays)
            self.wait(outputs)
            return outputs

        return call

    def compiled(self, compute: Compute) -> Compute | None:
        """`compute` as a function that the library traces once; None where it has none."""
        return None

    def version(self) -> str:
        return str(getattr(self.functions, "__version__", ""))


class _Functions:
    """The names of a module, with those that a class below adds or changes."""

    def __init__(self, module: Any) -> None:
        self.module = module

    def __getattr__(self, name: str) -> Any:
        function = getattr(self.module, name)
        setattr(self, name, function)  # the next look-up costs no more than one in the module
        return function


class _ArrayFunctions(_Functions):
    @staticmethod
    def scatter_add(x: Any, indices: Any, values: Any) -> Any:
        return x.at[indices].add(values)


class _ArrayFramework(Library):
    """Tandem and MLX, which share their names."""

    lazy = True
    module = ""

    def load(self) -> Any:
        return _ArrayFunctions(importlib.import_module(self.module))

    def array(self, values: np.ndarray) -> Any:
        array = self.functions.array(values)
        self.functions.eval(array)
        return array

    def wait(self, outputs: Any) -> None:
        self.functions.eval(outputs)

    def compiled(self, compute: Compute) -> Compute:
        traced = self.functions.compile(lambda *arrays: compute(self.functions, *arrays))
        return lambda functions, *arrays: traced(*arrays)


class Tandem(_ArrayFramework):
    name = "tandem"
    module = "tandem.core"


class Mlx(_ArrayFramework):
    name = "mlx"
    module = "mlx.core"

    def load(self) -> Any:
        core = super().load()
        core.set_default_device(core.cpu)
        # By default it keeps 32 MB of freed memory only, and every large result is faulted in anew.
        core.set_cache_limit(4 << 30)
        return core


class _NumpyFunctions(_Functions):
    @staticmethod
    def softmax(x: np.ndarray, axis: int) -> np.ndarray:
        e = np.exp(x - np.max(x, axis=axis, keepdims=True))
        return e / np.sum(e, axis=axis, keepdims=True)

    @staticmethod
    def contiguous(x: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(x)

    @staticmethod
    def scatter_add(x: np.ndarray, indices: np.ndarray, values: np.ndarray) -> np.ndarray:
        result = x.copy()
        np.add.at(result, indices, values)
        return result


class Numpy(Library):
    name = "numpy"

    def load(self) -> _NumpyFunctions:
        return _NumpyFunctions(np)

    def array(self, values: np.ndarray) -> np.ndarray:
        return values

    def version(self) -> str:
        return np.__version__


class _TorchFunctions(_Functions):
    def transpose(self, x: Any) -> Any:
        return x.T

    def contiguous(self, x: Any) -> Any:
        return x.contiguous()

    def sort(self, x: Any, axis: int) -> Any:
        return self.module.sort(x, dim=axis).values

    def argsort(self, x: Any, axis: int) -> Any:
        return self.module.argsort(x, dim=axis, stable=True)

    def max(self, x: Any, axis: int, keepdims: bool = False) -> Any:
        return self.module.amax(x, dim=axis, keepdim=keepdims)

    def var(self, x: Any, axis: int) -> Any:
        return self.module.var(x, dim=axis, correction=0)

    def take(self, x: Any, indices: Any, axis: int) -> Any:
        return self.module.index_select(x, axis, indices)

    def scatter_add(self, x: Any, indices: Any, values: Any) -> Any:
        return x.index_add(0, indices, values)

    def concatenate(self, arrays: Sequence[Any], axis: int) -> Any:
        return self.module.cat(list(arrays), dim=axis)


class Torch(Library):
    name = "torch"

    def load(self) -> _TorchFunctions:
        return _TorchFunctions(importlib.import_module("torch"))

    def array(self, values: np.ndarray) -> Any:
        return self.functions.module.from_numpy(values.copy())

    def runner(self, compute: Compute, arrays: Sequence[Any]) -> Call:
        inference = self.functions.module.inference_mode

        def call() -> Any:
            with inference():
                return compute(self.functions, *arrays)

        return call

    def version(self) -> str:
        return str(self.functions.module.__version__)


class _JaxFunctions(_Functions):
    def __init__(self, jax: ModuleType) -> None:
        super().__init__(jax.numpy)
        self.jax = jax

    def softmax(self, x: Any, axis: int) -> Any:
        return self.jax.nn.softmax(x, axis=axis)

    def contiguous(self, x: Any) -> Any:
        return self.jax.numpy.copy(x)

    def scatter_add(self, x: Any, indices: Any, values: Any) -> Any:
        return x.at[indices].add(values)


class Jax(Library):
    """Every row is one jitted function."""

    name = "jax"

    def load(self) -> _JaxFunctions:
        return _JaxFunctions(importlib.import_module("jax"))

    def array(self, values: np.ndarray) -> Any:
        return self.functions.jax.device_put(values, self.functions.jax.devices("cpu")[0])

    def wait(self, outputs: Any) -> None:
        self.functions.jax.block_until_ready(outputs)

    def compiled(self, compute: Compute) -> Compute:
        return compute  # as every row is

    def runner(self, compute: Compute, arrays: Sequence[Any]) -> Call:
        jitted = self.functions.jax.jit(lambda *inputs: compute(self.functions, *inputs))

        def call() -> Any:
            outputs = jitted(*arrays)
            self.wait(outputs)
            return outputs

        return call

    def version(self) -> str:
        return str(self.functions.jax.__version__)


class Numexpr(Library):
    """Runs the rows that state an expression over a, b, c."""

    name = "numexpr"

    def load(self) -> ModuleType:
        return importlib.import_module("numexpr")

    def array(self, values: np.ndarray) -> np.ndarray:
        return values

    def expression(self, text: str, arrays: Sequence[np.ndarray]) -> Call:
        names = dict(zip("abc", arrays, strict=False))
        return lambda: self.functions.evaluate(text, local_dict=names)


def available() -> list[Library]:
    """Tandem first, then every peer that is installed."""
    found: list[Library] = [Tandem()]
    for kind in (Numpy, Mlx, Torch, Jax, Numexpr):
        try:
            found.append(kind())
        except ImportError:
            continue
    return found
