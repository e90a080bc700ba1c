"""A method is tried before it is used."""

import os
import subprocess
import sys

import numpy as np
import pytest

from livetomo.algorithms.reconstruct import method_named
from livetomo.algorithms.reconstruct.methods import METHODS
from livetomo.live.trial import try_out


@pytest.mark.parametrize("name", METHODS)
def test_every_method_works_or_says_why_a_turned_specimen_is_refused(name):
    method = method_named(name)
    try_out(method)
    if "fourier" not in name:
        try_out(method, 90.0)
    else:
        with pytest.raises(ValueError, match="rotations_deg: expected none"):
            try_out(method, 90.0)


@pytest.mark.parametrize("name", ["fista", "constrained-fourier"])
def test_a_support_for_another_grid_does_not_matter(name):
    try_out(method_named(name, support=np.ones((32, 1, 32), bool)))


AFTERWARDS = """
import numpy as np
from numba.core import event
from livetomo.algorithms.reconstruct import method_named
from livetomo.live.reconstruction import LiveReconstruction, Prepared
from livetomo.live.trial import try_out

method, compiled = method_named("auto"), event.RecordingListener()
try_out(method)
event.register("numba:compile", compiled)
live, random = LiveReconstruction(method), np.random.default_rng(1)
for k in range(12):
    live.add([Prepared(str(k), random.random((24, 24), np.float32), 10.0 * k - 60)])
    for _ in live.refine():
        pass
live.volume()
print(len(compiled.buffer))
"""


def test_nothing_is_left_to_compile_while_tilts_arrive(tmp_path):
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    words = [sys.executable, "-c", AFTERWARDS]
    assert subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout == "0\n"
