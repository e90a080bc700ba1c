"""Every method has a name in words, and those in use can be chosen."""

from livetomo.algorithms.reconstruct import METHODS
from livetomo.session.method_names import TITLES, offered_methods, title_of


def test_every_method_has_a_title():
    assert TITLES.keys() == METHODS.keys()
    assert title_of("constrained-fourier") == "Constrained Fourier"


def test_those_for_comparison_are_offered_only_when_in_use():
    offered = dict(offered_methods("sirt"))
    assert {"auto", "sirt", "fista-tv", "cgls", "dart", "constrained-fourier"} <= offered.keys()
    assert "art" not in offered
    assert dict(offered_methods("sirt", "art")) == offered | {"art": "ART"}
