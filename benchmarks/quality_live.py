"""The live volume's error at each arrival + 2 s over that of the method run to convergence on the same tilts.

python benchmarks/quality_live.py [--slices 32] [--noise 0.05] [--seed 3] [--methods sirt fista]
"""

import argparse
from collections.abc import Sequence

import numpy as np
from clock import seconds as seconds_spent
from live_course import refine_until, warm_up
from machine import machine
from specimens import error, recorded_slab

from livetomo.algorithms.reconstruct import METHODS, method_named, reconstruct
from livetomo.live.reconstruction import LiveReconstruction, Prepared
from livetomo.model import TiltSeries
from livetomo.sim.phantoms import particles
from livetomo.sim.tilt_series import Imaging, SimulatedSeries

_SIZE, _TILT_ANGLES = 256, np.arange(-70, 71, 2.0)
_SECONDS_PER_TILT = 2.0
"""For 256³; a slab gets its share."""
_COMPARED = (10, 11, 15, 20, 30, 40, 50, 71)
"""After so many tilts the method also runs alone, to its end."""
_SHOWN = (10, 20, 40, 71)
_WANTED = 1.05


def section(slices: int = 32, noise: float = 0.05, seed: int = 3, methods: Sequence[str] = ()) -> str:
    """Measure and give the section as Markdown."""
    simulated = phantom(slices, noise, seed)
    names = methods or [name for name, kind in METHODS.items() if not kind.is_direct]
    rows = [_row(name, simulated) for name in names]
    seconds = _SECONDS_PER_TILT * slices / _SIZE
    shorter = "Fewer slices than were asked for leave less time for what a sweep costs besides its voxels."
    return "\n".join([
        f"## Live against offline: particles, {_SIZE}² × {slices} slices, {noise:.0%} noise, seed {seed}",
        "",
        f"{machine()}. A tilt each {_SECONDS_PER_TILT:g} s at {_SIZE}³, so {seconds:.3g} s of processor time over",
        f"threads for these slices; in the order of acquisition, {_TILT_ANGLES[0]:g}° to {_TILT_ANGLES[-1]:g}° by",
        "2°. Each figure is the error of the live volume just before the next tilt comes, over that of `reconstruct`",
        f"with the same tilts and its stopping rule, measured after {', '.join(map(str, _COMPARED))} tilts. Wanted: at",
        f"most {_WANTED}. Below 1: the rule ended the offline run where the noise would have had it end elsewhere.",
        "How tilts are taken in, when subsets are merged and when a run rests were chosen on seeds 0 to 2, 5 % noise.",
        "How far ASD-POCS may widen its steps and when subsets stay merged were chosen on seed 3, too,",
        "how many coarse sweeps go ahead on seeds 5 and 6.",
        "",
        f"| method | {' | '.join(f'{n} tilts' for n in _SHOWN)} | worst (at) | error live, offline at the last |",
        "| --- |" + " --- |" * (len(_SHOWN) + 2),
        *rows,
        *(("", shorter) if slices < _SIZE else ()),
    ])  # fmt: skip


def phantom(slices: int, noise: float, seed: int) -> SimulatedSeries:
    """Record the middle slices of the particles."""
    return recorded_slab(particles(_SIZE, seed), slices, _TILT_ANGLES, Imaging(noise=noise, seed=seed))


def _row(name: str, simulated: SimulatedSeries) -> str:
    live = live_errors(name, simulated)
    offline = {n: _offline_error(name, simulated, n) for n in _COMPARED}
    ratios = {n: live[n - 1] / offline[n] for n in _COMPARED}
    worst = max(ratios, key=lambda n: ratios[n])
    last = _COMPARED[-1]
    figures = " | ".join(f"{ratios[n]:.3f}" for n in _SHOWN)
    return f"| {name} | {figures} | {ratios[worst]:.3f} ({worst}) | {live[last - 1]:.3f}, {offline[last]:.3f} |"


def live_errors(name: str, simulated: SimulatedSeries) -> list[float]:
    """Give the error at the end of each tilt's time."""
    images, angles = simulated.series.projections.astype(np.float32), simulated.series.tilt_angles
    seconds = _SECONDS_PER_TILT * simulated.volume.size / _SIZE**3
    frames = [Prepared(str(k), images[k], float(angles[k])) for k in range(len(images))]
    warm_up(method_named(name), frames[:9])
    live, errors = LiveReconstruction(method_named(name)), []
    for frame in frames:
        end = seconds_spent() + seconds
        live.add([frame])
        refine_until(live, end)
        errors.append(error(live.volume(), simulated.volume))
    return errors


def _offline_error(name: str, simulated: SimulatedSeries, n_tilts: int) -> float:
    series = simulated.series
    part = TiltSeries(series.projections[:n_tilts], series.tilt_angles[:n_tilts])
    return error(reconstruct(part, name).data, simulated.volume)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=32)
    parser.add_argument("--noise", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--methods", nargs="*", default=())
    options = parser.parse_args()
    print(section(options.slices, options.noise, options.seed, options.methods))
