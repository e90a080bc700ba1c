"""An operator: a plain function on one projection, described by its own signature and docstring.

From that one description come the validation, the state file and, in time, the form in the application.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, get_type_hints

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from livetomo.algorithms.filter.background import remove_background
from livetomo.algorithms.filter.bin import bin_projections
from livetomo.algorithms.filter.hot_pixels import remove_hot_pixels
from livetomo.formats.orient import turn


@dataclass(frozen=True)
class Operator:
    """A function on a projection (y, x) whose further arguments are typed parameters.

    Raises
    ------
    TypeError
        When a parameter of the function has no type.
    """

    name: str
    function: Callable[..., np.ndarray]
    parameters: type[BaseModel] = field(init=False)
    """The function's parameters but the first, with their types and defaults."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", _parameters_of(self.name, self.function))

    @property
    def summary(self) -> str:
        """First sentence of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    def validated(self, values: dict[str, Any]) -> dict[str, Any]:
        """Give the values with defaults filled in and types made right.

        Raises
        ------
        ValueError
            When a value does not fit; the message names the operator, the parameter and what came.
        """
        try:
            return self.parameters(**values).model_dump()
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ValueError(f"{self.name}: parameter {where}: {first['msg']}, got {first['input']!r}") from None

    def __call__(self, projection: np.ndarray, **values: Any) -> np.ndarray:
        """Run the function on a projection (y, x)."""
        return self.function(projection, **values)


def _parameters_of(name: str, function: Callable[..., np.ndarray]) -> type[BaseModel]:
    hints = get_type_hints(function)
    fields: dict[str, Any] = {}
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.name not in hints:
            raise TypeError(f"operator {name}: parameter {parameter.name} has no type")
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        fields[parameter.name] = (hints[parameter.name], default)
    return create_model(f"{name}_parameters", __config__=ConfigDict(extra="forbid"), **fields)


OPERATORS = {
    operator.name: operator
    for operator in (
        Operator("remove-hot-pixels", remove_hot_pixels),
        Operator("turn", turn),
        Operator("bin", bin_projections),
        Operator("remove-background", remove_background),
    )
}
