"""``python -m tandem demo``: what Tandem does, with every figure taken from the run itself."""

from tandem.demo.measure import Figures, measure
from tandem.demo.report import main

__all__ = ["Figures", "main", "measure"]
