"""Compiled kernels are kept for each type of processor; another process finds them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

import livetomo
from livetomo.kernels.projector import Projector

ANGLES, SHAPE = [-61.0, 0.0, 33.0, 90.0], (19, 5, 23)
ANOTHER_PROCESSOR = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}

PROGRAM = """
import json, sys
import numpy as np
from livetomo.kernels import _pack_cpu, _project_cpu
from livetomo.kernels.packed import PackedGrid
from livetomo.kernels.projector import Projector

angles, shape, wanted = json.loads(sys.argv[1])
random = np.random.default_rng(0)
A = Projector(angles, shape)
volume, projections = random.random(shape, np.float32), []
grid = PackedGrid(A.volume_shape, A.detector_width)
grid.pack_volume(volume, grid.new_volume())
if wanted == "all":
    projections = A(volume).tolist()
stats = [kernel.stats for kernel in (_pack_cpu.pack, _pack_cpu.unpack, _project_cpu.project)]
counts = [sum(sum(getattr(each, name).values()) for each in stats) for name in ("cache_misses", "cache_hits")]
print(json.dumps([*counts, projections]))
"""


def run(cache, wanted, variables):
    words = [sys.executable, "-c", PROGRAM, json.dumps([ANGLES, SHAPE, wanted])]
    environment = os.environ | variables | {"NUMBA_CACHE_DIR": str(cache)}
    ran = subprocess.run(words, env=environment, check=True, capture_output=True, text=True)
    compiled, cached, projections = json.loads(ran.stdout)
    return compiled, cached, projections


def test_each_processor_type_has_kernels_that_later_processes_find(tmp_path):
    compiled, cached, projections = run(tmp_path, "all", ANOTHER_PROCESSOR)
    assert (compiled, cached) == (3, 0)
    assert run(tmp_path, "pack", {})[:2] == (1, 0)  # this processor takes none of the other's
    assert run(tmp_path, "all", ANOTHER_PROCESSOR) == (0, 3, projections)  # and leaves them there
    volume = np.random.default_rng(0).random(SHAPE, np.float32)
    np.testing.assert_allclose(projections, Projector(ANGLES, SHAPE)(volume), rtol=1e-5)


def test_kernels_are_compiled_anew_when_a_file_beside_theirs_has_changed(tmp_path):
    copy = shutil.copytree(Path(livetomo.__file__).parent, tmp_path / "source" / "livetomo")
    place, cache = {"PYTHONPATH": str(copy.parent)}, tmp_path / "cache"
    assert run(cache, "pack", place)[:2] == (1, 0)
    assert run(cache, "pack", place)[:2] == (0, 1)
    os.utime(copy / "kernels" / "_lanes.py", (0, 0))
    assert run(cache, "pack", place)[:2] == (1, 0)
