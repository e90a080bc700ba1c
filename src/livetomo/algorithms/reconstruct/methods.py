"""The reconstruction methods by name."""

from dataclasses import fields
from numbers import Integral, Real
from typing import Any, get_args

import numpy as np

from livetomo.algorithms.reconstruct.art import ART
from livetomo.algorithms.reconstruct.asd_pocs import ASDPOCS
from livetomo.algorithms.reconstruct.auto import Auto
from livetomo.algorithms.reconstruct.bp import BP
from livetomo.algorithms.reconstruct.cav import CAV
from livetomo.algorithms.reconstruct.cgls import CGLS
from livetomo.algorithms.reconstruct.cimmino import Cimmino
from livetomo.algorithms.reconstruct.constrained_fourier import ConstrainedFourier
from livetomo.algorithms.reconstruct.dart import DART
from livetomo.algorithms.reconstruct.fista import FISTA
from livetomo.algorithms.reconstruct.fista_tv import FISTATV
from livetomo.algorithms.reconstruct.fourier import DirectFourier
from livetomo.algorithms.reconstruct.huber import Huber
from livetomo.algorithms.reconstruct.landweber import Landweber
from livetomo.algorithms.reconstruct.os_sirt import OSSIRT
from livetomo.algorithms.reconstruct.sart import SART
from livetomo.algorithms.reconstruct.sirt import SIRT
from livetomo.algorithms.reconstruct.sirt_wbp import SIRTWBP
from livetomo.algorithms.reconstruct.wbp import WBP

METHODS: dict[str, Any] = {
    "sirt": SIRT,
    "wbp": WBP,
    "auto": Auto,
    "bp": BP,
    "sirt-wbp": SIRTWBP,
    "art": ART,
    "sart": SART,
    "landweber": Landweber,
    "cimmino": Cimmino,
    "cav": CAV,
    "os-sirt": OSSIRT,
    "cgls": CGLS,
    "asd-pocs": ASDPOCS,
    "fista-tv": FISTATV,
    "huber": Huber,
    "fista": FISTA,
    "dart": DART,
    "fourier": DirectFourier,
    "constrained-fourier": ConstrainedFourier,
}


def method_named(name: str, /, **settings: Any) -> Any:
    """Give the method of this name with these settings.

    Raises
    ------
    ValueError
        When no method has this name, it has no such setting, or a setting is of another kind than it should be.
    """
    if not isinstance(name, str) or name.lower() not in METHODS:
        raise ValueError(f"method: expected one of {', '.join(METHODS)}, got {name!r}")
    kind = METHODS[name.lower()]
    known = {setting.name: setting.type for setting in fields(kind)}
    for key, value in settings.items():
        if key not in known:
            raise ValueError(f"{key}: {name} has no such setting; it has {', '.join(known)}")
        _check_kind(key, value, known[key])
    return kind(**settings)


def _check_kind(key: str, value: Any, declared: Any) -> None:
    """Refuse what is no number where a number should be, and the like."""
    kinds = get_args(declared) or (declared,)
    if value is None and type(None) in kinds:
        return
    is_switch = isinstance(value, bool | np.bool_)
    if bool in kinds and not is_switch:
        raise ValueError(f"{key}: expected True or False, got {value!r}")
    if int in kinds and (is_switch or not isinstance(value, Integral)):
        raise ValueError(f"{key}: expected a whole number{_or_none(kinds)}, got {value!r}")
    if float in kinds and (is_switch or not isinstance(value, Real) or np.isnan(float(value))):
        raise ValueError(f"{key}: expected a number{_or_none(kinds)}, got {value!r}")


def _or_none(kinds: tuple[Any, ...]) -> str:
    return " or None" if type(None) in kinds else ""
