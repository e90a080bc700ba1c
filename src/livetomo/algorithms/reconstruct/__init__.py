"""Reconstruction methods, one a file, under one contract for live and batch."""

from livetomo.algorithms.reconstruct.batch import reconstruct
from livetomo.algorithms.reconstruct.method import Method
from livetomo.algorithms.reconstruct.methods import METHODS, method_named
from livetomo.algorithms.reconstruct.sirt import SIRT
from livetomo.algorithms.reconstruct.stopping import StoppingRule
from livetomo.algorithms.reconstruct.wbp import WBP

__all__ = ["METHODS", "SIRT", "WBP", "Method", "StoppingRule", "method_named", "reconstruct"]
