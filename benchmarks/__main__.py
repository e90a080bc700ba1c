"""Run the benchmarks and write ``docs/reference/benchmarks.md``: ``python -m benchmarks``."""

import sys
from pathlib import Path

_HERE = Path(__file__).parent
sys.path.insert(0, str(_HERE))  # each benchmark is also a script of its own

import live_lag  # noqa: E402
import memory  # noqa: E402
import projector  # noqa: E402
import real_data  # noqa: E402

_PAGE = _HERE.parent / "docs" / "reference" / "benchmarks.md"
_TITLE = "# Benchmarks\n\nWritten by `make bench`, which measures everything anew on your machine."


def main() -> None:
    """Measure everything, print it, write the page."""
    sections = []
    for benchmark in (projector, memory, real_data, live_lag):
        sections.append(benchmark.section())
        print(sections[-1], flush=True)
    _PAGE.parent.mkdir(parents=True, exist_ok=True)
    _PAGE.write_text("\n\n".join([_TITLE, *sections]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
