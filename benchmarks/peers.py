"""One sweep (project the volume, project the differences back) and one WBP, side by side with other programs.

python benchmarks/peers.py [--size 512] [--tilts 72] [--pairs 3]

A peer that needs long does one slice, some of them a smaller one, and its time is multiplied up to all voxels × tilts.
tomviz itself is no package that could be called; its two forms are written here from their description: products with
a SciPy sparse matrix of exact path lengths (its SIRT), and a Python loop over that matrix's rows (its ART).
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from machine import machine
from scipy import sparse
from skimage.transform import iradon, iradon_sart, radon

import livetomo as lt

_SMALL = 256
"""Width of the slice on which peers that keep a matrix are measured."""
_WBP_SIZE, _WBP_SLICES, _WBP_TILTS = 256, 16, 71


@dataclass(frozen=True)
class Entrant:
    """What one program does of a task."""

    name: str
    work: Callable[[], object]
    updates: float
    """Voxels × tilts of the volume that it does; a sweep goes over them twice."""
    measured_on: str


def section(size: int = 512, tilts: int = 72, pairs: int = 3) -> str:
    """Measure and give the section as Markdown."""
    sweep = [_ours(size, tilts), *_astra(size, tilts), *_skimage(size, tilts), *_tomviz_forms(tilts)]
    wbp = [_our_wbp(), *_astra_wbp(), _skimage_wbp()]
    wbp_updates = float(_WBP_SIZE) ** 2 * _WBP_SLICES * _WBP_TILTS
    return "\n".join([
        f"## Peers: one sweep over {size}³ voxels × {tilts} tilts",
        "",
        f"{machine()}. Forward and back projection of all data once. livetomo's sweep is a whole one of",
        "`SIRT(tilts_per_subset=None, damping=0)` with residual, weights and positivity. The others only project,",
        "forward and back, but for those called SART, SIRT and ART, and work in one thread. What was done of a part is",
        f"multiplied up by voxels × tilts. All in turns, medians of {pairs}. tomviz's forms are written by us after",
        "their description.",
        "",
        "| | measured on | seconds per sweep | 10⁹ updates/s | times livetomo's |",
        "| --- | --- | --- | --- | --- |",
        *_rows(sweep, float(size) ** 3 * tilts, 2, pairs),
        "",
        f"### WBP: {_WBP_SIZE} × {_WBP_SIZE} pixels × {_WBP_SLICES} slices × {_WBP_TILTS} tilts",
        "",
        "From projections to the volume, filter included.",
        "",
        "| | measured on | seconds | 10⁹ updates/s | times livetomo's |",
        "| --- | --- | --- | --- | --- |",
        *_rows(wbp, wbp_updates, 1, pairs),
    ])  # fmt: skip


def _rows(entrants: list[Entrant], updates: float, passes: int, pairs: int) -> list[str]:
    """Run the entrants in turns, the first being ours; give a row for each."""
    for entrant in entrants:
        entrant.work()
    seconds = np.zeros((pairs, len(entrants)))
    for pair in range(pairs):
        for k, entrant in enumerate(entrants):
            start = time.perf_counter()
            entrant.work()
            seconds[pair, k] = (time.perf_counter() - start) * updates / entrant.updates
    rows = []
    for k, entrant in enumerate(entrants):
        middle, ratio = statistics.median(seconds[:, k]), statistics.median(seconds[:, k] / seconds[:, 0])
        rows.append(
            f"| {entrant.name} | {entrant.measured_on} | {middle:.{2 if middle < 10 else 0}f} "
            f"| {passes * updates / middle / 1e9:.{3 if middle > 10 else 2}f} | {ratio:.{0 if ratio > 10 else 1}f} |"
        )
    return rows


def _angles(tilts: int) -> np.ndarray:
    return np.linspace(-71, 71, tilts)


def _slice(size: int) -> np.ndarray:
    """Give a slice that is zero outside the circle, as scikit-image wants it."""
    z, x = np.mgrid[:size, :size] - size // 2
    return np.where(z**2 + x**2 < (size // 2 - 1) ** 2, np.random.default_rng(0).random((size, size)), 0)


def _ours(size: int, tilts: int) -> Entrant:
    method = lt.SIRT(tilts_per_subset=None, damping=0.0)
    projections = np.random.default_rng(0).integers(0, 256, (tilts, size, size), np.uint8)
    state = method.add(method.start(lt.Geometry((size, size, size), size)), projections, _angles(tilts))
    return Entrant("**livetomo**", lambda: method.step(state), float(size) ** 3 * tilts, "all")


def _astra(size: int, tilts: int) -> list[Entrant]:
    try:
        import astra
    except ImportError:
        print("astra-toolbox is not installed: pip install astra-toolbox")
        return []
    operator = astra.OpTomo(_astra_projector(astra, size, tilts))
    plane = _slice(size).astype(np.float32).ravel()
    return [
        Entrant(
            "ASTRA, processor, `linear`",
            lambda: operator.BP(operator.FP(plane)),
            float(size) * size * tilts,
            f"one slice of {size}",
        )
    ]


def _astra_projector(astra, size: int, tilts: int) -> int:  # type: ignore[no-untyped-def]
    detector = astra.create_proj_geom("parallel", 1.0, size, np.deg2rad(_angles(tilts)))
    number: int = astra.create_projector("linear", detector, astra.create_vol_geom(size, size))
    return number


def _skimage(size: int, tilts: int) -> list[Entrant]:
    plane, angles, updates = _slice(size), _angles(tilts), float(size) * size * tilts
    sinogram = radon(plane, angles)
    name, measured_on = "scikit-image", f"one slice of {size}"
    return [
        Entrant(
            f"{name}, `radon` and `iradon`",
            lambda: iradon(radon(plane, angles), angles, filter_name=None),
            updates,
            measured_on,
        ),
        Entrant(f"{name}, `iradon_sart`", lambda: iradon_sart(sinogram, angles), updates, measured_on),
    ]


def _tomviz_forms(tilts: int) -> list[Entrant]:
    matrix = _path_lengths(_SMALL, tilts)
    updates, measured_on = float(_SMALL) ** 2 * tilts, f"one slice of {_SMALL}"
    measured = matrix @ _slice(_SMALL).ravel()
    transposed = matrix.T.tocsr()
    volume = np.zeros(_SMALL**2)
    step = 1 / (abs(matrix).sum(axis=1).max() * abs(matrix).sum(axis=0).max())

    def sirt() -> np.ndarray:
        return np.maximum(volume + step * (transposed @ (measured - matrix @ volume)), 0)

    return [
        Entrant("SIRT by SciPy sparse products, as tomviz", sirt, updates, measured_on),
        Entrant("ART by a loop over the matrix's rows, as tomviz", _row_loop(matrix, measured), updates, measured_on),
    ]


def _row_loop(matrix: sparse.csr_array, measured: np.ndarray) -> Callable[[], np.ndarray]:
    starts, columns, lengths = matrix.indptr.tolist(), matrix.indices, matrix.data
    squares = np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()

    def art() -> np.ndarray:
        volume = np.zeros(matrix.shape[1])
        for ray, square in enumerate(squares):
            if square > 0:
                part = slice(starts[ray], starts[ray + 1])
                voxels, row = columns[part], lengths[part]
                volume[voxels] += row * ((measured[ray] - row @ volume[voxels]) / square)
        return np.maximum(volume, 0)

    return art


def _path_lengths(size: int, tilts: int) -> sparse.csr_array:
    """Give the matrix (tilt ray, z x) of the lengths that each ray passes in each voxel."""
    blocks = [_path_lengths_of_tilt(size, angle) for angle in np.deg2rad(_angles(tilts))]
    matrix: sparse.csr_array = sparse.vstack(blocks, format="csr")
    return matrix


def _path_lengths_of_tilt(size: int, angle_rad: float) -> sparse.csr_array:
    """Cut each ray at all lines of the grid; the piece between two cuts lies in the voxel of its middle."""
    along, across = np.array([np.cos(angle_rad), -np.sin(angle_rad)]), np.array([np.sin(angle_rad), np.cos(angle_rad)])
    offsets = np.arange(size) - (size - 1) / 2
    lines = np.arange(size + 1) - size / 2
    with np.errstate(divide="ignore"):
        cuts = [(lines - offsets[:, None] * across[k]) / along[k] for k in range(2) if abs(along[k]) > 1e-9]
    cuts = np.sort(np.concatenate(cuts, axis=1), axis=1)
    middle, length = (cuts[:, 1:] + cuts[:, :-1]) / 2, np.diff(cuts, axis=1)
    z, x = (np.floor(middle * along[k] + offsets[:, None] * across[k] + size / 2).astype(np.int64) for k in range(2))
    inside = (length > 1e-9) & (z >= 0) & (z < size) & (x >= 0) & (x < size)
    rays = np.broadcast_to(np.arange(size)[:, None], inside.shape)[inside]
    return sparse.csr_array((length[inside], (rays, (z * size + x)[inside])), shape=(size, size**2))


def _our_wbp() -> Entrant:
    projections = np.random.default_rng(0).random((_WBP_TILTS, _WBP_SLICES, _WBP_SIZE), np.float32)
    method, geometry = lt.WBP(), lt.Geometry((_WBP_SIZE, _WBP_SLICES, _WBP_SIZE), _WBP_SIZE)

    def wbp() -> np.ndarray:
        volume: np.ndarray = method.volume(method.add(method.start(geometry), projections, _angles(_WBP_TILTS)))
        return volume

    return Entrant("**livetomo**", wbp, float(_WBP_SIZE) ** 2 * _WBP_SLICES * _WBP_TILTS, "all")


def _astra_wbp() -> list[Entrant]:
    try:
        import astra
    except ImportError:
        return []
    projector = _astra_projector(astra, _WBP_SIZE, _WBP_TILTS)
    operator, sinogram = astra.OpTomo(projector), np.random.default_rng(0).random((_WBP_TILTS, _WBP_SIZE), np.float32)

    def wbp() -> np.ndarray:
        plane: np.ndarray = operator.reconstruct("FBP", sinogram)
        return plane

    return [Entrant("ASTRA `FBP`, processor, `linear`", wbp, float(_WBP_SIZE) ** 2 * _WBP_TILTS, "one slice")]


def _skimage_wbp() -> Entrant:
    sinogram = np.random.default_rng(0).random((_WBP_SIZE, _WBP_TILTS))
    updates = float(_WBP_SIZE) ** 2 * _WBP_TILTS
    return Entrant("scikit-image `iradon`", lambda: iradon(sinogram, _angles(_WBP_TILTS)), updates, "one slice")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--tilts", type=int, default=72)
    parser.add_argument("--pairs", type=int, default=3)
    print(section(**vars(parser.parse_args())))
