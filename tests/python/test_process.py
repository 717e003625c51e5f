"""The life of a process: its end with work in flight, daemon threads, forks and signals."""

import os
import sys

import pytest
from helpers import run_python

pytestmark = pytest.mark.once  # about the life of processes


def check(program: str, **env: str) -> str:
    result = run_python("-W", "ignore", "-c", program, env={**os.environ, **env})
    assert result.returncode == 0, (result.returncode, result.stderr)
    assert "Fatal" not in result.stderr, result.stderr
    return result.stdout


def test_exit_with_inflight_work():
    check("""
import tandem.core as mx
a = mx.random.uniform(shape=(700, 700))
def products(n, s):
    x = a
    for _ in range(n):
        x = mx.matmul(x, a, stream=s)
    return x
kept = [products(30, mx.cpu), products(10, mx.gpu), products(30, mx.new_stream(mx.cpu))]
kept.append(mx.add(kept[1], 1, stream=mx.new_stream(mx.cpu)))
mx.async_eval(kept)
""")


def test_pending_work_at_shutdown():
    check("""
import atexit
import numpy as np
import tandem.core as mx
class Holder: pass
holder = Holder()
holder.me = holder  # dies in the last collection
holder.pending = mx.exp(mx.asarray(np.ones(1000, np.float32)))
holder.view = np.asarray(mx.ones((1000,)) * 3)
compiled = mx.compile(lambda x: x + holder.pending)
queued = compiled(mx.zeros((1000,)))
mx.async_eval(mx.add(queued, 1, stream=mx.gpu))
def last():
    assert holder.view.sum() == 3000
    assert mx.sum(mx.ones((10,))).item() == 10
atexit.register(last)
""")


DAEMONS = """
import threading
import numpy as np
import tandem.core as mx
a = mx.random.uniform(shape=(200, 200))
mx.eval(a)
started = threading.Barrier(7)
def work(i):
    started.wait()
    while True:
        x = mx.asarray(np.ones((200, 200), np.float32)) @ a
        if i % 3 == 0:
            x = mx.add(x, 1, stream=mx.gpu)
        if i % 2:
            mx.async_eval(x)
        x.tolist() if i == 4 else mx.eval(x)
for i in range(6):
    threading.Thread(target=work, args=(i,), daemon=True).start()
started.wait()
for _ in range(5):
    mx.eval(a @ a)
"""


def test_daemon_threads_at_shutdown():
    for _ in range(5):
        check(DAEMONS)


def test_exit_inside_of_a_thread():
    result = run_python("-c", DAEMONS + "import os, sys\nsys.stdout.flush()\nraise SystemExit(7)\n")
    assert result.returncode == 7, result.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork_child_cpu_works():
    check("""
import os
import numpy as np
import tandem.core as mx
a = mx.arange(1000) + 1
g = mx.add(a, 1, stream=mx.gpu)
mx.eval(a, g)
m = mx.random.uniform(shape=(600, 600))
x = m
for _ in range(40):
    x = x @ m
mx.async_eval(x)  # in flight in the parent
pid = os.fork()
if pid == 0:
    status = 1
    try:
        assert (mx.arange(1000) * 2).sum().item() == 999000
        assert a.sum().item() == 500500
        assert np.array(mx.ones((300, 300)) @ mx.ones((300, 300)))[5, 5] == 300
        y = mx.ones((1000,)) * 2
        mx.async_eval(y)
        assert y[999].item() == 2
        status = 2
        try:
            mx.eval(mx.add(a, 1, stream=mx.gpu))
        except mx.DeviceError as error:
            assert "fork" in str(error)
            status = 0
    finally:
        os._exit(status)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert mx.add(g, 1, stream=mx.gpu)[0].item() == 3
mx.eval(x)
""")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_pools_of_forked_and_fresh_processes():
    check("""
import multiprocessing
import tandem.core as mx
def work(n):
    return (mx.arange(1000) * n).sum().item()
if __name__ == "__main__":
    mx.eval(mx.ones((1000,)) * 2)
    for method in ("fork",):
        with multiprocessing.get_context(method).Pool(3) as pool:
            assert pool.map(work, range(20)) == [499500 * n for n in range(20)]
""")


# What is interrupted at any moment can be asked for again. The interrupts come from a timer thread
# at moments that drift over the work: building, eval, item, printing and waits for async work.
CTRL_C = """
import os, signal, sys, threading
import numpy as np
import tandem.core as mx
base = mx.array(np.full((256, 256), 1 / 256, np.float32))
kept = []
def build(n):
    x = base
    for _ in range(n):
        x = mx.matmul(x, base, stream=where)
        x = x + 0
    return x
def once(kind):
    if kind == 0:
        kept.append(build(30))
    elif kind == 1:
        mx.eval(kept[-1])
    elif kind == 2:
        assert abs(build(12)[7, 7].item() - 1 / 256) < 1e-6
    elif kind == 3:
        assert "0.00390625" in str(build(12))
    else:
        x = build(20)
        mx.async_eval(x)
        mx.synchronize(where)
        kept[-1] = x
stop = threading.Event()
armed = False
def handler(*_):
    global armed
    if armed:
        armed = False
        raise KeyboardInterrupt
signal.signal(signal.SIGINT, handler)
def interrupt():
    delay = 0.002
    while not stop.wait(delay):
        os.kill(os.getpid(), signal.SIGINT)
        delay = 0.002 + (delay * 1.37) % 0.021
where = getattr(mx, sys.argv[1])
kept.append(build(1))
thread = threading.Thread(target=interrupt)
thread.start()
interrupts = rounds = 0
while interrupts < 40:
    rounds += 1
    try:
        armed = True
        once(rounds % 5)
        armed = False
    except KeyboardInterrupt:
        interrupts += 1
stop.set()
thread.join()
for x in kept:
    values = np.array(x)
    assert np.allclose(values, 1 / 256), values
assert (mx.arange(10) + 1).sum().item() == 55
"""


@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_ctrl_c_loses_nothing_anywhere(device):
    result = run_python("-c", CTRL_C, device)
    assert result.returncode == 0, result.stderr


def test_thread_exit_frees_stream():
    program = """
import os
import threading
import tandem.core as mx
def status():
    with open("/proc/self/status") as lines:
        fields = dict(line.split(":", 1) for line in lines)
    return int(fields["Threads"]), int(fields["VmRSS"].split()[0])
seen = set()
def work():
    x = mx.ones((100, 100))
    y = mx.add(x @ x, 1, stream=mx.gpu)
    assert (mx.sum(mx.exp(x * 0)) + y[0, 0]).item() == 10101
    seen.add(mx.default_stream(mx.cpu).index)
    seen.add(mx.default_stream(mx.gpu).index)
for i in range(1000):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    # join returns before the system's thread has ended, which is when it gives its streams back.
    while os.path.exists(f"/proc/self/task/{thread.native_id}"):
        os.sched_yield()
    if i == 100:
        threads, memory = status()
        active = mx.get_active_memory()
assert len(seen) == 2, seen  # one of each device, passed on from thread to thread
assert mx.get_active_memory() == active, (active, mx.get_active_memory())
now = status()
assert now[0] <= threads + 2, (threads, now)
assert now[1] <= memory * 1.2 + 20000, (memory, now)
"""
    # Under the address sanitizer freed memory stays for a while, which is no growth of ours.
    check(program, ASAN_OPTIONS="detect_leaks=0:quarantine_size_mb=1")


def test_a_child_that_is_killed_leaves_the_parent_alone():
    if sys.platform != "linux":
        pytest.skip("needs fork")
    check("""
import os, signal
import tandem.core as mx
a = mx.ones((1000,)) + 1
mx.eval(a)
for _ in range(5):
    pid = os.fork()
    if pid == 0:
        mx.eval(a * 2)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    assert (a * 2).sum().item() == 4000
""")


def test_results_do_not_differ_from_run_to_run():
    program = """
import hashlib
import numpy as np
import tandem.core as mx
mx.random.seed(7)
x = mx.random.normal((513, 257))
y = mx.matmul(x, x.T) / 257 + mx.sum(mx.exp(x), axis=1)
z = mx.add(mx.mean(y.astype(mx.float16), axis=0), mx.var(x), stream=mx.gpu)
w = mx.std(x.astype(mx.bfloat16), axis=0) + mx.random.uniform(shape=(257,))
digest = hashlib.sha256()
for a in (x, y, z, w, mx.sum(x), mx.argmax(y, axis=1)):
    digest.update(np.ascontiguousarray(a).tobytes())
print(digest.hexdigest())
"""
    seen = {check(program, TANDEM_THREADS=threads) for threads in ("1", "2", "3", "7", "7", "0")}
    seen.add(check(program, TANDEM_SCHEDULE="adversarial", TANDEM_SCHEDULE_SEED="5"))
    assert len(seen) == 1
