"""Tandem: arrays without a location, for machines where a CPU and GPUs work on the same data.

``tandem.core`` holds arrays and operations under the names of ``mlx.core``;
``python -m tandem`` runs programs, demos and reports.
"""

from tandem._core import __version__

__all__ = ["__version__"]
