"""Run benchmarks and write their page: ``python -m benchmarks [speed|large|quality|live]``."""

import sys
from functools import partial
from pathlib import Path

_HERE = Path(__file__).parent
sys.path.insert(0, str(_HERE))  # each benchmark is also a script of its own

import first_start  # noqa: E402
import hot_pixels  # noqa: E402
import large  # noqa: E402
import live_lag  # noqa: E402
import memory  # noqa: E402
import method_costs  # noqa: E402
import peers  # noqa: E402
import projector  # noqa: E402
import quality  # noqa: E402
import quality_dynamic  # noqa: E402
import quality_live  # noqa: E402
import quality_seeds  # noqa: E402
import real_data  # noqa: E402
import sizes  # noqa: E402

_SPEED = [each.section for each in (projector, sizes, peers, method_costs, memory, real_data, live_lag, first_start)]
_QUALITY = [each.section for each in (quality, quality_seeds, quality_dynamic, quality_live, hot_pixels)]
_FULL_SIZE = [partial(quality_live.section, slices=256, seed=9)]
_PAGES = {
    "speed": ("benchmarks.md", "# Benchmarks", "make bench", _SPEED),
    "large": ("benchmarks-large.md", "# Benchmarks on a large volume", "make bench ARGS=large", [large.section]),
    "quality": ("quality.md", "# Quality of the methods", "make bench-quality", _QUALITY),
    "live": ("quality-live.md", "# Live against offline at full size", "make bench ARGS=live", _FULL_SIZE),
}
_MORE = {
    "make bench": "\nVolumes of 1024³ voxels need 9 GB and some minutes: `make bench ARGS=large` measures them.",
    "make bench-quality": "\nLive at 256³ takes five minutes a method: `make bench ARGS=live` measures it.",
}


def main() -> None:
    """Measure everything, print it, write the page."""
    file, title, command, sections_of_page = _PAGES[sys.argv[1] if len(sys.argv) > 1 else "speed"]
    sections = []
    for measure in sections_of_page:
        sections.append(measure())
        print(sections[-1], flush=True)
    page = _HERE.parent / "docs" / "reference" / file
    page.parent.mkdir(parents=True, exist_ok=True)
    intro = f"Written by `{command}`, which measures everything anew on your machine." + _MORE.get(command, "")
    page.write_text("\n\n".join([title, intro, *sections]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
