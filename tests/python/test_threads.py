"""Threads, the GIL and Ctrl-C."""

import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from helpers import run_python

from tandem import core as mx

pytestmark = pytest.mark.once  # minutes of plain loops with isa=scalar


def in_threads(count, work):
    failures = []

    def run(i):
        try:
            work(i)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures


def test_shared_graph():
    base = mx.array(np.arange(5000, dtype=np.float32)) + 1
    shared = base * 2
    expected = (np.arange(5000) + 1) * 2.0

    def work(i):
        for k in range(20):
            np.testing.assert_array_equal(np.array(shared + k), expected + k)
            assert (shared[i] + i).item() == expected[i] + i

    in_threads(8, work)


def test_arrays_die_on_other_threads():
    def work(_):
        kept = [mx.asarray(np.ones(100, np.float32)) + i for i in range(200)]
        mx.async_eval(kept)
        del kept

    in_threads(4, work)
    mx.synchronize()


def test_waiting_releases_the_gil():
    a = mx.random.uniform(shape=(1500, 1500))
    mx.eval(a)
    ticks = 0
    done = threading.Event()
    waiting = threading.Event()

    def wait():
        waiting.set()
        x = a
        for _ in range(12):
            x = (x @ a) * 1e-3
        mx.eval(x)
        done.set()

    thread = threading.Thread(target=wait)
    thread.start()
    waiting.wait()
    while not done.is_set():  # runs only while the other thread waits without the GIL
        ticks += 1
    thread.join()
    assert ticks > 1000


INTERRUPTED = """
import os
import tandem.core as mx
a = mx.random.uniform(shape=(1000, 1000))
mx.eval(a)
x = a
for _ in range(2000):
    x = mx.matmul(x, a, stream=mx.gpu)
try:
    print("ready", flush=True)
    mx.eval(x)
    print("finished", flush=True)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    y = mx.sum(mx.arange(1000), stream=mx.new_stream(mx.cpu))
    print(y.item(), flush=True)
    os._exit(0)  # the rest of the work is not waited for
"""


def interrupt(program: str) -> list[str]:
    """Runs the program, sends SIGINT when it is ready, and gives the lines it prints after that."""
    # A job in the background inherits that SIGINT is ignored.
    listening = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    process = subprocess.Popen(
        [sys.executable, "-c", listening + program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=100)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    return output.splitlines()


@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_ctrl_c_ends_the_wait(device):
    program = INTERRUPTED.replace("mx.gpu", f"mx.{device}")
    assert interrupt(program) == ["interrupted", "499500"]


LOSES_NOTHING = """
import os, signal, threading
import numpy as np
import tandem.core as mx
a = mx.asarray(np.full((1200, 1200), 1 / 1200, np.float32))
x = a
for _ in range(60):
    x = x @ a
interrupts = 0
def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
while True:
    timer = threading.Timer(0.03, interrupt)
    timer.start()
    try:
        mx.eval(x)
        timer.cancel()
        timer.join()
        break
    except KeyboardInterrupt:
        interrupts += 1
        if interrupts == 3:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        timer.join()
assert abs(x[7, 7].item() - 1 / 1200) < 1e-6
"""


def test_ctrl_c_loses_nothing():
    result = run_python("-c", LOSES_NOTHING)
    assert result.returncode == 0, result.stderr


def test_handlers_of_the_user_keep_their_exception():
    program = INTERRUPTED.replace("except KeyboardInterrupt", "except LookupError").replace(
        "import os",
        "import os, signal\n"
        "def handler(*_): raise LookupError\n"
        "signal.signal(signal.SIGINT, handler)",
    )
    assert interrupt(program) == ["interrupted", "499500"]


def test_exit_with_work_in_flight():
    program = """
import tandem.core as mx
a = mx.random.uniform(shape=(1500, 1500))
x = a
for _ in range(20):
    x = mx.matmul(x, a, stream=mx.gpu)
mx.async_eval(x, mx.exp(a))
"""
    result = run_python("-c", program)
    assert result.returncode == 0, result.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_computes():
    program = """
import os
import tandem.core as mx
a = mx.arange(1000) + 1
mx.eval(a)
pid = os.fork()
if pid == 0:
    ok = (mx.arange(1000) * 2).sum().item() == 999000 and a.sum().item() == 500500
    os._exit(0 if ok else 1)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert (a * 2).sum().item() == 1001000
"""
    result = run_python("-W", "ignore", "-c", program)
    assert result.returncode == 0, result.stderr


def test_signals_during_products():
    program = """
import signal
import numpy as np
import tandem.core as mx
signals = 0
def handler(*_):
    global signals
    signals += 1
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
a = mx.array(np.full((1200, 1200), 1 / 1200, np.float32))
for _ in range(3):
    x = a
    for _ in range(40):
        x = x @ a
    mx.eval(x)
signal.setitimer(signal.ITIMER_REAL, 0)
assert signals > 0
assert abs(x[7, 7].item() - 1 / 1200) < 1e-6
"""
    result = run_python("-c", program)
    assert result.returncode == 0, result.stderr
