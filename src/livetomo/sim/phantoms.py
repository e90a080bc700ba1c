"""Specimens that are known exactly: what a simulated microscope looks at."""

from collections.abc import Callable

import numpy as np


def helix(size: int, seed: int = 0) -> np.ndarray:
    """Make a thick wire wound around the tilt axis, with bright beads of random size along it.

    Parameters
    ----------
    size
        Voxels on each side.
    seed
        Chooses the beads.

    Returns
    -------
    numpy.ndarray
        (z, y, x) float32 density, 0 outside, 1 in the wire, 2 in the beads.
    """
    _check_size(size)
    random = np.random.default_rng(seed)
    turns = np.linspace(0, 2.5 * 2 * np.pi, 400)
    y = np.linspace(-0.40, 0.40, turns.size)
    winding = 0.25 + 0.06 * np.sin(turns / 3)
    path = np.stack([winding * np.sin(turns), y, winding * np.cos(turns)], axis=1) * size
    volume = np.zeros((size, size, size), np.float32)
    for point in path:
        _put_ball(volume, point, 0.045 * size, 1.0)
    for index in random.choice(path.shape[0], 9, replace=False):
        _put_ball(volume, path[index], random.uniform(0.03, 0.055) * size, 2.0)
    return volume


def particles(size: int, seed: int = 0) -> np.ndarray:
    """Make a catalyst: an uneven light support with heavy nanoparticles on its surface.

    Parameters
    ----------
    size
        Voxels on each side.
    seed
        Chooses the support's lumps and the particles.

    Returns
    -------
    numpy.ndarray
        (z, y, x) float32 density, 0 outside, 0.3 in the support, 1 in the particles.
    """
    _check_size(size)
    random = np.random.default_rng(seed)
    volume = np.zeros((size, size, size), np.float32)
    lumps = random.uniform(-0.13, 0.13, (7, 3)) * size
    radii = random.uniform(0.11, 0.19, 7) * size
    for centre, radius in zip(lumps, radii, strict=True):
        _put_ball(volume, centre, radius, 0.3)
    for _ in range(40):
        lump = random.integers(len(lumps))
        direction = random.normal(size=3)
        surface = lumps[lump] + radii[lump] * direction / np.linalg.norm(direction)
        _put_ball(volume, surface, random.uniform(0.012, 0.04) * size + 0.5, 1.0)
    return volume


def atoms(size: int, seed: int = 0) -> np.ndarray:
    """Make a face-centred cubic crystal of Gaussian atoms in a ball, some of them heavier and a few missing.

    Parameters
    ----------
    size
        Voxels on each side.
    seed
        Chooses the crystal's direction, the heavy atoms and the vacancies.

    Returns
    -------
    numpy.ndarray
        (z, y, x) float32 density, 0 outside, about 1 at a light and 1.6 at a heavy atom.
    """
    _check_size(size)
    random = np.random.default_rng(seed)
    lattice_px = max(size / 9, 6.0)
    cells = np.arange(-6, 7)
    corners = np.stack(np.meshgrid(cells, cells, cells, indexing="ij"), axis=-1).reshape(-1, 3)
    basis = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    rotation, _ = np.linalg.qr(random.normal(size=(3, 3)))
    points = (corners[:, None] + basis).reshape(-1, 3) @ rotation * lattice_px
    points = points[np.linalg.norm(points, axis=1) < 0.33 * size]
    points = points[random.random(len(points)) > 0.02]
    volume = np.zeros((size, size, size), np.float32)
    for point in points:
        _put_atom(volume, point, lattice_px / 7, 1.6 if random.random() < 0.3 else 1.0)
    return volume


def gold_on_strontium_titanate(size: int, seed: int = 0) -> np.ndarray:
    """Make a porous, faceted crystal of strontium titanate that many small balls of gold decorate.

    Parameters
    ----------
    size
        Voxels on each side.
    seed
        Chooses how the crystal lies, its facets and pores, and the gold.

    Returns
    -------
    numpy.ndarray
        (z, y, x) float32 density, 0 outside and in the pores, 1 in the crystal, 4 in the gold.
    """
    _check_size(size)
    random = np.random.default_rng(seed)
    normals, distances = _truncated_cube(random)
    distances *= 0.27 * size
    z, y, x = (axis - np.float32((size - 1) / 2) for axis in np.ogrid[:size, :size, :size])
    depth = np.full((size, size, size), np.float32(size))
    for normal, distance in zip(normals.astype(np.float32), distances, strict=True):
        np.minimum(depth, np.float32(distance) - (normal[0] * z + normal[1] * y + normal[2] * x), out=depth)
    volume: np.ndarray = np.clip(depth + np.float32(0.5), 0, 1)
    for _ in range(30):
        _cut_ball(volume, random.uniform(-0.22, 0.22, 3) * size, random.uniform(0.015, 0.05) * size)
    for _ in range(90):
        direction = random.normal(size=3)
        outward = normals @ direction
        facing = outward > 1e-3 * np.linalg.norm(direction)
        surface = direction * (distances[facing] / outward[facing]).min()
        _put_ball(volume, surface, random.uniform(0.008, 0.022) * size + 0.5, 4.0)
    return volume


PHANTOMS: dict[str, Callable[[int, int], np.ndarray]] = {
    "helix": helix,
    "particles": particles,
    "atoms": atoms,
    "gold": gold_on_strontium_titanate,
}
"""Every phantom by its name: ``PHANTOMS[name](size, seed)``."""


def _check_size(size: int) -> None:
    if size < 16:
        raise ValueError(f"size: expected at least 16 voxels on a side, got {size}")


def _neighbourhood(volume: np.ndarray, centre_zyx: np.ndarray, reach: float) -> tuple[tuple[slice, ...], np.ndarray]:
    """Give the box of voxels within reach of a point and their squared distances from it."""
    middle = np.asarray(centre_zyx) + (np.array(volume.shape) - 1) / 2
    first = np.maximum(np.floor(middle - reach).astype(int), 0)
    last = np.minimum(np.ceil(middle + reach).astype(int) + 1, volume.shape)
    box = tuple(slice(low, max(low, high)) for low, high in zip(first, last, strict=True))
    z, y, x = np.ogrid[box]
    return box, (z - middle[0]) ** 2 + (y - middle[1]) ** 2 + (x - middle[2]) ** 2


def _put_ball(volume: np.ndarray, centre_zyx: np.ndarray, radius: float, density: float) -> None:
    box, squared = _neighbourhood(volume, centre_zyx, radius + 1)
    soft_edge = np.clip(radius + 0.5 - np.sqrt(squared), 0, 1)
    volume[box] = np.maximum(volume[box], (density * soft_edge).astype(np.float32))


def _cut_ball(volume: np.ndarray, centre_zyx: np.ndarray, radius: float) -> None:
    box, squared = _neighbourhood(volume, centre_zyx, radius + 1)
    volume[box] *= 1 - np.clip(radius + 0.5 - np.sqrt(squared), 0, 1).astype(np.float32)


def _truncated_cube(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Give (facet, 3) outward unit normals, turned at random, and (facet,) distances of about 1 from the centre."""
    signs = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    n_axes = np.abs(signs).sum(axis=1)
    cut = np.array([np.inf, 1.0, 1.22, 1.42])[n_axes] * random.uniform(0.94, 1.06, len(signs))
    rotation, _ = np.linalg.qr(random.normal(size=(3, 3)))
    facets = n_axes > 0
    return (signs[facets] / np.sqrt(n_axes[facets, None])) @ rotation, cut[facets]


def _put_atom(volume: np.ndarray, centre_zyx: np.ndarray, width: float, height: float) -> None:
    box, squared = _neighbourhood(volume, centre_zyx, 4 * width)
    volume[box] += (height * np.exp(-squared / (2 * width**2))).astype(np.float32)
