"""Make what livetomo needs on this computer, then run it: ``python3 tools/run.py TASK``; without TASK it lists them.

Needs nothing but Python 3.11 or newer. The first call makes a virtual environment in ``.venv`` and installs the
packages; as root on Debian also the libraries that draw without a screen and, for the tests, Chromium. Later calls
start at once.
"""

from __future__ import annotations  # an older Python comes as far as the sentence that says so

import ctypes
import ctypes.util
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
SCRIPTS = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")
OLDEST = (3, 11)

GATES = (
    ("ruff", "format", "--check", "."),
    ("ruff", "check", "."),
    ("mypy",),
    ("lint-imports",),
)


def main() -> int:
    """Prepare and run what the first argument names; further arguments go to it."""
    tasks = {"demo": demo, "test": test, "gates": gates, "bench": bench, "bench-quality": bench_quality, "docs": docs}
    if len(sys.argv) < 2 or sys.argv[1] not in tasks:
        print(f"usage: python3 tools/run.py {'|'.join(tasks)} [arguments]")
        return 2
    try:
        return tasks[sys.argv[1]](sys.argv[2:])
    except KeyboardInterrupt:
        return 130
    except subprocess.CalledProcessError as error:
        print(f"\nlivetomo: this command failed: {' '.join(map(str, error.cmd))}", file=sys.stderr)
        return 1


def demo(arguments: list[str]) -> int:
    """Replay the built-in needle live and open the browser on it."""
    prepare("all")
    prepare_drawing()
    return call([PYTHON, "-m", "livetomo", "demo", *arguments])


def test(arguments: list[str]) -> int:
    """Run the gates, then the tests; both always run."""
    prepare("dev")
    prepare_drawing()
    prepare_chromium()
    gates_failed = run_gates()
    tests_failed = call([PYTHON, "-m", "pytest", *arguments])
    if gates_failed:
        print("livetomo: the tests are through, but a gate failed: see the lines before them", file=sys.stderr)
    return 1 if gates_failed or tests_failed else 0


def gates(_: list[str]) -> int:
    """Run the gates alone."""
    prepare("dev")
    return run_gates()


def bench(arguments: list[str]) -> int:
    """Measure side by side with peers and write docs/reference/benchmarks.md."""
    prepare("bench")
    prepare_drawing()
    prepare_chromium()
    return call([PYTHON, "-m", "benchmarks", *arguments])


def bench_quality(_: list[str]) -> int:
    """Measure what the methods reach and write docs/reference/quality.md."""
    prepare("bench")
    return call([PYTHON, "-m", "benchmarks", "quality"])


def docs(arguments: list[str]) -> int:
    """Write the reference pages from the docstrings."""
    prepare("all")
    return call([PYTHON, ROOT / "tools" / "reference.py", *arguments])


def call(words: list[str | Path]) -> int:
    """Run a command to its end and give its exit code; on Ctrl-C, which it hears too, it has time to tidy up."""
    with subprocess.Popen(words, cwd=ROOT) as child:
        try:
            return child.wait()
        except KeyboardInterrupt:
            if child.wait() == 0:
                return 0
            raise


def run_gates() -> int:
    """Give 1 when any gate fails; all of them run."""
    failed = 0
    for gate in GATES:
        print(f"--- {' '.join(gate)}", flush=True)
        failed |= call([SCRIPTS / gate[0], *gate[1:]]) != 0
    return failed


def prepare(extra: str) -> None:
    """Make the virtual environment with the packages of one extra, unless it stands already."""
    stamp = ENVIRONMENT / f"livetomo-{extra}"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    if not PYTHON.exists():
        make_environment()
    print(f"livetomo: installing the packages ({extra}); this happens once and takes a few minutes", flush=True)
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.check_call([*pip, "install", "--upgrade", "pip"])
    subprocess.check_call([*pip, "install", "--editable", f"{ROOT}[{extra}]"])
    stamp.write_text(wanted)


def make_environment() -> None:
    """Make ``.venv`` with the newest Python on the path that is new enough."""
    python = new_enough_python()
    print(f"livetomo: making a virtual environment in {ENVIRONMENT.name} with {python}", flush=True)
    made = subprocess.run([python, "-m", "venv", ENVIRONMENT], capture_output=True, text=True)
    if made.returncode == 0:
        return
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    version = subprocess.check_output([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], text=True)
    package = f"python{version.strip()}-venv"
    if not install_on_debian(package):
        sys.exit(
            f"livetomo: Python could not make a virtual environment:\n{made.stdout}{made.stderr}On Debian or "
            f"Ubuntu: sudo apt-get install {package}"
        )
    subprocess.check_call([python, "-m", "venv", ENVIRONMENT])


def new_enough_python() -> str:
    """Give this Python or another one on the path, 3.11 at least."""
    if sys.version_info >= OLDEST:
        return sys.executable
    for minor in range(14, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    sys.exit(
        f"livetomo needs Python 3.11 or newer; this is {sys.version.split()[0]}. Get it from your system's packages "
        "or python.org and run: PYTHON=python3.11 make demo"
    )


def prepare_drawing() -> None:
    """See to a library that draws without a screen; only Linux lacks it."""
    if not sys.platform.startswith("linux") or can_load("EGL") or can_load("OSMesa"):
        return
    if not install_on_debian("libegl1", "libgl1", "libosmesa6"):
        print(
            "livetomo: no library to draw the volume with was found (EGL or OSMesa).\n"
            "  Debian, Ubuntu: sudo apt-get install libegl1 libosmesa6\n"
            "  Fedora, Rocky:  sudo dnf install mesa-libEGL mesa-libOSMesa\n"
            "The reconstruction itself works without it (--headless).",
            file=sys.stderr,
        )


def prepare_chromium() -> None:
    """See to a Chromium for the browser tests, and to what the program that drives it needs."""
    missing = []
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        missing.append("chromium")
    if sys.platform.startswith("linux") and not can_load("atomic"):
        missing.append("libatomic1")
    if missing and not install_on_debian(*missing):
        print(
            f"livetomo: for the browser tests this is missing: {', '.join(missing)}.\n"
            f"  Debian, Ubuntu: sudo apt-get install {' '.join(missing)}",
            file=sys.stderr,
        )


def can_load(name: str) -> bool:
    """Say whether a shared library can be loaded."""
    found = ctypes.util.find_library(name)
    if found is None:
        return False
    try:
        ctypes.CDLL(found)
    except OSError:
        return False
    return True


def install_on_debian(*packages: str) -> bool:
    """Install Debian packages when this is Debian and we are root; say whether it worked."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return False
    print(f"livetomo: installing {', '.join(packages)} with apt-get", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.call(["apt-get", "-qq", "update"], env=quiet, stdout=subprocess.DEVNULL)
    installed = subprocess.call(
        ["apt-get", "-qq", "install", "-y", "--no-install-recommends", *packages], env=quiet, stdout=subprocess.DEVNULL
    )
    return installed == 0


if __name__ == "__main__":
    sys.exit(main())
