"""What all tests share: where the real data are, and that nothing is left behind."""

import multiprocessing
import threading
import time
from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
_GRACE_S = 3.0


@pytest.fixture(scope="session")
def shared_data():
    """Folder with real tilt series and format samples, beside the checkout."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real data are missing: ../shared/data beside the checkout")
    return SHARED_DATA


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    """Fail a test that leaves a thread or a child process."""
    before = _alive()
    yield
    deadline = time.monotonic() + _GRACE_S
    while (left := _alive() - before) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left, f"left behind: {', '.join(sorted(map(str, left)))}"


def _alive():
    threads = {thread for thread in threading.enumerate() if not thread.name.startswith("asyncio_")}
    return threads | set(multiprocessing.active_children())
