"""Calls of functions that arrange, sort, reduce and join, over every dtype; bad arguments of every
function; protocols of class array. `{d}` stands for a dtype."""

from collections.abc import Iterator
from itertools import product

# Small arrays of the dtype: V has 5 elements, M is 2 x 3, S 3 x 3, T 2 x 3 x 4.
SHORT = {"V": "A('{d}', (5,))", "M": "A('{d}', (2, 3))", "S": "A('{d}', (3, 3))",
         "T": "A('{d}', (2, 3, 4))"}  # fmt: skip

EVERY_DTYPE = """
mx.sort(M)|mx.sort(T, axis=1)|mx.argsort(M, axis=0)|mx.sort(mx.topk(M, 2))|mx.partition(V, 2).shape|mx.argpartition(V, 2).shape|mx.median(V)|mx.median(T, axis=1)|mx.median(M, axis=0, keepdims=True)|mx.searchsorted(mx.sort(V), V)
mx.minmax(M)|mx.minmax(T, axis=1)|mx.count_nonzero(M)|mx.count_nonzero(T, axis=(0, 2), keepdims=True)|mx.softmax(M)|mx.softmax(M, axis=0)|mx.diff(V)|mx.diff(M, n=2)|mx.diff(M, axis=0)|mx.cumulative_sum(M, axis=1)|mx.cumulative_prod(V)|mx.trace(S)|mx.trace(T)|mx.trace(S, 1)|mx.trace(S, dtype=mx.float32)
mx.cumsum(M, dtype=mx.float32)|mx.cumprod(M, axis=0, dtype=mx.int32)|mx.var(M, correction=1)|mx.std(M, axis=1, correction=0)
mx.transpose(T)|mx.swapaxes(T, 0, 2)|mx.moveaxis(T, 0, -1)|mx.flatten(T, 1)|mx.unflatten(T, 2, (2, -1))|mx.expand_dims(V, (0, 2))|mx.squeeze(V[None])|mx.broadcast_to(V, (2, 5))|mx.broadcast_arrays(V, M[:, :1])|mx.atleast_3d(M)|mx.contiguous(T.T)|mx.matrix_transpose(T)
mx.concatenate([M, M], axis=1)|mx.concat([M, A('float32', (1, 3))])|mx.stack([V, V], axis=1)|mx.stack([V, A('int8', (5,))])|mx.unstack(M)|mx.split(V, [2])|mx.repeat(M, 2, axis=1)|mx.tile(M, (2, 1))|mx.pad(M, 1)|mx.pad(V, (1, 2), 1)|mx.pad(V, 2, mode='edge')|mx.roll(M, 1, axis=1)|mx.roll(V, -2)|mx.flip(M)|mx.flip(T, axis=(0, 2))|mx.meshgrid(V, V)|mx.as_strided(V, (3, 2), (1, 2))
mx.tril(S)|mx.triu(T, -1)|mx.diag(V)|mx.diag(S, k=1)|mx.diagonal(T, 1, 0, 2)|mx.eye(2, 3, dtype=mx.{d})|mx.tri(3, dtype=mx.{d})|mx.zeros((2, 2), mx.{d})|mx.ones(3, mx.{d})|mx.arange(4, dtype=mx.{d})|mx.linspace(0, 1, 3, dtype=mx.{d})|mx.identity(2, mx.{d})|mx.full((2,), 1, mx.{d})|mx.full_like(V, 1)|mx.zeros_like(M)|mx.ones_like(M)|mx.array([0, 1], mx.{d})|mx.array(V, mx.float32)|mx.asarray(V)|mx.astype(V, mx.int32)
mx.take(V, I([0, -1]))|mx.take(T, I([1, 0]), axis=1)|mx.take(M, 1, axis=1)|mx.take_along_axis(M, I([[2], [0]]), axis=1)|mx.put_along_axis(M, I([[2], [0]]), A('{d}', (2, 1), 1), axis=1)|mx.where(M, 1, 0)|mx.where(A('bool_', (2, 3)), M, 0)|mx.where(A('bool_', (2, 3)), M, 1.5)|mx.slice(T, mx.array([0, 1]), (0, 1), (1, 2, 4))|mx.slice_update(M, A('{d}', (1, 2), 1), mx.array([1]), (0,))
mx.clip(V, 0, 1)|mx.clip(V, None, 1.5)|mx.clip(V, V, V)|mx.round(V)|mx.round(V, 1)|mx.nan_to_num(V)|mx.divmod(V, A('{d}', (5,), 1))|mx.isclose(V, V)|mx.allclose(V, V)|mx.array_equal(V, V)|mx.array_equal(V, M)|mx.logaddexp(V, V)
mx.matmul(M, S)|mx.matmul(T, A('{d}', (4, 2)))|mx.addmm(S, S, S)|mx.inner(V, V)|mx.outer(V, V)|mx.kron(M, V)|mx.vecdot(M, M)|mx.tensordot(M, S, 1)|mx.einsum('ij,kj->ik', M, S)|mx.einsum('ii', S)
V[1]|V[::-2]|M[:, 1]|T[..., None, 1]|T[1, :, I([0, 2])]|V[I([[0, 1], [3, 4]])]|M[None]|put(V, 1, 1)|put(M, (slice(None), 1), A('{d}', (2,), 1))|put(V, I([0, 2]), A('{d}', (2,), 1))|put(T, (1, slice(None), I([0, 2])), A('{d}', (3, 2), 1))|put(V, slice(1, 4, 2), 1)|put(V, A('bool_', (5,)), 1)
V.at[I([0, 0, 2])].add(1)|V.at[1:3].subtract(1)|M.at[:, 0].multiply(2)|V.at[I([1, 1])].maximum(A('{d}', (2,), 1))|V.at[I([1, 1])].minimum(A('{d}', (2,), 1))|V.at[0].divide(2)
V.tolist()|M.tolist()|V[1].item()|list(V)|bytes(M)|bool(V[1])|V.nbytes|V.itemsize|M.mT|M.T|repr(V)|str(M)|V.view(mx.uint8)|copy.copy(M)|copy.deepcopy(M)|pickle.loads(pickle.dumps(M))|memoryview(M).tobytes()|np.array(M)|np.asarray(V)|V.dtype|V.shape|len(M)|mx.result_type(V, mx.float16)|mx.can_cast(V, mx.float32)|mx.can_cast(mx.int16, mx.{d})|mx.issubdtype(mx.{d}, mx.number)|mx.issubdtype(mx.{d}, mx.inexact)|mx.issubdtype(mx.{d}, mx.signedinteger)|mx.isdtype(mx.{d}, 'integral')|mx.isdtype(mx.{d}, 'real floating')|mx.finfo(mx.{d}).eps|mx.finfo(mx.{d}).max|mx.finfo(mx.{d}).smallest_normal|mx.iinfo(mx.{d}).min|mx.iinfo(mx.{d}).max|mx.{d}.size|mx.array(V.tolist())|round(V)|divmod(V, A('{d}', (5,), 1))|list(reversed(V))|mx.from_dlpack(V)|int(V[1])|float(V[1])|complex(V[1])
"""  # a table

IN_PLACE = "iadd isub imul itruediv ifloordiv imod ipow iand ior ixor ilshift irshift".split()

# One good call of each function; each argument in turn becomes something bad.
GOOD = """mx.abs(V)|mx.add(V, V)|mx.all(M, 0)|mx.any(M, 0)|mx.argmax(M, 0)|mx.argmin(M, 0)|mx.argsort(M, 0)|mx.argpartition(M, 1, 0)|mx.as_strided(V, (2,), (1,), 0)|mx.astype(V, mx.int32)|mx.atleast_2d(V)|mx.bitwise_and(V, V)|mx.broadcast_to(V, (2, 5))|mx.clip(V, 0, 1)|mx.concatenate([V, V], 0)|mx.conj(V)|mx.contiguous(V)|mx.count_nonzero(M)|mx.cummax(M, 0)|mx.cumsum(M, 0)|mx.cumprod(M, 0)|mx.diag(V, 1)|mx.diagonal(M, 0, 0, 1)|mx.diff(V, 1, 0)|mx.divide(V, V)|mx.einsum('i->', V)|mx.expand_dims(V, 0)|mx.eye(2, 2, 1)|mx.flatten(M, 0, 1)|mx.flip(M, 0)|mx.floor_divide(V, V)|mx.full((2,), 1)|mx.hadamard_transform(A('float32', (4,)))|mx.hanning(4)|mx.identity(3)|mx.inner(V, V)|mx.isclose(V, V)|mx.kron(V, V)|mx.linspace(0, 1, 5)|mx.logaddexp(V, V)|mx.logcumsumexp(M, 0)|mx.logsumexp(M, 0)|mx.matmul(M, S)|mx.max(M, 0)|mx.mean(M, 0)|mx.median(M, 0)|mx.min(M, 0)|mx.moveaxis(M, 0, 1)|mx.ones((2,))|mx.outer(V, V)|mx.pad(V, 1, 0)|mx.partition(M, 1, 0)|mx.permute_dims(M, (1, 0))|mx.prod(M, 0)|mx.put_along_axis(M, I([[0], [1]]), 1.0, 1)|mx.repeat(V, 2, 0)|mx.reshape(M, (3, 2))|mx.roll(M, 1, 0)|mx.round(V, 1)|mx.searchsorted(V, V)|mx.softmax(M, 0)|mx.sort(M, 0)|mx.split(V, 5, 0)|mx.squeeze(V[None], 0)|mx.stack([V, V], 0)|mx.std(M, 0)|mx.sum(M, 0)|mx.swapaxes(M, 0, 1)|mx.take(M, I([0]), 0)|mx.take_along_axis(M, I([[0], [1]]), 1)|mx.tensordot(M, S, 1)|mx.tile(V, 2)|mx.topk(V, 2, 0)|mx.trace(S, 0, 0, 1)|mx.transpose(M, (1, 0))|mx.tri(3, 3, 0)|mx.tril(S, 0)|mx.triu(S, 0)|mx.unflatten(V, 0, (5, 1))|mx.unstack(M)|mx.var(M, 0)|mx.vecdot(V, V)|mx.view(V, mx.int32)|mx.where(V, V, V)|mx.zeros((2,))|mx.zeros_like(V)|mx.random.key(1)|mx.random.split(mx.random.key(1), 2)|mx.random.uniform(0, 1, (2,), key=mx.random.key(1))|mx.random.randint(0, 5, (2,), key=mx.random.key(1))|mx.random.bernoulli(0.5, (2,), key=mx.random.key(1))|mx.random.categorical(M, 1, key=mx.random.key(1))|mx.random.normal((2,), key=mx.random.key(1))|mx.random.permutation(5, key=mx.random.key(1))|mx.finfo(mx.float32)|mx.iinfo(mx.int8)|mx.result_type(mx.int8)|mx.can_cast(mx.int8, mx.int8)|mx.isdtype(mx.int8, 'bool')|mx.issubdtype(mx.int8, mx.number)"""
BAD = ("None", "'text'", "object()", "7", "-7", "1.5", "(0, 0)", "(7,)", "mx.int8")

PROTOCOLS = """bool(A('float32', (2,)))|bool(A('float32', (0,)))|int(A('float32', (2,)))|float(A('float32', (2,)))|A('float32', (2,)).item()|A('float32', (0,)).item()|int(A('float32', (1, 1)))|float(A('complex64', ()))|int(A('complex64', ()))|operator.index(A('int32', ()))|operator.index(A('int32', (1,)))|operator.index(A('float32', ()))|operator.index(A('bool_', ()))|len(A('float32', ()))|iter(A('float32', ()))|list(A('float32', (0, 2)))|format(A('float32', ()), '.2f')|format(A('int32', ()), '04d')|format(A('float32', (1,)), '.2f')|hash(A('float32', (2,))) == hash(A('float32', (2,)))|A('float32', (2,)) in [1, 2]|A('float32', (2, 2)).device|A('float32', ()).mT|A('float32', (3,)).mT|mx.float32 == mx.float32|mx.float32 == mx.floating|mx.float32 == 'float32'|str(mx.floating)|list(mx.DtypeCategory)|mx.DtypeCategory['number']|mx.issubdtype(mx.floating, mx.inexact)|mx.issubdtype(mx.inexact, mx.floating)|mx.result_type()|mx.result_type(mx.int8, mx.uint8, mx.float16)|mx.isdtype(mx.int8, ('bool', 'numeric'))|mx.isdtype(mx.int8, 'real')|mx.get_printoptions().precision|printed(3)|printed(0)|printed(10)|printed(-1)|mx.PrintOptions(4).precision|mx.set_printoptions('a')|mx.__array_namespace_info__().default_dtypes()|mx.__array_namespace_info__().dtypes(kind='integral')|mx.__array_namespace_info__().dtypes()|mx.__array_namespace_info__().dtypes(kind='text')|A('float32', (2,)).__array_namespace__('2023')|A('float32', (2,)) + [1, 2]|[1, 2] + A('float32', (2,))|A('float32', (2,)) + None|A('float32', (2,)) + 'a'|A('float32', (2,)) < 'a'|A('float32', (2,)) == 'a'|A('float32', (2,)) != 'a'|A('float32', (2,)) == [1, 2]|A('int32', (2,)) + np.array([1, 2])|A('int32', (2,)) + np.array([1.5, 2])|A('float32', (2,)) * np.float32(2)|A('int32', (2,)) + np.int64(2)|np.float32(2) * A('float32', (2,))|A('float16', (2,)) * np.float32(2)|A('int8', (2,)) * np.float64(1.5)|A('int32', (2,)) + np.bool_(True)|A('float16', (2,)) + np.complex64(1j)|A('float32', (2,)).at[0].add(np.float64(2))|mx.add(np.int64(2), np.int64(3))|mx.sqrt(np.int64(2))|mx.array(np.int64(2))|mx.array(np.float16(2))|np.array([1, 2]) + A('float32', (2,))|setattr(A('float32', (2,)), 'shape', (1, 2))|A('float32', (2,)).nothing|A('float32', (2,)).__dlpack_device__()|foreign() + 1.0|1.0 - foreign()|mx.array(foreign())|mx.sin(foreign())|A('float32', (2,)) == foreign()|A('float32', (2,)).at.add(1)|A('float32', (2,)).at['a'].add(1)|A('float32', (2,)).at[0].add('a')|put(A('float32', (2, 3)), 'a', 1)|put(A('float32', (2, 3)), 0, 'a')|put(A('float32', (2, 3)), 0, None)|put(A('float32', (2, 3)), 1.5, 1)|put(A('float32', (2, 3)), (0, 0, 0), 1)|put(A('float32', (2, 3)), 0, 1j)|put(A('int32', (2, 3)), 0, [1, 2, 3])|A('float32', (2, 3))['a']|A('float32', (2, 3))[0, 0, 0]|A('float32', (2, 3))[..., ...]|A('float32', (2, 3))[1.5]|A('float32', (2, 3))[mx.array(1.5)]|A('float32', (2, 3))[[0, 1]]|A('float32', (2, 3))[mx.array(0):mx.array(1)]|A('float32', ())[...]|A('float32', ())[()]|A('float32', ())[0]|mx.Device(mx.cpu)|mx.Device(mx.cpu) == mx.cpu|mx.Device(mx.cpu).type|mx.default_device()|mx.set_default_device('cpu')|mx.default_stream(mx.cpu).device|mx.new_stream(mx.cpu) == mx.default_stream(mx.cpu)|mx.device_count(mx.cpu)|mx.is_available(mx.cpu)|mx.device_info('cpu')|mx.add(1, 2, stream='cpu')|mx.add(1, 2, stream=mx.cpu)|mx.set_memory_limit(-1)|mx.set_cache_limit('a')|mx.set_wired_limit(0)|mx.eval(1)|mx.eval(A('float32', (2,)), [1, {'a': A('float32', (2,))}])|mx.async_eval(None)|mx.compile(3)|mx.depends(A('float32', (2,)), A('float32', (2,)))|mx.array([1, 'a'])|mx.array({1: 2})|mx.array([[1], 2])|mx.array(1, dtype='int8')|mx.array(b'ab')|mx.array(range(3))|mx.asarray([1, 2], copy=False)|mx.asarray(A('float32', (2,)), mx.int32, copy=False)|mx.from_dlpack(1)|mx.from_dlpack(np.arange(3))|mx.load('nothing.npy')|mx.load('nothing.xyz')|mx.save('x.npy', 3)"""

K = "key=mx.random.key(7)"
RANDOM = """mx.random.uniform(0, 1, (3, 2), mx.{d}, K)|mx.random.uniform(A('float32', (2,)), 5.0, (3, 2), K)|mx.random.normal((5,), mx.{d}, K)|mx.random.normal((3,), loc=1.0, scale=2.0, K)|mx.random.normal((2, 2), loc=A('float32', (2,)), K)|mx.random.truncated_normal(-1, 2, (4,), mx.{d}, K)|mx.random.truncated_normal(A('float32', (3,)), 4.0, K)|mx.random.gumbel((4,), mx.{d}, K)|mx.random.laplace((4,), mx.{d}, K)|mx.random.laplace((4,), loc=1, scale=3, K)|mx.random.randint(0, 7, (6,), mx.{d}, K)|mx.random.randint(A('int32', (2,)), 9, (3, 2), K)|mx.random.bernoulli(K)|mx.random.bernoulli(A('float16', (4,)), K)|mx.random.bernoulli(0.3, (2, 3), K)|mx.random.categorical(A('{d}', (3, 4)), K)|mx.random.categorical(A('float32', (3, 4)), 0, K)|mx.random.categorical(A('float32', (3, 4)), shape=(5, 3), K)|mx.random.categorical(A('float32', (3, 4)), num_samples=5, K)|mx.random.categorical(A('float32', (3, 4)), shape=(2,), num_samples=5, K)|mx.random.permutation(A('{d}', (6,)), K)|mx.random.permutation(A('float32', (3, 4)), 1, K)|mx.random.permutation(0, K)|mx.random.permutation(A('float32', (3, 4)), 2, K)|mx.random.split(mx.random.key(2**40), 3)|mx.random.key(-1)|mx.random.split(A('uint32', (3,)))|mx.random.uniform(0, 1, (3,), key=A('int32', (2,)))|mx.random.uniform(shape=(3,), key=mx.random.key(2))|mx.random.uniform(0, 1, (2, 0), K)|mx.random.normal((), K)"""


def expand(text: str) -> str:
    """The arrays that single capitals stand for."""
    result, previous = [], ""
    for place, letter in enumerate(text):
        following = text[place + 1 : place + 2]
        alone = not (previous.isalnum() or previous in "._") and not following.isalnum()
        result.append(SHORT[letter] if letter in SHORT and alone else letter)
        previous = letter
    return "".join(result)


def every_dtype(dtypes: tuple[str, ...]) -> Iterator[str]:
    for line in EVERY_DTYPE.strip().splitlines():
        for call, dtype in product(line.split("|"), dtypes):
            yield expand(call).replace("{d}", dtype)


def random(dtypes: tuple[str, ...]) -> Iterator[str]:
    for call, dtype in product(RANDOM.split("|"), dtypes):
        yield call.replace("{d}", dtype).replace("K)", f"{K})")


def in_place(dtypes: tuple[str, ...]) -> Iterator[str]:
    for name, a in product(IN_PLACE, dtypes):
        for b in ("True", "2", "1.5", "A('int32', (7,), 1)", "A('float16', (7,), 1)"):
            yield f"operator.{name}(A('{a}', (7,)), {b})"
    for name in IN_PLACE:
        yield f"operator.{name}(A('int32', (3,)), A('int32', (2, 3), 1))"
        yield f"operator.{name}(A('int32', (3,)), A('int32', (2,), 1))"
        yield f"operator.{name}(A('int32', (3,)), None)"
        yield f"operator.{name}(A('int32', (2,)), [1, 2])"


def arguments_of(text: str) -> list[str]:
    """The arguments of a call, split at its own commas."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append(text[start:place].strip())
            start = place + 1
    return [*parts, text[start:].strip()]


def bad_arguments() -> Iterator[str]:
    for call in GOOD.split("|"):
        name, _, rest = expand(call).replace("{d}", "float32").partition("(")
        arguments = arguments_of(rest[:-1])
        for place, bad in product(range(len(arguments)), BAD):
            if arguments[place].startswith("key="):
                continue
            changed = [*arguments[:place], bad, *arguments[place + 1 :]]
            yield f"{name}({', '.join(changed)})"
        yield f"{name}({', '.join(arguments)}, nothing=1)"


def protocols() -> list[str]:
    return PROTOCOLS.split("|")
