"""Can VTK draw here? Asked in a child process, because VTK crashes where neither EGL nor OSMesa can be loaded."""

import subprocess
import sys

from livetomo.errors import EnvironmentProblem

_DRAW = (
    "from vtkmodules.vtkRenderingCore import vtkRenderWindow; import vtkmodules.vtkRenderingOpenGL2;"
    "w = vtkRenderWindow(); w.SetOffScreenRendering(1); w.SetMultiSamples(0); w.SetSize(8, 8); w.Render();"
    "assert 'OpenGL renderer string' in w.ReportCapabilities()"
)
_WHAT_TO_DO = (
    "VTK cannot draw on this computer: no usable OpenGL library was found. Install one of its off-screen drawing "
    "libraries: on Debian or Ubuntu 'apt install libegl1 libgl1-mesa-dri' (or libosmesa6), on Fedora "
    "'dnf install mesa-libEGL mesa-dri-drivers', on openSUSE 'zypper install Mesa-libEGL1'; on Windows and macOS "
    "update the graphics driver. Until then 'livetomo live --headless' reconstructs without a view."
)
_LONGEST_WAIT_S = 60.0


class DrawingProbe:
    """A trial drawing that runs while the rest of the application loads."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _DRAW],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def check(self) -> None:
        """Wait for the trial.

        Raises
        ------
        EnvironmentProblem
            When VTK could not draw; says what to install.
        """
        try:
            exit_code = self._process.wait(_LONGEST_WAIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            exit_code = self._process.wait()
        if exit_code != 0:
            raise EnvironmentProblem(f"{_WHAT_TO_DO} (The trial drawing ended with code {exit_code}.)")
