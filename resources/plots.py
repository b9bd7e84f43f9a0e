"""Plots of a job as SVG, drawn by the server for browsers without JavaScript; `client/web/job/plot.js` draws the same.

A policy that forbids inline styles permits the attributes of SVG. Bars are stretched to the width of the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from resources.markup import Markup, tag

HEIGHT = 100
# Of a bar in the space that it has.
WIDTH = 0.8


def bars(values: Sequence[int], label: str) -> Markup:
    """A bar for each value."""
    highest = max([1, *values])
    shapes = [_bar(place, HEIGHT * value / highest) for place, value in enumerate(values) if value]
    return _svg(f"0 0 {max(1, len(values))} {HEIGHT}", label, shapes)


def _bar(place: int, height: float) -> Markup:
    x, y = round(place + (1 - WIDTH) / 2, 2), round(HEIGHT - height, 2)
    return tag("rect", x=x, y=y, width=WIDTH, height=round(height, 2))


def shares(counts: Mapping[str, int], label: str) -> Markup:
    """The parts of a whole side by side in one bar; each has its state as an attribute."""
    total, before, shapes = max(1, sum(counts.values())), 0, []
    for state, count in counts.items():
        if count:
            x, width = round(1000 * before / total, 2), round(1000 * count / total, 2)
            shapes.append(tag("rect", data_state=state, x=x, width=width, height=1))
        before += count
    return _svg("0 0 1000 1", label, shapes, class_="shares")


def _svg(box: str, label: str, shapes: Sequence[Markup], class_: str | None = None) -> Markup:
    return tag("svg", *shapes, viewBox=box, preserveAspectRatio="none", role="img", aria_label=label, class_=class_)
