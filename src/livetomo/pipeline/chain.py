"""A chain of operators: what is done to every projection, in order, as a record that can be saved and replayed."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from livetomo.pipeline.operator import OPERATORS


@dataclass(frozen=True)
class Step:
    """One operator with the values of its parameters.

    Raises
    ------
    ValueError
        When there is no such operator or a value does not fit its parameter.
    """

    operator: str
    values: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.operator not in OPERATORS:
            raise ValueError(f"operator: expected one of {', '.join(OPERATORS)}, got {self.operator!r}")
        object.__setattr__(self, "values", OPERATORS[self.operator].validated(self.values))


@dataclass(frozen=True)
class Chain:
    """Operators that run one after the other on a projection."""

    steps: tuple[Step, ...] = ()

    def __call__(self, projection: np.ndarray) -> np.ndarray:
        """Run all steps on a projection (y, x)."""
        for step in self.steps:
            projection = OPERATORS[step.operator](projection, **step.values)
        return projection

    def state(self) -> list[dict[str, Any]]:
        """Give the chain as plain values for a state file."""
        return [{"operator": step.operator, "values": step.values} for step in self.steps]

    @classmethod
    def from_state(cls, state: list[dict[str, Any]]) -> "Chain":
        """Make the chain again from what ``state`` gave.

        Raises
        ------
        ValueError
            When the state names an unknown operator or value.
        """
        return cls(tuple(Step(entry["operator"], entry.get("values", {})) for entry in state))
