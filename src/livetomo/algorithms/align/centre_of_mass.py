"""Centre-of-mass alignment: across the tilt axis by centre of mass, along it by correlation of the profiles.

A projection's mass at each height y does not change with the tilt, so the profiles along y of all tilts are one
profile, displaced. Across the axis the centre of mass of a specimen that turns about its own centre stays where it is.
Schwartz et al., Nat. Commun. 13, 4458 (2022), doi:10.1038/s41467-022-32046-0. What differs here: shifts are sub-pixel,
nothing wraps round, rows that some tilts do not see do not count, and every shift is renewed as tilts arrive.
"""

import numpy as np

_REFINEMENTS = 4
_LEAST_OVERLAP = 0.5


class ComAlignment:
    """Collects projections in any order and gives the shifts of all of them.

    Only two numbers a row are kept of each projection: its mass and its first moment in x. So all shifts are renewed
    at every arrival for next to nothing, and one by one gives what all at once gives.
    """

    def __init__(self) -> None:
        self._masses: list[np.ndarray] = []
        self._moments: list[np.ndarray] = []
        self._whole_shifts: list[int] = []  # along the axis against the reference: searched once, refined every time
        self._reference = 0  # the first tilt that shows anything
        self._n_x = 0

    def push(self, projection: np.ndarray) -> None:
        """Add a projection: (y, x), background removed."""
        self._masses.append(np.empty(0))
        self._moments.append(np.empty(0))
        self._whole_shifts.append(0)
        self.replace(len(self._masses) - 1, projection)

    def replace(self, index: int, projection: np.ndarray) -> None:
        """Put another projection (y, x), background removed, in the place of number ``index``."""
        n_y, self._n_x = projection.shape
        from_centre_px = np.arange(self._n_x) - (self._n_x - 1) / 2
        self._masses[index] = projection.sum(axis=1, dtype=np.float64)
        self._moments[index] = projection.astype(np.float64) @ from_centre_px
        before, self._reference = self._reference, _first_that_shows_anything(self._masses)
        changed = [index] if index != self._reference == before else range(len(self._masses))
        for number in changed:
            self._whole_shifts[number] = _whole_pixel_shift(self._masses[self._reference], self._masses[number])

    @property
    def shifts_px(self) -> np.ndarray:
        """(tilt, 2) as (dy, dx) pixels that centre each projection.

        The first that shows anything is not moved along y, nor are those that show nothing.
        """
        if not self._masses:
            return np.zeros((0, 2))
        masses, moments = np.stack(self._masses), np.stack(self._moments)
        dy = _shifts_along_axis(masses, np.array(self._whole_shifts, dtype=np.float64), self._reference)
        dx = _shifts_across_axis(masses, moments, dy, self._n_x)
        return np.stack([dy, dx], axis=1)


def _first_that_shows_anything(profiles: list[np.ndarray]) -> int:
    return next((number for number, profile in enumerate(profiles) if not _is_flat(profile)), 0)


def _is_flat(profiles: np.ndarray) -> np.ndarray:
    flat: np.ndarray = np.ptp(profiles, axis=-1) <= 1e-6 * np.abs(profiles).max(axis=-1)
    return flat


def _shifts_along_axis(profiles: np.ndarray, whole_shifts: np.ndarray, origin: int) -> np.ndarray:
    """Refine the whole shifts to dy (tilt,) in pixels that lay all profiles (tilt, y) onto that of tilt ``origin``."""
    flat = _is_flat(profiles)
    scale = np.abs(profiles).sum(axis=1, keepdims=True)
    profiles = np.where(flat[:, None], np.nan, profiles / np.where(scale > 0, scale, 1))
    shifts = whole_shifts.copy()
    for _ in range(_REFINEMENTS):
        reference = _mean_profile(profiles, shifts)
        shifts += _sub_pixel_steps(reference, profiles, shifts)
    relative: np.ndarray = np.where(flat, 0.0, shifts - shifts[origin])
    return relative


def _whole_pixel_shift(reference: np.ndarray, profile: np.ndarray) -> int:
    """Find the whole shift with the best correlation over the overlap, rather small than large when they are alike."""
    n_y = len(reference)
    furthest = int(n_y * (1 - _LEAST_OVERLAP))
    best, best_score = 0, -np.inf
    for shift in sorted(range(-furthest, furthest + 1), key=abs):
        here = reference[max(shift, 0) : n_y + min(shift, 0)]
        there = profile[max(-shift, 0) : n_y + min(-shift, 0)]
        score = _correlation(here, there)
        if score > best_score + 1e-9:
            best, best_score = shift, score
    return best


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm > 0 else 0.0


def _mean_profile(profiles: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Average the shifted profiles row by row over the tilts that see the row; NaN where none does."""
    shifted = _shift_rows(profiles, shifts)
    seen = np.isfinite(shifted)
    counts = seen.sum(axis=0)
    total = np.where(seen, shifted, 0).sum(axis=0)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def _shift_rows(profiles: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Give every profile (tilt, y) at y − its shift by linear interpolation, NaN outside the field."""
    n_y = profiles.shape[1]
    positions = np.arange(n_y) - shifts[:, None]
    before = np.clip(np.floor(positions).astype(int), 0, max(n_y - 2, 0))
    after = np.minimum(before + 1, n_y - 1)
    lower, upper = np.take_along_axis(profiles, before, axis=1), np.take_along_axis(profiles, after, axis=1)
    shifted = lower + (upper - lower) * (positions - before)
    return np.where((positions >= 0) & (positions <= n_y - 1), shifted, np.nan)


def _sub_pixel_steps(reference: np.ndarray, profiles: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Take one Gauss-Newton step of every shift, at most a pixel: Lucas and Kanade in one dimension."""
    if profiles.shape[1] < 2:
        return np.zeros(len(profiles))
    shifted = _shift_rows(profiles, shifts)
    slopes = np.gradient(shifted, axis=1)
    valid = np.isfinite(shifted) & np.isfinite(reference) & np.isfinite(slopes)
    slopes = np.where(valid, slopes, 0)
    misses = np.where(valid, reference - shifted, 0)
    curvatures = (slopes**2).sum(axis=1)
    steps = -(slopes * misses).sum(axis=1) / np.where(curvatures > 0, curvatures, 1)
    clipped: np.ndarray = np.clip(steps, -1, 1)
    return clipped


def _shifts_across_axis(masses: np.ndarray, moments: np.ndarray, dy: np.ndarray, n_x: int) -> np.ndarray:
    """Find dx (tilt,) in pixels that brings each centre of mass to the middle, over the rows that all tilts see."""
    shifted_masses = _shift_rows(masses, dy)
    shifted_moments = _shift_rows(moments, dy)
    common = np.isfinite(shifted_masses).all(axis=0)
    mass = shifted_masses[:, common].sum(axis=1)
    moment = shifted_moments[:, common].sum(axis=1)
    centre = np.divide(moment, mass, out=np.zeros_like(mass), where=mass > 0)
    dx: np.ndarray = -np.clip(centre, -n_x / 2, n_x / 2)
    return dx
