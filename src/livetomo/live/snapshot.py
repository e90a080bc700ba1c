"""Volumes handed from the engine to a viewer through shared memory: two buffers that are swapped, nothing copied.

The memory block holds a header of int64 and float64 words, then two buffers of uint8 voxels. The engine writes into the
buffer that is neither newest nor held and only then names it the newest; the viewer says which one it holds. When both
are taken the engine rewrites the newest one, which nobody looks at.
"""

import threading
from dataclasses import dataclass
from multiprocessing import resource_tracker, shared_memory

import numpy as np

_WORDS = 16
_VERSION, _NEWEST, _HELD, _Z, _Y, _X, _WRITING = range(7)
_NUMBERS = slice(8, 12)  # number of tilts and version of each buffer
_SCALE_WORDS = 8  # float64: lowest and highest value of each buffer, voxel size in nm of each buffer
_HEADER_BYTES = 8 * (_WORDS + _SCALE_WORDS)
_NOBODY = -1


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A published volume, quantised for display; a view of shared memory that stays valid until the next ``take``."""

    voxels: np.ndarray
    """(z, y, x) uint8; 0 is ``lowest``, 255 is ``highest``."""
    lowest: float
    highest: float
    voxel_size_nm: float
    """Edge of a voxel as published (a binned preview has larger ones), 0 when unknown."""
    n_tilts: int
    version: int


def snapshot_bytes(shape_zyx: tuple[int, int, int]) -> int:
    """Give the size of the shared block for volumes of this shape."""
    return _HEADER_BYTES + 2 * int(np.prod(shape_zyx))


class _Block:
    """The shared memory with names for its parts."""

    def __init__(self, memory: shared_memory.SharedMemory) -> None:
        self.memory = memory
        self.words = np.ndarray(_WORDS, np.int64, memory.buf)
        self.numbers = self.words[_NUMBERS].reshape(2, 2)
        self.scales = np.ndarray((2, 3), np.float64, memory.buf, offset=8 * _WORDS)

    @property
    def shape_zyx(self) -> tuple[int, int, int]:
        return int(self.words[_Z]), int(self.words[_Y]), int(self.words[_X])

    def voxels(self, buffer: int) -> np.ndarray:
        n_voxels = int(np.prod(self.shape_zyx))
        return np.ndarray(self.shape_zyx, np.uint8, self.memory.buf, offset=_HEADER_BYTES + buffer * n_voxels)

    def close(self) -> None:
        del self.words, self.numbers, self.scales
        self.memory.close()


class SnapshotWriter:
    """The engine's side: makes the shared memory and publishes into it."""

    def __init__(self, shape_zyx: tuple[int, int, int]) -> None:
        self._block = _Block(shared_memory.SharedMemory(create=True, size=snapshot_bytes(shape_zyx)))
        self._block.words[:] = 0
        self._block.words[[_NEWEST, _HELD, _WRITING]] = _NOBODY
        self._block.words[[_Z, _Y, _X]] = shape_zyx

    @property
    def name(self) -> str:
        """Name under which a viewer finds the memory."""
        return self._block.memory.name

    @property
    def shape_zyx(self) -> tuple[int, int, int]:
        """Shape of the published volumes."""
        return self._block.shape_zyx

    def buffer(self) -> np.ndarray:
        """Give the (z, y, x) uint8 buffer to write the next volume into."""
        words = self._block.words
        newest = int(words[_NEWEST])
        words[_NEWEST] = _NOBODY  # before looking at what is held: a viewer that takes the newest now lets it be
        busy = {newest, int(words[_HELD])}
        free = next((number for number in (0, 1) if number not in busy), newest)
        if free != newest:
            words[_NEWEST] = newest
        words[_WRITING] = free
        return self._block.voxels(free)

    def publish(self, lowest: float, highest: float, voxel_size_nm: float | None, n_tilts: int) -> int:
        """Name the buffer last given out the newest and give its version."""
        words = self._block.words
        written = int(words[_WRITING])
        self._block.scales[written] = lowest, highest, voxel_size_nm or 0.0
        words[_VERSION] += 1
        self._block.numbers[written] = n_tilts, words[_VERSION]
        words[_NEWEST] = written
        return int(words[_VERSION])

    def close(self) -> None:
        """Give the memory back; viewers that hold it keep their view."""
        memory = self._block.memory
        self._block.close()
        memory.unlink()


class SnapshotReader:
    """The viewer's side: attaches to the engine's memory and takes the newest volume."""

    def __init__(self, name: str) -> None:
        self._block = _Block(_attach(name))

    @property
    def version(self) -> int:
        """Number of the newest published volume; 0 before the first."""
        return int(self._block.words[_VERSION])

    def take(self) -> Snapshot | None:
        """Hold and give the newest volume, None when there is none; the one taken before is let go."""
        words = self._block.words
        newest = int(words[_NEWEST])
        if newest == _NOBODY:
            return None
        words[_HELD] = newest
        if int(words[_NEWEST]) != newest:  # the engine took it back at that very moment: the next call gets a newer one
            return None
        lowest, highest, voxel_size_nm = (float(value) for value in self._block.scales[newest])
        n_tilts, version = (int(value) for value in self._block.numbers[newest])
        return Snapshot(self._block.voxels(newest), lowest, highest, voxel_size_nm, n_tilts, version)

    def close(self) -> None:
        """Let go of the memory. Arrays taken from it must not be used afterwards."""
        self._block.words[_HELD] = _NOBODY
        self._block.close()


_attaching = threading.Lock()


def _attach(name: str) -> shared_memory.SharedMemory:
    """Open shared memory that another process owns, without Python deleting it when this process ends.

    ``track=False`` exists from Python 3.13 on; before, the resource tracker unlinks what it was never asked to own.
    """
    with _attaching:
        register = resource_tracker.register
        resource_tracker.register = lambda *_: None
        try:
            return shared_memory.SharedMemory(name=name)
        finally:
            resource_tracker.register = register
