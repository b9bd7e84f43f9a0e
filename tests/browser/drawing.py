"""Jobs whose results are drawn: honest ones, and such as try to harm whoever looks."""

from __future__ import annotations

from typing import Any

from tests.browser.visiting import post_job
from tests.serving import Served

# A tile of 10 by 10 pixels, of one shade.
SHADE = "function (variable, context) { context.result = { shade: variable.column * 60 }; return context; }"
TILES = """(results) => ({
  type: "picture", width: 40, height: 10, caption: { en: "Four shades", de: "Vier Stufen" },
  tiles: results.map(({ variable, input, result }) => ({
    x: input.column * 10, y: 0, width: 10, height: 10, pixels: new Array(100).fill(result.shade), variable,
  })),
})"""
MARKUP = '<img src=x onerror="window.hacked = true"><script>window.hacked = true</script>'
TEXTS = f"""() => ({{
  type: "table", caption: {{ en: {MARKUP!r}, "<b>": "x" }}, columns: [{MARKUP!r}], rows: [[{MARKUP!r}]],
}})"""
NETWORK = """async () => {
  const tried = [typeof fetch, typeof XMLHttpRequest, typeof document, typeof localStorage, typeof importScripts];
  return { type: "table", columns: ["tried"], rows: tried.map((one) => [one]) };
}"""


def post_picture(server: Served, render: str = TILES, name: str = "Shades", count: int = 4, **fields: Any) -> str:
    """Posts a job with `count` variables, each a column of its picture; returns its path."""
    job = post_job(server, name, execute_function=SHADE, render=render, **fields)
    for column in range(count):
        server.post(f"{job}/variables/column-{column}", {"column": column}, "PUT")
    return job


def compute(server: Served, job: str, column: int) -> None:
    """Another volunteer's result."""
    server.post(f"{job}/variables/column-{column}/results", {"shade": column * 60})
