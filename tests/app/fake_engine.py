"""A stand-in for the engine: a needle that grows clearer with every tilt, on a thread of the test's own process."""

import multiprocessing
import threading
import time
from dataclasses import dataclass, field

import numpy as np

from livetomo.app.access_token import new_token
from livetomo.app.serve import serve
from livetomo.live.messages import (
    Command,
    Hello,
    NewestProjection,
    SetAsideRecord,
    Status,
    TiltRecord,
    ViewerFailed,
    ViewerReady,
)
from livetomo.live.snapshot import SnapshotWriter

FOLDER = "/data/2026-11-23/needle 3/tilts"


def needle(size: int) -> np.ndarray:
    """Give a banded cone with a few bright particles, (z, y, x) float32 from 0 to 1."""
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, size, dtype=np.float32),) * 3, indexing="ij", sparse=True)
    radius = np.sqrt(x**2 + z**2)
    cone = np.clip((0.5 * (0.72 - y) * 0.62 - radius) * size / 6, 0, 1) * (y > -0.8)
    volume = cone * (0.42 + 0.25 * (np.sin(9 * y) > 0.2))
    for cz, cy, cx, r in ((0.12, -0.5, 0.3, 0.12), (-0.3, -0.25, -0.1, 0.1), (0.2, 0.05, -0.12, 0.08)):
        distance = np.sqrt((z - cz) ** 2 + (y - cy) ** 2 + (x - cx) ** 2)
        volume = np.maximum(volume, np.clip((r - distance) * size / 4, 0, 1))
    return volume.astype(np.float32)


@dataclass
class FakeEngine:
    """Publishes a volume and a status each time ``publish`` is called, and keeps the commands it is sent."""

    size: int = 64
    commands: list[Command] = field(default_factory=list)
    state: str = "waiting"
    first_method: str = "sirt"

    def __post_init__(self):
        self.writer = SnapshotWriter((self.size,) * 3)
        self.object = needle(self.size)
        self.noise = np.random.default_rng(3).normal(size=(self.size,) * 3).astype(np.float32)
        self.tilts, self.history, self.set_aside = [], [], []
        self.version, self.method, self.started = 0, self.first_method, time.monotonic()
        self.token, self.port, self.url = new_token(), None, ""
        self.stop_event = threading.Event()

    def start_viewer(self, host="127.0.0.1", port=None, stay_seconds=0.5):
        """Start the viewer process and give its first message."""
        self.pipe, viewer_end = multiprocessing.Pipe(duplex=True)
        self.viewer = multiprocessing.get_context("spawn").Process(
            target=serve, args=(viewer_end, host, port, self.token, False, stay_seconds), name="viewer"
        )
        self.viewer.start()
        viewer_end.close()
        assert self.pipe.poll(60), "the viewer said nothing for a minute"
        first = self.pipe.recv()
        if isinstance(first, ViewerFailed):
            self.viewer.join(20)
            return first
        assert isinstance(first, ViewerReady)
        self.url = first.url
        self.pipe.send(Hello(self.writer.name))
        self.listener = threading.Thread(target=self._listen)
        self.listener.start()
        self.say()
        return first

    def publish(self):
        """Add a tilt: a projection, a clearer volume, a smaller residual."""
        n = len(self.tilts) + 1
        angle = -70.0 + 2.0 * (n - 1) if n <= 71 else 70.0
        self.tilts.append(TiltRecord(f"needle_{n:03d}.mrc", angle, (0.3 * (n % 5) - 0.6, 1.7 - 0.4 * (n % 9))))
        if n % 9 == 4:
            self.set_aside.append(SetAsideRecord(f"needle_{n:03d}b.mrc", "blank image: the beam was off"))
        self.refine()
        image = (255 * np.clip(self.object.sum(axis=0) / (0.35 * self.size), 0, 1)).astype(np.uint8)
        shifted = np.roll(image, n % 7 - 3, axis=1)
        self.pipe.send(NewestProjection(self.tilts[-1].file, angle, shifted))

    def refine(self):
        """Publish the volume as it stands, with a status."""
        n = max(len(self.tilts), 1)
        volume = self.object * (1 - 0.7 * np.exp(-n / 8)) + np.roll(self.noise, n, axis=0) * 0.16 / np.sqrt(n)
        highest = 900.0 + 5 * n
        np.multiply(np.clip(volume / 1.1, 0, 1), 255, out=self.writer.buffer(), casting="unsafe")
        self.version = self.writer.publish(0.0, highest, 1.24, n)
        residual = 0.05 + 0.5 * float(np.exp(-len(self.history) / 12))
        self.history.append((time.monotonic() - self.started, residual))
        if self.state == "waiting":
            self.state = "refining"
        self.say()

    def say(self):
        """Send the status."""
        self.pipe.send(
            Status(
                state=self.state,
                folder=FOLDER,
                output="/data/2026-11-23/needle 3.mrc",
                method=self.method,
                first_method=self.first_method,
                choice="fista-tv: noise is 11.0% of the projections" if self.method == "auto" else "",
                sweeps=3 * len(self.history),
                residual=self.history[-1][1] if self.history else None,
                residual_history=tuple(self.history),
                tilts=tuple(self.tilts),
                set_aside=tuple(self.set_aside),
                expected_tilts=71,
                seconds=time.monotonic() - self.started,
                voxel_size_nm=1.24,
                volume_version=self.version,
            )
        )

    def end(self):
        """Finish the run and close the pipe; the viewer may stay a while."""
        self.state = "finished"
        self.say()
        self.stop_event.set()
        self.listener.join()
        self.pipe.close()

    def close(self):
        """End as an engine does: the pipe closes, the viewer goes by itself."""
        self.stop_event.set()
        self.listener.join()
        self.pipe.close()
        self.viewer.join(20)
        if self.viewer.is_alive():
            self.viewer.kill()
            self.viewer.join()
            raise AssertionError("the viewer did not end with the engine")
        self.writer.close()

    def _listen(self):
        while not self.stop_event.is_set():
            try:
                if self.pipe.poll(0.05):
                    self._obey(self.pipe.recv())
            except (EOFError, OSError):
                return

    def _obey(self, command):
        self.commands.append(command)
        if command.name == "method":
            self.method = command.values["name"]
        else:
            self.state = {"pause": "paused", "start": "refining", "finish": "finished"}[command.name]
        self.say()
