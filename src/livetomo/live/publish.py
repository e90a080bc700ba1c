"""Publishes the volume for viewers: quantised to bytes, binned when it is large, the scale steady."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from livetomo.live.snapshot import SnapshotWriter

_LARGEST_SIDE = 320
_SLAB_VOXELS = 2**17
_SAMPLES = 2**17
_MARGIN = 0.1
_LEAST_FILL = 0.65


class Publisher:
    """Writes volumes of one shape into shared memory.

    Parameters
    ----------
    volume_shape
        (z, y, x) voxels of the volumes to come.
    voxel_size_nm
        Edge of a voxel, nanometres; None when unknown.
    """

    def __init__(self, volume_shape: tuple[int, int, int], voxel_size_nm: float | None) -> None:
        binning = -(-max(volume_shape) // _LARGEST_SIDE)
        self._voxel_size_nm = None if voxel_size_nm is None else voxel_size_nm * binning
        bin_z, bin_y, bin_x = (min(binning, size) for size in volume_shape)
        self._binning = bin_z, bin_y, bin_x
        n_z, n_y, n_x = volume_shape
        self._writer = SnapshotWriter((n_z // bin_z, n_y // bin_y, n_x // bin_x))
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="publisher")
        self._range = (0.0, 0.0)
        self.version = 0
        """Number of the newest published volume."""

    @property
    def name(self) -> str:
        """Name of the shared memory."""
        return self._writer.name

    def publish(self, volume: np.ndarray, n_tilts: int) -> None:
        """Make a volume (z, y, x) float32 of ``n_tilts`` projections the newest one that a viewer sees."""
        self._range = steady_range(value_range(volume), self._range)
        quantise(volume, self._binning, self._range, self._writer.buffer(), self._pool)
        self.version = self._writer.publish(*self._range, self._voxel_size_nm, n_tilts)

    def close(self) -> None:
        """Give the shared memory back; viewers that hold it keep their view."""
        self._pool.shutdown()
        self._writer.close()


def value_range(volume: np.ndarray) -> tuple[float, float]:
    """Find the lowest and highest value of a volume (z, y, x) but for the few most extreme ones, from a sample."""
    stride = max(1, round((volume.size / _SAMPLES) ** (1 / 3)))
    sample = volume[::stride, ::stride, ::stride].ravel()
    n_extreme = sample.size // 5000
    low, high = np.partition(sample, [n_extreme, sample.size - 1 - n_extreme])[[n_extreme, -1 - n_extreme]]
    return float(low), float(high)


def steady_range(wanted: tuple[float, float], shown: tuple[float, float]) -> tuple[float, float]:
    """Keep the range that is shown as long as the wanted one fits it well, so that the display does not flicker."""
    low, high = wanted
    shown_span = shown[1] - shown[0]
    fits = shown[0] <= low and high <= shown[1] and high - low >= _LEAST_FILL * shown_span > 0
    if fits:
        return shown
    margin = _MARGIN * (high - low) or max(abs(high), 1e-6) * _MARGIN
    return (0.0 if low == 0 else low - margin), high + margin


def quantise(
    volume: np.ndarray,
    binning: tuple[int, int, int],
    value_range: tuple[float, float],
    out: np.ndarray,
    pool: ThreadPoolExecutor,
) -> None:
    """Write a volume (z, y, x), averaged over blocks of voxels, as bytes from 0 to 255 over a range.

    Parameters
    ----------
    volume
        (z, y, x) float32.
    binning
        (z, y, x) voxels of a block; what fills no block at the far ends is left out.
    value_range
        Values that become 0 and 255; what lies outside is clipped.
    out
        (z, y, x) uint8, each side that of the volume over that of a block.
    pool
        Threads to use.
    """
    lowest, highest = value_range
    scale = np.float32(255 / (highest - lowest))
    offset = np.float32(0.5 - lowest * scale)
    n_z, n_y, n_x = out.shape
    bin_z, bin_y, bin_x = binning
    slab = max(1, _SLAB_VOXELS // (n_y * n_x * bin_z * bin_y * bin_x))

    def write(first: int) -> None:
        last = min(first + slab, n_z)
        part = volume[first * bin_z : last * bin_z, : n_y * bin_y, : n_x * bin_x]
        if max(binning) > 1:
            part = _binned(part, binning)
        scaled = part * scale
        scaled += offset
        np.clip(scaled, 0, 255, out=scaled)
        out[first:last] = scaled.astype(np.uint8)

    list(pool.map(write, range(0, n_z, slab)))


def _binned(volume: np.ndarray, binning: tuple[int, int, int]) -> np.ndarray:
    """Average a volume (z, y, x) over blocks; z first, because sums of whole planes are the fastest."""
    bin_z, bin_y, bin_x = binning
    n_z, n_y, n_x = (size // n for size, n in zip(volume.shape, binning, strict=True))
    planes = volume.reshape(n_z, bin_z, n_y * bin_y, n_x * bin_x).sum(axis=1)
    rows = planes.reshape(n_z, n_y, bin_y, n_x * bin_x).sum(axis=2)
    mean: np.ndarray = rows.reshape(n_z, n_y, n_x, bin_x).sum(axis=3) / np.float32(bin_z * bin_y * bin_x)
    return mean
