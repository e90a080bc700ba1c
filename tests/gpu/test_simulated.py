"""The GPU's side of every kernel and method, in numba's CUDA simulator. No GPU is needed, and none is tested."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_what_the_simulator_can_tell():
    stand_in = os.pathsep.join(filter(None, [str(HERE / "stand_in"), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1", "LIVETOMO_THREADS": "1", "PYTHONPATH": stand_in}
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(HERE / "on_gpu")]
    run = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
