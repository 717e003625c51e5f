"""The CUDA text of a corpus of kernels compiles: NVRTC from the package index, no GPU needed."""

import ctypes
import importlib.util
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytestmark = pytest.mark.once  # compiles texts, runs nothing

ROOT = Path(__file__).resolve().parents[2]
RANDOM_KERNELS = int(os.environ.get("TEST_CUDA_RANDOM_KERNELS", "60"))


class Nvrtc:
    """The functions of NVRTC that a compile needs."""

    def __init__(self, path: Path):
        # NVRTC looks for this part by name, which only finds what the system or the process knows.
        for builtins in path.parent.glob("libnvrtc-builtins.so.*"):
            ctypes.CDLL(str(builtins))
        self.library = ctypes.CDLL(str(path))

    def compile(self, text: str, options: list[str]) -> str:
        """The compiler's complaint; empty when there is none."""
        program = ctypes.c_void_p()
        source = text.encode()
        self.check(
            self.library.nvrtcCreateProgram(
                ctypes.byref(program), source, b"kernel.cu", 0, None, None
            )
        )
        array = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
        failed = self.library.nvrtcCompileProgram(program, len(options), array)
        log = self.log(program) if failed else ""
        if not failed:
            size = ctypes.c_size_t()
            self.check(self.library.nvrtcGetCUBINSize(program, ctypes.byref(size)))
            assert size.value > 0
        self.check(self.library.nvrtcDestroyProgram(ctypes.byref(program)))
        return log

    def log(self, program: ctypes.c_void_p) -> str:
        size = ctypes.c_size_t()
        self.check(self.library.nvrtcGetProgramLogSize(program, ctypes.byref(size)))
        text = ctypes.create_string_buffer(size.value)
        self.check(self.library.nvrtcGetProgramLog(program, text))
        return text.value.decode()

    @staticmethod
    def check(status: int) -> None:
        assert status == 0, f"NVRTC gave status {status}"


@pytest.fixture(scope="module")
def nvrtc() -> Nvrtc:
    spec = importlib.util.find_spec("nvidia")
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        for path in sorted(Path(folder).glob("cu*/lib/libnvrtc.so.*")):
            return Nvrtc(path)
    pytest.skip("nvidia-cuda-nvrtc is not installed")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    tools = [ROOT / "build" / preset / "tools" / "cuda_corpus" for preset in ("dev", "asan")]
    tool = next((path for path in tools if path.exists()), None)
    if tool is None:
        pytest.skip("the developer tools are not built")
    folder = tmp_path_factory.mktemp("cuda")
    subprocess.run([tool, folder, "--random", str(RANDOM_KERNELS)], check=True)
    return folder


def test_every_text_compiles(nvrtc, corpus):
    description = json.loads((corpus / "corpus.json").read_text())
    options = [*description["options"], "--gpu-architecture=sm_90"]
    texts = description["texts"]
    assert len(texts) > 500

    def complaint(entry: dict) -> str:
        log = nvrtc.compile((corpus / entry["file"]).read_text(), options)
        return f"{entry['file']}:\n{log}" if log else ""

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        complaints = [text for text in pool.map(complaint, texts) if text]
    assert not complaints, f"{len(complaints)} texts, the first: {complaints[0]}"


def test_a_wrong_text_is_reported(nvrtc):
    assert "error" in nvrtc.compile("__global__ void f() { g(); }", ["--gpu-architecture=sm_90"])
