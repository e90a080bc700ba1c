"""Read a file or a folder: the one door for tilt series and volumes."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from livetomo.errors import FileError, IncompleteFile, MissingMetadata
from livetomo.formats.angles import checked_angles, read_angle_list
from livetomo.formats.axes import checked_axes, order_advice
from livetomo.formats.contents import Contents, ReadOptions
from livetomo.formats.guard import reading
from livetomo.formats.orient import axis_degrees, turn, turned_shifts
from livetomo.formats.pairing import paired
from livetomo.formats.sidecars import with_sidecars
from livetomo.formats.table import find_format, load_reader
from livetomo.model import TiltSeries, Volume
from livetomo.model.tilt_series import Origin


def read(  # noqa: PLR0913 — one keyword for each thing that a file may leave unsaid
    path: str | os.PathLike[str],
    *,
    angles: str | os.PathLike[str] | Sequence[float] | np.ndarray | None = None,
    tilt_axis: str | float | None = None,
    flip_angles: bool = False,
    axes: str | None = None,
    dataset: str | None = None,
    shape: Sequence[int] | None = None,
    dtype: str | None = None,
    offset_bytes: int = 0,
    pixel_size_nm: float | None = None,
) -> TiltSeries | Volume:
    """Read a tilt series or a volume from a file, or a tilt series from a folder with a file for each tilt.

    Everything the file knows comes along, and so does what files beside it say (``.rawtlt``, ``.tlt``, ``.mdoc``).
    Images are turned once so that the tilt axis is parallel to y (``orient.turn``).

    Parameters
    ----------
    path
        The file or folder.
    angles
        (tilt,) degrees, or a file with them; used instead of those that are found.
    tilt_axis
        ``"x"``, ``"y"`` or degrees from +y towards −x: where the tilt axis lies in the file's images.
    flip_angles
        Count the angles the other way round.
    axes
        Order of the file's axes, slowest first: ``"tyx"``, ``"xyt"``, … (``z`` for ``t`` in a volume).
    dataset
        Which array to read of a file that holds several.
    shape, dtype, offset_bytes
        Raw binary: sizes (slowest first), NumPy type such as ``"<i2"``, bytes before the first value.
    pixel_size_nm
        Edge of a pixel in nanometres; used instead of the file's.

    Returns
    -------
    TiltSeries | Volume
        A tilt series when tilt angles are known, else a volume.

    Raises
    ------
    FileError
        When the file cannot be read (``IncompleteFile`` while it is being written).
    MissingMetadata
        When the number of angles is not that of the images, or projections come without angles.
    ValueError
        When an argument cannot be.
    """
    options = make_options(angles, tilt_axis, flip_angles, axes, dataset, shape, dtype, offset_bytes, pixel_size_nm)
    return to_model(read_contents(path, options), options, Path(path))


def make_options(  # noqa: PLR0913 — the same keywords as read
    angles: str | os.PathLike[str] | Sequence[float] | np.ndarray | None = None,
    tilt_axis: str | float | None = None,
    flip_angles: bool = False,
    axes: str | None = None,
    dataset: str | None = None,
    shape: Sequence[int] | None = None,
    dtype: str | None = None,
    offset_bytes: int = 0,
    pixel_size_nm: float | None = None,
) -> ReadOptions:
    """Check the keywords of ``read`` and put them into one record; see there.

    Raises
    ------
    ValueError
        When an argument cannot be.
    """
    if isinstance(angles, str | os.PathLike):
        given_angles: Path | tuple[float, ...] | None = Path(angles)
    else:
        given_angles = None if angles is None else tuple(checked_angles(angles, "the argument angles").tolist())
    if tilt_axis is not None:
        axis_degrees(tilt_axis)
    if pixel_size_nm is not None and not (np.isfinite(pixel_size_nm) and pixel_size_nm > 0):
        raise ValueError(f"pixel_size_nm: expected a positive length in nm, got {pixel_size_nm}")
    if offset_bytes < 0:
        raise ValueError(f"offset_bytes: expected 0 or more bytes, got {offset_bytes}")
    return ReadOptions(
        angles=given_angles,
        tilt_axis=tilt_axis,
        flip_angles=flip_angles,
        axes=None if axes is None else checked_axes(axes),
        dataset=dataset,
        shape=None if shape is None else tuple(int(size) for size in shape),
        dtype=dtype,
        offset_bytes=offset_bytes,
        pixel_size_nm=pixel_size_nm,
    )


def read_contents(path: str | os.PathLike[str], options: ReadOptions | None = None) -> Contents:
    """Read a file (or folder) and the files beside it, and leave the images and angles as they are.

    ``options.tilt_axis`` and ``options.flip_angles`` are left to the caller (``orient.turn``, a minus sign): ``read``
    applies them to a whole series, the live inbox to each image.

    Raises
    ------
    FileError
        When the file cannot be read (``IncompleteFile`` while it is being written).
    MissingMetadata
        When the number of angles is not that of the images.
    """
    path = Path(path)
    options = options or ReadOptions()
    with reading(path, "a file"):
        is_folder, n_bytes = path.is_dir(), path.stat().st_size
    if is_folder:
        from livetomo.formats.folder import read as read_folder

        contents = read_folder(path, options)
    else:
        if n_bytes == 0:
            raise IncompleteFile(f"{path}: the file is empty (0 bytes); it is still being written or was lost")
        contents = load_reader(find_format(path, options.shape is not None))(path, options)
        contents = replace(contents, stored_axes=options.axes or contents.stored_axes)
        contents = with_sidecars(contents, path, given_angles=options.angles is not None)
    return _with_users_word(contents, options, path)


def _with_users_word(contents: Contents, options: ReadOptions, path: Path) -> Contents:
    if options.pixel_size_nm is not None:
        contents = replace(contents, pixel_size_nm=options.pixel_size_nm)
    if options.angles is not None:
        source = "the user"
        if isinstance(options.angles, Path):
            listed, source = read_angle_list(options.angles), options.angles.name
            files = contents.metadata.get("files", ())
            angles = paired(listed, files, options.angles) if len(files) == len(contents.data) else listed.angles
        else:
            angles = np.array(options.angles)
        contents = replace(contents, tilt_angles=angles, angles_from=source, kind="projections")
    angles_found = contents.tilt_angles
    if angles_found is not None and len(angles_found) != len(contents.data):
        raise MissingMetadata(
            f"{path}: it holds {len(contents.data)} images but {contents.angles_from} gives {len(angles_found)} tilt "
            "angles; give one angle for each image with angles= (--angles FILE), "
            + order_advice(contents.data.shape, contents.stored_axes, [len(angles_found)])
        )
    return contents


def to_model(contents: Contents, options: ReadOptions, path: Path) -> TiltSeries | Volume:
    """Make a tilt series or a volume of what was read, with the tilt axis turned parallel to y.

    Raises
    ------
    MissingMetadata
        When the file says that it holds projections and nobody gives their angles.
    FileError
        When an angle is not a finite number.
    """
    if contents.kind == "projections" and contents.tilt_angles is None:
        raise MissingMetadata(
            f"{path}: holds {len(contents.data)} projections but no tilt angles; give them with angles= (--angles FILE)"
        )
    if contents.tilt_angles is None or contents.kind == "volume":
        sizes = contents.metadata.get("pixel_sizes_nm")
        metadata = {**contents.metadata, **({"voxel_sizes_zyx_nm": sizes} if sizes else {})}
        return Volume(contents.data, contents.pixel_size_nm, contents.name, metadata)
    if not np.isfinite(contents.tilt_angles).all():
        raise FileError(f"{path}: {contents.angles_from} holds a tilt angle that is not a finite number")
    tilt_axis, origin = tilt_axis_of(contents, options)
    metadata = {**contents.metadata, "angles_from": contents.angles_from}
    shifts_px = metadata.pop("shifts_px", None)
    return TiltSeries(
        projections=turn(contents.data, tilt_axis),
        tilt_angles=-contents.tilt_angles if options.flip_angles else contents.tilt_angles,
        pixel_size_nm=contents.pixel_size_nm,
        shifts_px=None if shifts_px is None else turned_shifts(shifts_px, tilt_axis),
        name=contents.name,
        tilt_axis_origin=origin,
        metadata=metadata,
    )


def tilt_axis_of(contents: Contents, options: ReadOptions) -> tuple[float, Origin]:
    """Give where the tilt axis lies in the images, degrees from +y towards −x, and who says so."""
    if options.tilt_axis is not None:
        return axis_degrees(options.tilt_axis), "user"
    if contents.tilt_axis_deg is not None:
        return float(contents.tilt_axis_deg), "file"
    return 0.0, "assumed"
