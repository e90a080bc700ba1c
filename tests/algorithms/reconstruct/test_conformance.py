import pytest

from livetomo.algorithms.reconstruct import SIRT, WBP, method_named
from livetomo.testing.method_conformance import CHECKS

METHODS = [
    SIRT(),
    SIRT(relaxation=1.7, tilts_per_subset=None),
    SIRT(positivity=False, tilts_per_subset=6),
    WBP(),
    WBP(window="hann"),
    method_named("bp"),
    method_named("sirt-wbp"),
    method_named("art"),
    method_named("sart"),
    method_named("landweber"),
    method_named("cimmino"),
    method_named("cav"),
    method_named("cav", tilts_per_subset=6),
    method_named("os-sirt"),
    method_named("cgls"),
    method_named("auto"),
    method_named("asd-pocs"),
    method_named("fista-tv"),
    method_named("fista-tv", weight=0.0, positivity=False, tilts_per_subset=None),
    method_named("huber"),
    method_named("huber", weight=0.0),
    method_named("fista"),
    method_named("fista", tilts_per_subset=4, positivity=False, damping=0.0),
    method_named("dart", free_share=1.0, smoothing=0.0),
    method_named("fourier"),
    method_named("constrained-fourier"),
    method_named("constrained-fourier", positivity=False, noise_factor=0.0),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_method_conforms(method, check):
    check(method)
