"""Availability of Apple GPUs."""


def is_available() -> bool:
    """False: Tandem runs on Linux."""
    return False
