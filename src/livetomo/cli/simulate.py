"""``livetomo simulate``: a tilt series of a specimen that is known."""

from pathlib import Path
from typing import Annotated

import typer

from livetomo.cli import options


def command(
    phantom: Annotated[str, typer.Argument(metavar="helix|particles|atoms|gold", help="Which specimen.")],
    output: options.Output,
    size: Annotated[int, typer.Option(metavar="N", help="Voxels, and pixels, on each side.")] = 128,
    tilts: Annotated[str, typer.Option(metavar="FIRST:LAST:STEP", help="Tilt angles in degrees.")] = "-70:70:2",
    noise: Annotated[
        float, typer.Option(help="Standard deviation of Gaussian noise, as a fraction of the brightest pixel.")
    ] = 0.0,
    electrons: Annotated[
        float | None, typer.Option(help="Poisson noise of so many electrons at the brightest pixel.")
    ] = None,
    misalign: Annotated[float, typer.Option(metavar="PX", help="Standard deviation of displacements, pixels.")] = 0.0,
    background: Annotated[float, typer.Option(help="Even background, as a fraction of the brightest pixel.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Another seed, another noise.")] = 0,
    truth: Annotated[Path | None, typer.Option(help="Also write the specimen itself, as a volume.")] = None,
) -> None:
    """Simulate the tilt series of a helix, of nanoparticles, of atoms or of gold on a crystal."""
    from livetomo.formats import check_target, write
    from livetomo.model import Volume
    from livetomo.sim.tilt_series import Imaging, simulate, tilt_range

    for target in (output, truth):
        if target is not None:
            check_target(target)
    imaging = Imaging(noise=noise, electrons=electrons, misalign_px=misalign, background=background, seed=seed)
    simulated = simulate(phantom, size, tilt_range(tilts), imaging)
    write(simulated.series, output)
    if truth is not None:
        write(Volume(simulated.volume, simulated.series.pixel_size_nm, phantom), truth)
    typer.echo(f"{simulated.series!r} → {output}")
