# Types of the operators in the generated stub: they are type slots, whose signatures Python does not know.
.*array\.__(add|sub|mul|truediv|floordiv|mod|and|or|xor|lshift|rshift|matmul|radd|rsub|rmul|rtruediv|rfloordiv|rmod|rand|ror|rxor|rlshift|rrshift|rmatmul|iadd|isub|imul|itruediv|ifloordiv|imod|iand|ior|ixor|ilshift|irshift|imatmul|lt|le|gt|ge)__$:
    def __\1__(self, other: array | bool | int | float | complex, /) -> array: ...

.*array\.__(pow|rpow|ipow)__$:
    def __\1__(self, other: array | bool | int | float | complex, modulus: None = None, /) -> array: ...

.*array\.__(eq|ne)__$:
    def __\1__(self, other: object, /) -> array: ...  # type: ignore[override]

.*array\.__(neg|pos|abs|invert)__$:
    def __\1__(self, /) -> array: ...

.*array\.__bool__$:
    def __bool__(self, /) -> bool: ...

.*array\.__len__$:
    def __len__(self, /) -> int: ...

.*array\.__hash__$:
    def __hash__(self, /) -> int: ...

.*array\.__getitem__$:
    \from typing import Any
    def __getitem__(self, key: Any, /) -> array: ...

.*array\.__setitem__$:
    def __setitem__(self, key: Any, value: Any, /) -> None: ...

.*array\.__iter__$:
    def __iter__(self, /) -> ArrayIterator: ...

.*_core\.__suffix__$:
    \from typing import Any
    __version__: str
    bool_: Dtype
    _io: Any
    def _dtype(name: str) -> Dtype: ...

.*array\.__delitem__$:
    def __delitem__(self, key: Any, /) -> None: ...
