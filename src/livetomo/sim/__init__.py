"""Phantoms and a simulated microscope that writes files as a real one does."""

from livetomo.sim.microscope import Habits, Written, replay, write_series
from livetomo.sim.phantoms import PHANTOMS, atoms, gold_on_strontium_titanate, helix, particles
from livetomo.sim.tilt_series import Imaging, SimulatedSeries, record, simulate, tilt_range

__all__ = [
    "PHANTOMS",
    "Habits",
    "Imaging",
    "SimulatedSeries",
    "Written",
    "atoms",
    "gold_on_strontium_titanate",
    "helix",
    "particles",
    "record",
    "replay",
    "simulate",
    "tilt_range",
    "write_series",
]
