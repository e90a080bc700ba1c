"""Names for volumes that nobody named, over no other file."""

from pathlib import Path


def free_name(path: Path) -> Path:
    """Give this path or, where a file has it, one with a number: ``needle_2.mrc`` for ``needle.mrc``."""
    names = (f"{path.stem}{number}{path.suffix}" for number in ("", *(f"_{n}" for n in range(2, 10_000))))
    return next(path.with_name(name) for name in names if not path.with_name(name).exists())
