"""Operators and the chain that runs them: the same numbers live and offline."""

from livetomo.pipeline.chain import Chain, Step
from livetomo.pipeline.operator import OPERATORS, Operator
from livetomo.pipeline.preparation import preparation, prepare_series

__all__ = ["OPERATORS", "Chain", "Operator", "Step", "preparation", "prepare_series"]
