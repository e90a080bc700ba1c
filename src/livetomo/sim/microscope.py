"""A simulated microscope: writes a tilt series into a folder the way real ones do, bad habits included."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from livetomo.model import TiltSeries
from livetomo.sim.encode import angle_text, encode, mdoc_section, mdoc_start, mrc_header, mrc_image

Style = Literal["direct", "atomic", "slow", "in-place", "twice"]
HeaderCount = Literal["early", "late", "after"]


@dataclass(frozen=True)
class Habits:
    """How the microscope writes its files."""

    format: Literal["mrc", "tiff", "npy", "growing-mrc"] = "mrc"
    """One file for each tilt, or one MRC stack that gains a section per tilt."""

    interval_s: float = 0.5
    """From one closed file to the next."""

    order: Literal["as-is", "shuffled"] = "as-is"

    style: Style = "direct"
    """``direct``: written in one go. ``atomic``: written under a temporary name and renamed. ``slow``: in eight pieces
    with pauses. ``in-place``: at full length filled with zeros first, then in pieces. ``twice``: direct, two times."""

    pause_s: float = 0.02
    """Between the pieces of a slow file."""

    angles_in: Literal["name", "mdoc"] = "name"
    """Where a file's angle is found: in its name, or in a ``.mdoc`` file that is written after it. A growing stack
    always has its ``.mdoc``."""

    tilt_axis_deg: float | None = None
    """Where the tilt axis lies in the images, from +y towards −x, as MRC files tell it; None when they do not."""

    header_count: HeaderCount = "after"
    """When a growing stack's header counts a section: ``early`` (all from the start), ``after`` each section, or
    ``late`` (at the very end)."""

    dies_in_tilt: int | None = None
    """Stop for good in the middle of writing this tilt, counted from 0."""

    seed: int = 0


@dataclass(frozen=True)
class Written:
    """One projection that is complete on disk."""

    name: str
    """File name, for sections of a stack after the first with ``#`` and the section's number, counted from 0."""
    tilt_angle: float
    closed_at: float
    """Epoch seconds at which the file was complete under its final name."""


def write_series(
    series: TiltSeries, folder: Path, habits: Habits, stopped: threading.Event | None = None
) -> Iterator[Written]:
    """Write a series into a folder at the microscope's pace, and tell of each projection when it is complete.

    Parameters
    ----------
    series
        Projections (tilt, y, x) as the detector gives them.
    folder
        Made when it is missing.
    habits
        Format, pace and order.
    stopped
        Ends the writing before the next tilt when set.
    """
    folder.mkdir(parents=True, exist_ok=True)
    order = np.arange(len(series))
    if habits.order == "shuffled":
        np.random.default_rng(habits.seed).shuffle(order)
    one = (
        _growing_stack(series, folder, habits) if habits.format == "growing-mrc" else _one_file(series, folder, habits)
    )
    begin = time.monotonic()
    for rank, tilt in enumerate(order):
        wait = begin + rank * habits.interval_s - time.monotonic()
        if stopped is not None and stopped.wait(max(wait, 0)):
            return
        time.sleep(max(begin + rank * habits.interval_s - time.monotonic(), 0))
        written = one(rank, int(tilt))
        if written is None:
            return
        yield written


def replay(
    series: TiltSeries,
    folder: Path,
    interval_s: float = 0.5,
    file_format: Literal["mrc", "tiff", "growing-mrc"] = "mrc",
    order: Literal["as-is", "shuffled"] = "as-is",
    tilt_axis_deg: float | None = None,
) -> Iterator[Written]:
    """Play a recorded series into a folder as if it were being acquired now; angles are in the files' names.

    Raises
    ------
    ValueError
        When the interval is below 0.
    """
    if interval_s < 0:
        raise ValueError(f"interval: expected 0 seconds or more, got {interval_s}")
    habits = Habits(file_format, interval_s, order, style="atomic", tilt_axis_deg=tilt_axis_deg)
    return write_series(series, folder, habits)


_Writer = Callable[[int, int], Written | None]


def _one_file(series: TiltSeries, folder: Path, habits: Habits) -> _Writer:
    suffix = {"mrc": ".mrc", "tiff": ".tif", "npy": ".npy"}[habits.format]

    def write(rank: int, tilt: int) -> Written | None:
        angle = float(series.tilt_angles[tilt])
        in_name = f"_{angle_text(angle)}" if habits.angles_in == "name" else ""
        path = folder / f"{series.name or 'tilt'}_{rank:03d}{in_name}{suffix}"
        image = series.projections[tilt]
        data = encode(image, habits.format, series.pixel_size_nm, habits.tilt_axis_deg)
        if habits.dies_in_tilt == rank:
            path.write_bytes(data[: len(data) * 2 // 3])
            return None
        _put(path, data, habits)
        closed_at = time.time()
        if habits.angles_in == "mdoc":
            text = mdoc_start(path.name, image.shape, series.pixel_size_nm) + mdoc_section(0, angle)
            path.with_name(path.name + ".mdoc").write_text(text, encoding="utf-8")
        return Written(path.name, angle, closed_at)

    return write


def _put(path: Path, data: bytes, habits: Habits) -> None:
    """Write one file in the microscope's style."""
    if habits.style == "atomic":
        temporary = path.with_name(f".{path.name}.part")
        temporary.write_bytes(data)
        os.replace(temporary, path)
        return
    if habits.style in {"direct", "twice"}:
        for _ in range(2 if habits.style == "twice" else 1):
            path.write_bytes(data)
        return
    step = -(-len(data) // 8)
    with path.open("wb", buffering=0) as stream:
        if habits.style == "in-place":
            stream.truncate(len(data))
        for first in range(0, len(data), step):
            stream.write(data[first : first + step])
            time.sleep(habits.pause_s)


def _growing_stack(series: TiltSeries, folder: Path, habits: Habits) -> _Writer:
    path = folder / f"{series.name or 'stack'}.mrc"
    sidecar = path.with_name(path.name + ".mdoc")
    n_tilts, n_y, n_x = series.projections.shape
    dtype = mrc_image(series.projections[0]).dtype

    def header(n_sections: int) -> bytes:
        return mrc_header((n_sections, n_y, n_x), dtype, series.pixel_size_nm, habits.tilt_axis_deg)

    def write(rank: int, tilt: int) -> Written | None:
        if rank == 0:
            path.write_bytes(header(n_tilts if habits.header_count == "early" else 0))
            sidecar.write_text(mdoc_start(path.name, (n_y, n_x), series.pixel_size_nm), encoding="utf-8")
        data = mrc_image(series.projections[tilt]).tobytes()
        if habits.dies_in_tilt == rank:
            data = data[: len(data) * 2 // 3]
        angle = float(series.tilt_angles[tilt])
        with path.open("r+b") as stream:
            stream.seek(0, os.SEEK_END)
            stream.write(data)
            if habits.dies_in_tilt == rank:
                return None
            if habits.header_count == "after" or rank == n_tilts - 1:
                stream.seek(0)
                stream.write(header(rank + 1))
        with sidecar.open("a", encoding="utf-8") as text:
            text.write(mdoc_section(rank, angle))
        return Written(path.name if rank == 0 else f"{path.name}#{rank}", angle, time.time())

    return write
