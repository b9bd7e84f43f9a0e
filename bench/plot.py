"""Bar charts as SVG, by hand: one group of bars per label, with light and dark colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 720, 260, 70, 50, 45
COLOURS = ("#8a8f98", "#2f6fdb", "#e0893a")
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#333}.title{font-weight:600}line{stroke:#bbb}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}line{stroke:#555}}"
)


def bars(title: str, unit: str, groups: Mapping[str, Mapping[str, float]]) -> list[str]:
    """The elements of one chart; each group maps the names of its bars to values."""
    names = list(next(iter(groups.values())))
    top = max(value for group in groups.values() for value in group.values()) or 1
    step = (WIDTH - LEFT - 20) / len(groups)
    width = step * 0.8 / len(names)
    base = HEIGHT - BOTTOM
    found = [f'<text class="title" x="0" y="16">{escape(title)}</text>']
    found += [f'<line x1="{LEFT}" y1="{base}" x2="{WIDTH - 20}" y2="{base}"/>', *_legend(names)]
    for index, (label, group) in enumerate(groups.items()):
        start = LEFT + step * index
        found.append(_text(start + step * 0.4, base + 18, label, "middle"))
        for number, (name, value) in enumerate(group.items()):
            height = (base - TOP) * value / top
            x = start + width * number
            colour = COLOURS[names.index(name) % len(COLOURS)]
            place = f'x="{x:.1f}" y="{base - height:.1f}" width="{width - 2:.1f}" height="{height:.1f}"'
            found.append(f'<rect {place} fill="{colour}"/>')
            found.append(_text(x + width / 2 - 1, base - height - 4, f"{value:,.0f}", "middle"))
    return [*found, _text(WIDTH - 20, base + 36, unit, "end")]


def _legend(names: Sequence[str]) -> list[str]:
    found = []
    for number, name in enumerate(names):
        x = LEFT + 210 * number
        found.append(f'<rect x="{x}" y="26" width="10" height="10" fill="{COLOURS[number % len(COLOURS)]}"/>')
        found.append(_text(x + 15, 35, name, "start"))
    return found


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def svg(charts: Sequence[Sequence[str]]) -> str:
    """The charts below each other."""
    parts = [f'<g transform="translate(0 {HEIGHT * index})">{"".join(chart)}</g>' for index, chart in enumerate(charts)]
    size = f'viewBox="0 0 {WIDTH} {HEIGHT * len(charts)}" width="{WIDTH}" height="{HEIGHT * len(charts)}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{STYLE}</style>\n' + "\n".join(parts) + "\n</svg>\n"
