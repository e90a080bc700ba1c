"""The live reconstruction between sweeps, when what it works with changes."""

import pytest

from livetomo.algorithms.reconstruct.constrained_fourier import ConstrainedFourier
from livetomo.algorithms.reconstruct.fista import FISTA
from livetomo.algorithms.reconstruct.sirt import SIRT
from livetomo.live.reconstruction import LiveReconstruction, Prepared


@pytest.fixture
def live(helix):
    live = LiveReconstruction(SIRT())
    rows = zip(helix.projections, helix.tilt_angles, strict=True)
    live.add([Prepared(f"{angle:g}", image, angle) for image, angle in rows])
    return live


def test_the_residual_is_not_known_before_the_first_sweep_of_the_method_in_use(live):
    assert live.residual is None
    list(live.refine())
    assert 0 < live.residual < 1
    live.change_method(FISTA())
    assert live.residual is None
    list(live.refine())
    assert 0 < live.residual < 1


def test_a_method_that_refuses_what_is_held_changes_nothing(live):
    list(live.refine())
    method, residual, volume = live.method, live.residual, live.volume().copy()
    with pytest.raises(ValueError, match="support: expected a shape"):
        live.change_method(ConstrainedFourier(support=[[[True, False]]]))
    assert (live.method, live.residual) == (method, residual)
    assert (live.volume() == volume).all()
