"""How methods are called in the application, and which are offered while a run goes on."""

TITLES = {
    "auto": "Auto",
    "sirt": "SIRT",
    "fista": "FISTA",
    "fista-tv": "FISTA-TV",
    "asd-pocs": "ASD-POCS",
    "huber": "Huber",
    "cgls": "CGLS",
    "constrained-fourier": "Constrained Fourier",
    "dart": "DART",
    "wbp": "WBP",
    "sirt-wbp": "SIRT-WBP",
    "fourier": "Direct Fourier",
    "bp": "Back projection",
    "os-sirt": "OS-SIRT",
    "sart": "SART",
    "art": "ART",
    "landweber": "Landweber",
    "cimmino": "Cimmino",
    "cav": "CAV",
}
_FOR_COMPARISON = frozenset(("fourier", "bp", "os-sirt", "sart", "art", "landweber", "cimmino", "cav"))
"""There to be compared with; an offered method gives the same or better, sooner."""


def title_of(method: str) -> str:
    """Give a method's name as it is written in words."""
    return TITLES.get(method, method)


def offered_methods(*in_use: str) -> tuple[tuple[str, str], ...]:
    """Give (name, title) of the methods to choose from: those that make sense live, and those in use."""
    return tuple((name, title) for name, title in TITLES.items() if name not in _FOR_COMPARISON or name in in_use)
