"""Curves as an SVG picture, drawn without a plotting library."""

from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _HEIGHT = 720, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 20, 20, 50
_COLOURS = ("#888888", "#333333", "#e69f00", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9")


def line_plot(
    curves: Mapping[str, Sequence[tuple[float, float]]], labels: tuple[str, str], marked_x: float | None = None
) -> str:
    """Draw curves of (x, y) points, both from 0, with (x, y) labels; ``marked_x`` gets an upright line."""
    points = [point for curve in curves.values() for point in curve]
    scale_x = (_WIDTH - _LEFT - _RIGHT) / max(x for x, _ in points)
    scale_y = (_HEIGHT - _TOP - _BOTTOM) / max(y for _, y in points)

    def place(x: float, y: float) -> tuple[float, float]:
        return _LEFT + x * scale_x, _HEIGHT - _BOTTOM - y * scale_y

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        'font-size="13">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        *_axes(place, labels, points),
    ]
    if marked_x is not None:
        (x, top), (_, bottom) = place(marked_x, max(y for _, y in points)), place(marked_x, 0)
        parts.append(f'<path d="M{x:.1f} {top:.1f}V{bottom:.1f}" stroke="#bbbbbb" stroke-dasharray="4 4"/>')
    for number, (name, curve) in enumerate(curves.items()):
        colour, line = _COLOURS[number % len(_COLOURS)], _TOP + 14 + 18 * number
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in curve))
        parts += [
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
            f'<path d="M{_WIDTH - 234} {line - 4}h18" stroke="{colour}" stroke-width="2"/>',
            f'<text x="{_WIDTH - 210}" y="{line}">{escape(name)}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axes(place, labels: tuple[str, str], points: Sequence[tuple[float, float]]) -> list[str]:
    (left, bottom), (right, top) = place(0, 0), place(*(max(values) for values in zip(*points, strict=True)))
    parts = [f'<path d="M{left} {top:.1f}V{bottom}H{right:.1f}" fill="none" stroke="black"/>']
    parts += [
        f'<text x="{place(tick, 0)[0]:.1f}" y="{bottom + 18}" text-anchor="middle">{tick}</text>'
        for tick in range(0, int(max(x for x, _ in points)) + 1, 20)
    ]
    for tenth in range(0, int(10 * max(y for _, y in points)) + 1, 2):
        height = place(0, tenth / 10)[1]
        parts.append(f'<text x="{left - 8}" y="{height + 4:.1f}" text-anchor="end">{tenth / 10:.1f}</text>')
    middle = (top + bottom) / 2
    return [
        *parts,
        f'<text x="{(left + right) / 2:.1f}" y="{_HEIGHT - 10}" text-anchor="middle">{escape(labels[0])}</text>',
        f'<text x="16" y="{middle:.1f}" text-anchor="middle" transform="rotate(-90 16 {middle:.1f})">'
        f"{escape(labels[1])}</text>",
    ]
