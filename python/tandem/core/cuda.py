"""Availability of NVIDIA GPUs. A simulated GPU is not one."""

from tandem import _core


def is_available() -> bool:
    """Whether operations can run on an NVIDIA GPU."""
    if not _core.is_available(_core.gpu):
        return False
    return _core.device_info(_core.gpu).get("simulated") != "true"
