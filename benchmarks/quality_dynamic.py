"""Dynamic compressed sensing as its paper has it: error against time while the tilts of Au on SrTiO₃ arrive one by one.

python benchmarks/quality_dynamic.py [--slices 32] [--seed 0] [--picture docs/pictures/dynamic.svg]
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from clock import seconds as seconds_spent
from live_course import refine_until, warm_up
from machine import machine
from specimens import PLAIN_SIRT, error, recorded_slab
from svg_plot import line_plot

from livetomo.algorithms.reconstruct import method_named
from livetomo.live.reconstruction import LiveReconstruction, Prepared
from livetomo.sim.phantoms import gold_on_strontium_titanate
from livetomo.sim.tilt_series import Imaging, SimulatedSeries

_SIZE, _TILT_ANGLES = 256, np.arange(-76, 77, 2.0)
_SECONDS_PER_TILT = 2.0
"""For 256³; a slab gets its share."""
_ELECTRONS = 75.0**2
"""At the brightest pixel, whose signal is then 75 times its noise."""
_PERIODS_AFTER = 40
"""How many tilts' time the runs go on after the last tilt."""
_PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "dynamic.svg"


@dataclass(frozen=True)
class _Run:
    name: str
    method: str
    settings: dict[str, Any]
    begins: str
    """Once, at each tilt, or at the last tilt."""
    pace: float = 1.0
    """How much faster tilts come, so that there is less time for each."""


_RUNS = (
    _Run("plain SIRT, begun anew at each tilt", "sirt", PLAIN_SIRT, "at each tilt"),
    _Run("plain SIRT, begun at the last tilt", "sirt", PLAIN_SIRT, "at the last tilt"),
    _Run("ASD-POCS, begun at the last tilt", "asd-pocs", {}, "at the last tilt"),
    _Run("SIRT, live", "sirt", {}, "once"),
    _Run("ASD-POCS, live", "asd-pocs", {}, "once"),
    _Run("FISTA-TV, live", "fista-tv", {}, "once"),
    _Run("ASD-POCS, live, 3 × as fast", "asd-pocs", {}, "once", pace=3),
    _Run("FISTA-TV, live, 3 × as fast", "fista-tv", {}, "once", pace=3),
)

Course = list[tuple[float, float]]
"""(time since the first tilt in usual tilts' time, error) at the end of each tilt's time."""


def section(slices: int = 32, seed: int = 0, picture: Path | None = _PICTURE) -> str:
    """Measure, draw the picture and give the section as Markdown."""
    simulated = _specimen(slices, seed)
    courses = {run.name: _course(run, simulated) for run in _RUNS}
    if picture is not None:
        labels = "tilts' time since the first", "error ‖x − truth‖ / ‖truth‖"
        picture.write_text(line_plot(courses, labels, marked_x=len(_TILT_ANGLES)), encoding="utf-8")
    n_tilts = len(_TILT_ANGLES)
    restarted = courses[_RUNS[0].name][n_tilts - 1][1]
    best = min(figure for _, figure in courses[_RUNS[1].name])
    rows = [_row(name, course, restarted, best) for name, course in courses.items()]
    return "\n".join([
        f"## Dynamic compressed sensing: Au on SrTiO₃, {_SIZE}² × {slices} slices, {n_tilts} tilts, seed {seed}",
        "",
        f"{machine()}. After Schwartz et al., Ultramicroscopy 219 (2020) 113122: tilts of {_TILT_ANGLES[0]:g}° to",
        f"{_TILT_ANGLES[-1]:g}° in steps of 2° arrive one by one, with Poisson noise (signal to noise",
        f"{np.sqrt(_ELECTRONS):g} at the brightest pixel). Each has {_SECONDS_PER_TILT:g} s at {_SIZE}³, so",
        f"{_SECONDS_PER_TILT * slices / _SIZE:.3g} s of processor time over threads for these slices.",
        "\"3 × as fast\": tilts come, and have to be dealt with, in a third of that time.",
        f"Afterwards all go on for {_PERIODS_AFTER} such times, until the stopping rule ends them.",
        f"A is the error of SIRT begun anew, {restarted:.3f}, at the last tilt;",
        f"B the lowest that SIRT begun at the last tilt reaches, {best:.3f}. Times are counted from the first tilt.",
        "",
        "| method | error at 33 % of the tilts | at 66 % | at the last | in the end | at the last, below A by "
        "| reaches A after | reaches B after |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *rows,
        "",
        "![Error against time](../pictures/dynamic.svg)",
    ])  # fmt: skip


def _specimen(slices: int, seed: int) -> SimulatedSeries:
    volume = gold_on_strontium_titanate(_SIZE, seed)
    return recorded_slab(volume, slices, _TILT_ANGLES, Imaging(electrons=_ELECTRONS, seed=seed))


def _row(name: str, course: Course, restarted: float, best: float) -> str:
    n_tilts, errors = len(_TILT_ANGLES), [figure for _, figure in course]
    figures = [f"{errors[round(share * n_tilts) - 1]:.3f}" for share in (0.33, 0.66, 1.0)]
    below = f"{1 - errors[n_tilts - 1] / restarted:.0%}"
    return f"| {name} | " + " | ".join(
        [*figures, f"{errors[-1]:.3f}", below, _reached(course, restarted), _reached(course, best)]
    ) + " |"  # fmt: skip


def _reached(course: Course, wanted: float) -> str:
    first = next((time for time, figure in course if figure <= wanted), None)
    return "never" if first is None else f"{first:.0f} tilts' time, {first * _SECONDS_PER_TILT:.0f} s"


def _course(run: _Run, simulated: SimulatedSeries) -> Course:
    """Run while the tilts arrive and for some tilts' time after the last."""
    images, angles = simulated.series.projections.astype(np.float32), simulated.series.tilt_angles
    frames = [Prepared(str(k), images[k], float(angles[k])) for k in range(len(images))]
    seconds = _SECONDS_PER_TILT * simulated.volume.size / _SIZE**3 / run.pace
    method = method_named(run.method, **run.settings)
    warm_up(method, frames[:9])
    live, course = LiveReconstruction(method), Course()
    for k in range(len(frames) + _PERIODS_AFTER):
        end = seconds_spent() + seconds
        if run.begins == "once" and k < len(frames):
            live.add(frames[k : k + 1])
        elif (run.begins == "at each tilt" and k < len(frames)) or (run.begins != "once" and k == len(frames) - 1):
            live = LiveReconstruction(method)
            live.add(frames[: k + 1])
        if len(live):
            refine_until(live, end)
        figure = error(live.volume(), simulated.volume) if len(live) else 1.0
        course.append(((k + 1) / run.pace, figure))
    return course


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", type=Path, default=None)
    options = parser.parse_args()
    print(section(options.slices, options.seed, options.picture))
