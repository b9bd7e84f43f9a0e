"""A plot with two logarithmic axes as SVG, by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10

from bench.plot import COLOURS, STYLE

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 720, 320, 70, 50, 45


def lines(title: str, unit: str, places: Sequence[float], series: Mapping[str, Sequence[float]]) -> str:
    """Values of each series at these places; zeros are left out."""
    values = [value for found in series.values() for value in found if value > 0]
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    last = log10(places[-1])

    def point(place: float, value: float) -> tuple[float, float]:
        x = LEFT + (WIDTH - LEFT - 20) * log10(place) / last
        return x, HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (log10(value) - low) / (high - low)

    found = [f'<text class="title" x="0" y="16">{escape(title)}</text>']
    for power in range(low, high + 1):
        y = point(1, 10.0**power)[1]
        found.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - 20}" y2="{y:.1f}"/>')
        found.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">1e{power}</text>')
    for place in places:
        x = point(place, 10.0**low)[0]
        found.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{place:g}</text>')
    for number, (name, row) in enumerate(series.items()):
        shown = [point(place, value) for place, value in zip(places, row, strict=True) if value > 0]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in shown)
        found.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[number + 1]}" stroke-width="2"/>')
        found += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[number + 1]}"/>' for x, y in shown]
        x = LEFT + 260 * number
        found.append(f'<rect x="{x}" y="26" width="10" height="10" fill="{COLOURS[number + 1]}"/>')
        found.append(f'<text x="{x + 15}" y="35">{escape(name)}</text>')
    found.append(f'<text x="{WIDTH - 20}" y="{HEIGHT - 8}" text-anchor="end">{escape(unit)}</text>')
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{STYLE}</style>\n' + "\n".join(found) + "\n</svg>\n"
