"""compile and depends: what is recorded, when, and with whose state."""

import gc
import os
import threading
import weakref
from collections import namedtuple
from functools import partial

import numpy as np
import pytest

from tandem import core as mx
from tandem import inspect


class Counted:
    """A function that counts its calls."""

    def __init__(self, function):
        self.function = function
        self.calls = 0

    def __call__(self, *args, **kwargs):
        self.calls += 1
        return self.function(*args, **kwargs)


def ramp(*shape, dtype=np.float32):
    return mx.array(np.arange(np.prod(shape), dtype=dtype).reshape(shape) / 7)


def mixed(x, y):
    centred = x - mx.mean(x, axis=-1, keepdims=True)
    return mx.exp(centred * 0.5) @ y.T + mx.sum(y[1:, ::2]), (centred > 0).astype(mx.int8)


def test_compile_equals_plain_by_bits():
    compiled = mx.compile(mixed)
    for shape in ((3, 4), (5, 8), (1, 2), (3, 4)):
        x, y = ramp(*shape), ramp(shape[0] + 1, shape[1])
        for ours, plain in zip(compiled(x, y), mixed(x, y), strict=True):
            assert ours.dtype == plain.dtype
            np.testing.assert_array_equal(np.array(ours), np.array(plain))


def test_traced_once_per_signature():
    f = Counted(lambda x, y: x + y)
    g = mx.compile(f)
    x = ramp(3)
    for _ in range(5):
        g(x, x)
    assert f.calls == 1
    g(ramp(4), ramp(4))  # other shapes
    g(x.astype(mx.float16), x)  # other dtypes
    g(x, 2)  # a constant
    g(x, 2.0)
    g(x, 2)
    assert f.calls == 5
    g(y=x, x=x)  # by name
    assert f.calls == 6
    other = mx.cpu if mx.default_device() == mx.Device(mx.gpu) else mx.gpu
    with mx.stream(other):
        assert g(x, x)[1].item() == (x + x)[1].item()
    assert f.calls == 7


def test_scalar_step_hits_cache_through_compile():
    f = Counted(lambda p, g, rate: p - rate * g)
    step = mx.compile(f)
    p, g = ramp(100), ramp(100)
    for i in range(3):
        p = step(p, g, mx.array(0.1 / (i + 1)))
        mx.eval(p)
    before = inspect.counters()
    for i in range(1000):
        p = step(p, g, mx.array(0.1 / (i + 1)))
        mx.eval(p)
    after = inspect.counters()
    assert f.calls == 1
    assert after["plans_built"] == before["plans_built"]
    assert after["kernels_built"] == before["kernels_built"]


@pytest.mark.skipif(os.environ.get("TANDEM_FUSION", "on") != "on", reason="kernels are counted")
def test_fusion_crosses_the_call():
    g = mx.compile(lambda x: mx.exp(x) + 1)
    x = ramp(1000)
    mx.eval(mx.sqrt(g(x * 2)))
    before = inspect.counters()["kernels_launched"]
    mx.eval(mx.sqrt(g(x * 2)))
    assert inspect.counters()["kernels_launched"] == before + 1


Pair = namedtuple("Pair", "first second")


def test_trees_in_and_out():
    def f(tree, *, scale=1):
        return {
            "sum": [tree["a"] + tree["b"][0], ()],
            "pair": Pair(tree["b"][1] * scale, "text"),
            "same": tree["a"],
            "none": None,
        }

    g = mx.compile(f)
    tree = {"a": ramp(2), "b": (ramp(2), [ramp(3)][0])}
    for _ in range(2):
        result = g(tree, scale=2)
        assert list(result) == ["sum", "pair", "same", "none"]
        assert result["sum"][0].tolist() == (tree["a"] + tree["b"][0]).tolist()
        assert result["sum"][1] == ()
        assert isinstance(result["pair"], Pair)
        assert result["pair"].first.tolist() == (tree["b"][1] * 2).tolist()
        assert result["pair"].second == "text"
        assert result["same"].tolist() == tree["a"].tolist()
        assert result["none"] is None
    assert set(tree) == {"a", "b"}


def test_captured_arrays_are_kept():
    bias = ramp(4) + 1
    f = Counted(lambda x: x + bias)
    g = mx.compile(f)
    expected = (np.arange(4, dtype=np.float32) / 7 + 1).tolist()
    assert g(mx.zeros(4)).tolist() == expected
    bias = None
    gc.collect()
    assert g(mx.zeros(4)).tolist() == expected
    assert f.calls == 1


def test_what_is_captured_is_computed_once():
    runs = inspect.counters
    heavy = mx.exp(ramp(1000) * 3)
    g = mx.compile(lambda x: x + heavy)
    first = g(mx.zeros(1000))
    mx.eval(first)
    assert np.array_equal(np.array(first), np.array(heavy))
    before = runs()["nodes_run"]
    mx.eval(g(mx.ones(1000)))
    assert runs()["nodes_run"] - before <= 2  # ones and the sum: exp has its value


def test_state_updates():
    state = [mx.array(1.0), {"n": mx.array(2), "label": "kept"}]

    @partial(mx.compile, inputs=state, outputs=state)
    def step(x):
        state[0] = state[0] + x
        state[1]["n"] = state[1]["n"] * 2
        return state[0] * 10

    assert [step(mx.array(1.0)).item() for _ in range(3)] == [20, 30, 40]
    assert state[0].item() == 4
    assert state[1]["n"].item() == 16
    assert state[1]["label"] == "kept"
    state[0] = mx.array(100.0)  # from outside
    assert step(mx.array(1.0)).item() == 1010


def test_state_that_is_only_read():
    weights = {"w": mx.array(2.0)}
    g = mx.compile(lambda x: x * weights["w"], inputs=weights)
    assert g(mx.array(3.0)).item() == 6
    weights["w"] = mx.array(5.0)
    assert g(mx.array(3.0)).item() == 15
    frozen = mx.compile(lambda x: x * weights["w"])  # not named: captured
    assert frozen(mx.array(3.0)).item() == 15
    weights["w"] = mx.array(7.0)
    assert frozen(mx.array(3.0)).item() == 15


def test_state_that_appears_in_the_function():
    state = {}

    def f(x):
        state["total"] = state.get("total", mx.array(0.0)) + x
        return state["total"]

    g = mx.compile(f, inputs=state, outputs=state)
    assert [g(mx.array(2.0)).item() for _ in range(4)] == [2, 4, 6, 8]
    assert state["total"].item() == 8


def test_random_state_is_state():
    @partial(mx.compile, inputs=mx.random.state, outputs=mx.random.state)
    def draw():
        return mx.random.uniform(shape=(3,)), mx.random.normal((2,))

    mx.random.seed(11)
    compiled = [[a.tolist() for a in draw()] for _ in range(4)]
    after = mx.random.uniform().item()
    mx.random.seed(11)
    plain = [
        [mx.random.uniform(shape=(3,)).tolist(), mx.random.normal((2,)).tolist()] for _ in range(4)
    ]
    assert compiled == plain
    assert after == mx.random.uniform().item()
    frozen = mx.compile(lambda: mx.random.uniform())
    assert frozen().item() == frozen().item()


def test_random_state_as_a_sequence():
    mx.random.seed(5)
    assert len(mx.random.state) == 1
    assert mx.random.state[0].tolist() == [0, 5]
    first = mx.random.uniform().item()
    mx.random.state[0] = mx.random.key(5)
    assert mx.random.uniform().item() == first
    with pytest.raises(IndexError):
        mx.random.state[1]
    with pytest.raises(mx.ArgumentError, match="expects a key"):
        mx.random.state[0] = mx.array([1, 2, 3])


def test_errors_of_the_function_reach_the_caller():
    state = [mx.array(1.0)]

    def f(x):
        state[0] = x
        raise LookupError("inside")

    g = mx.compile(f, inputs=state, outputs=state)
    for _ in range(2):
        with pytest.raises(LookupError, match="inside"):
            g(mx.array(2.0))
    assert state[0].item() == 1  # no argument of the recording is left behind
    h = mx.compile(lambda x, y: x @ y)
    with pytest.raises(mx.ShapeError):
        h(ramp(2, 3), ramp(2, 3))
    assert h(ramp(2, 3), ramp(3, 2)).shape == (2, 2)


@pytest.mark.parametrize(
    "ask", [lambda x: x.item(), lambda x: mx.eval(x + 1), lambda x: np.array(x), lambda x: str(x)]
)
def test_values_of_arguments_cannot_be_asked_for(ask):
    g = mx.compile(lambda x: [x, ask(x)][0])
    with pytest.raises(ValueError, match="cannot be asked for inside of it"):
        g(mx.array(1.0))
    assert (mx.array(1.0) + 1).item() == 2


def test_values_that_depend_on_no_argument_can():
    table = ramp(4)
    g = mx.compile(lambda x: x * (table * 2)[3].item())
    assert g(mx.array(7.0)).item() == pytest.approx(6)


def test_what_is_no_tree_of_arrays_is_refused():
    g = mx.compile(lambda x: x)
    with pytest.raises(ValueError, match=r"trees of arrays and constants.*got an object of type"):
        g(object())
    with pytest.raises(TypeError):
        mx.compile(3)


def test_disable_compile():
    f = Counted(lambda x: x + 1)
    g = mx.compile(f)
    mx.disable_compile()
    try:
        assert [g(mx.array(i)).item() for i in range(3)] == [1, 2, 3]
        assert f.calls == 3
    finally:
        mx.enable_compile()
    assert [g(mx.array(i)).item() for i in range(3)] == [1, 2, 3]
    assert f.calls == 4


def test_compiled_functions_call_each_other():
    inner_calls = Counted(lambda x: x * 2)
    inner = mx.compile(inner_calls)
    outer = mx.compile(lambda x: inner(x) + inner(x + 1))
    for i in range(3):
        assert outer(mx.array(float(i))).item() == 4 * i + 2
    assert inner(mx.array(5.0)).item() == 10
    assert inner_calls.calls == 1

    def closes_over(x):
        return mx.compile(lambda y: x + y)(x)

    g = mx.compile(closes_over)
    assert g(mx.array(1.0)).item() == 2
    assert g(mx.array(4.0)).item() == 8


def test_any_thread_may_call():
    f = Counted(lambda x, n: x * n + mx.sum(x))
    g = mx.compile(f)
    failures = []

    def work(n):
        try:
            for size in (3, 4, 5) * 20:
                x = mx.array(np.full(size, n, np.float32))
                assert g(x, n).tolist() == [n * n + n * size] * size
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert f.calls <= 8 * 3 * 2


def test_a_million_steps_of_memory():
    """Calls keep nothing: nodes and bytes are the same after many of them."""
    state = {"x": ramp(16)}
    g = mx.compile(lambda y: state.update(x=state["x"] * 0.5 + y), inputs=state, outputs=state)
    for i in range(500):
        g(mx.array(1.0))
        mx.eval(state)
        if i == 50:
            nodes, memory = inspect.live_nodes(), mx.get_active_memory()
    assert inspect.live_nodes() <= nodes
    assert mx.get_active_memory() <= memory


def test_constants_that_change_do_not_fill_the_memory():
    g = mx.compile(lambda x, n: x + n)
    x = ramp(4)
    for n in range(1500):
        g(x, n)
        if n == 600:
            nodes = inspect.live_nodes()
    assert inspect.live_nodes() <= nodes + 1000


def test_cycles_are_collected():
    class Model:
        def __init__(self):
            self.w = mx.array(2.0)
            self.step = mx.compile(self.forward)

        def forward(self, x):
            return x * self.w

    model = Model()
    assert model.step(mx.array(3.0)).item() == 6
    alive = weakref.ref(model)
    del model
    gc.collect()
    assert alive() is None


def test_names_are_kept():
    @mx.compile
    def gradient_step(x):
        """One step."""
        return x

    assert gradient_step.__name__ == "gradient_step"
    assert gradient_step.__doc__ == "One step."
    assert gradient_step.__wrapped__(3) == 3


def test_depends():
    side = mx.exp(ramp(100))
    x = mx.depends(ramp(3) + 1, side)
    before = inspect.counters()["nodes_run"]
    assert x.tolist() == (ramp(3) + 1).tolist()
    assert inspect.counters()["nodes_run"] - before >= 2
    a, b = mx.depends([ramp(2), ramp(3) * 2], [side, ramp(4) + 1])
    assert a.tolist() == ramp(2).tolist()
    assert b.tolist() == (ramp(3) * 2).tolist()
    assert mx.sum(mx.depends(ramp(2, 3).T, side)).item() == mx.sum(ramp(2, 3).T).item()
    with pytest.raises(mx.ArgumentError, match="dependencies are arrays"):
        mx.depends(x, [3])
