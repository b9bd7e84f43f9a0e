"""Texts of the pages that the server makes, in four languages, and which of these a request prefers."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import falcon

FALLBACK = "en"
_GROUPS = {"en": ",", "de": ".", "es": ".", "fr": "\u202f"}
_DECIMAL = {"en": ".", "de": ",", "es": ",", "fr": ","}
_RANGE = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")


@functools.cache
def _texts(code: str) -> dict[str, str]:
    loaded: dict[str, str] = json.loads(Path(__file__).with_name(f"texts.{code}.json").read_text(encoding="utf-8"))
    return loaded


class Language:
    def __init__(self, code: str) -> None:
        self.code = code

    def text(self, key: str, **values: object) -> str:
        return _texts(self.code)[key].format(**values)

    def best_of(self, texts: object) -> str:
        """Of texts by language tag: in this language, or in English, or any; the pages' scripts know regions too."""
        if not isinstance(texts, dict):
            return ""
        found: dict[str, str] = {}
        for tag in sorted(texts, key=len):
            found.setdefault(tag.lower().partition("-")[0], str(texts[tag]))
        return found.get(self.code) or found.get(FALLBACK) or next(iter(found.values()), "")

    def title_of(self, job: Mapping[str, Any]) -> str:
        """The name of a job for people: its owner's translation, where there is one."""
        return self.best_of(job["metadata"].get("title")) or str(job["name"])

    def number(self, value: float, digits: int = 0) -> str:
        whole, _, rest = f"{value:,.{digits}f}".partition(".")
        whole = whole.replace(",", _GROUPS[self.code])
        return f"{whole}{_DECIMAL[self.code]}{rest}" if rest else whole

    def duration(self, seconds: float) -> str:
        """In the unit that leaves few digits."""
        for size, unit in ((3600, "h"), (60, "min")):
            if seconds >= size:
                return f"{self.number(seconds / size, 1)}\u00a0{unit}"
        return f"{self.number(seconds, 1)}\u00a0s"


def language_of(req: falcon.Request) -> Language:
    """By the header Accept-Language: the most preferred one of those that there are."""
    best, weight = FALLBACK, 0.0
    for text in (req.get_header("Accept-Language") or "")[:200].split(","):
        found = _RANGE.fullmatch(text)
        code = found[1].lower() if found else ""
        quality = float(found[2] or 1) if found else 0.0
        if code in _GROUPS and quality > weight:
            best, weight = code, quality
    return Language(best)
