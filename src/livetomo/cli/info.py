"""``livetomo info``: what a file knows, and what it does not."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from livetomo.cli import options


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file, or a folder with one file per tilt.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    angles: options.Angles = None,
    tilt_axis: options.TiltAxis = None,
    axes: options.AxesOrder = None,
    dataset: options.Dataset = None,
    shape: options.Shape = None,
    dtype: options.DType = None,
    offset_bytes: options.OffsetBytes = 0,
) -> None:
    """Say what a file knows: kind, shape, angles, pixel size, tilt axis; and what it does not."""
    from livetomo.formats import describe

    facts = describe(
        file,
        angles=angles,
        tilt_axis=options.parsed_tilt_axis(tilt_axis),
        axes=axes,
        dataset=dataset,
        shape=options.parsed_shape(shape),
        dtype=dtype,
        offset_bytes=offset_bytes,
    )
    typer.echo(json.dumps(facts, indent=1) if as_json else _readable(facts))


def _readable(facts: dict[str, Any]) -> str:
    rows = []
    for key, value in facts.items():
        if key == "metadata":
            rows += [(f"  {name}", _short(inner)) for name, inner in value.items()]
        elif key == "unknown":
            rows += [("unknown", f"{entry['what']}: give {entry['option']}") for entry in value]
        elif value not in (None, "", [], {}):
            rows.append((key.replace("_", " "), _short(value)))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in rows)


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value + 0.0:.6g}"  # a minus before zero goes
    if isinstance(value, list) and len(value) > 8:
        return f"{', '.join(map(_short, value[:3]))} … {_short(value[-1])} ({len(value)} values)"
    if isinstance(value, list):
        return ", ".join(map(_short, value))
    text = " ".join(str(value).split())
    return text if len(text) <= 100 else f"{text[:97]}…"
