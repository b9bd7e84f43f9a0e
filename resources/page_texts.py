"""Texts of pages that both the server and a script write: read from the script's modules, so that each is written once.

A module of texts in client/web has one object: texts, parts of texts joined by ``+``, and objects of plural forms.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping

import falcon

import client
from resources.markup import escaped
from resources.texts import Language, language_of

Texts = Mapping[str, str | Mapping[str, str]]
_PART = re.compile(r'//[^\n]*|("(?:\\.|[^"\\])*"|[{}:,+]|\w+)')
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
# An element whose text a script would fill in; it has no other content.
_TRANSLATED = re.compile(r'(data-text="([^"{}]+)"[^>]*>)[^<]*')


class PageLanguage(Language):
    """The language of a request, with the texts of some directories of client/web besides those of all pages."""

    def __init__(self, code: str, directories: tuple[str, ...]) -> None:
        super().__init__(code)
        self._texts = _texts(code, directories)

    @classmethod
    def of(cls, req: falcon.Request, directories: tuple[str, ...]) -> PageLanguage:
        return cls(language_of(req).code, directories)

    def text(self, key: str, **values: object) -> str:
        """`count` chooses the plural form."""
        entry = self._texts[key]
        if not isinstance(entry, str):
            entry = entry.get(self._plural_form(values["count"]), entry["other"])
        return _PLACEHOLDER.sub(lambda found: self._shown(values[found[1]]), entry)

    def _plural_form(self, count: object) -> str:
        return "one" if count == 1 or (count == 0 and self.code == "fr") else "other"

    def _shown(self, value: object) -> str:
        return self.number(value) if isinstance(value, int) else str(value)

    def translated(self, template: str) -> str:
        """A page with its texts in this language; those of other directories are left to the page's script."""
        return _TRANSLATED.sub(lambda found: found[1] + self._content(found[2]), template)

    def _content(self, key: str) -> str:
        return escaped(self.text(key)) if key in self._texts else ""

    def run_time(self, seconds: float) -> str:
        """With three digits: milliseconds are usual."""
        if seconds >= 120:
            return self.duration(seconds)
        value, unit = (seconds, "s") if seconds >= 1 else (seconds * 1000, "ms")
        digits = 0 if value >= 100 else 1 if value >= 10 else 2
        return f"{self.number(value, digits)}\u00a0{unit}"


@functools.cache
def _texts(code: str, directories: tuple[str, ...]) -> Texts:
    found: dict[str, str | Mapping[str, str]] = {}
    for directory in ("", *directories):
        source = (client.WEB / directory / "texts" / f"{code}.js").read_text(encoding="utf-8")
        found |= parsed(source)
    return found


def parsed(source: str) -> dict[str, str | Mapping[str, str]]:
    """The object that a module of texts exports."""
    _, _, exported = source.partition("export default")
    parts = [found[1] for found in _PART.finditer(exported) if found[1]]
    # JSON has no comma behind the last member.
    text = "".join(part for part, after in _pairs(parts) if (part, after) != (",", "}"))
    loaded: dict[str, str | Mapping[str, str]] = json.loads(text)
    return loaded


def _pairs(parts: list[str]) -> Iterator[tuple[str, str]]:
    """Each part of an object with the next one: texts joined, names quoted."""
    joined: list[str] = []
    for part in parts:
        if joined and joined[-1] == "+":
            joined.pop()
            joined[-1] = joined[-1][:-1] + part[1:]
        else:
            joined.append(part if part[0] in '"{}:,+' else f'"{part}"')
    yield from zip(joined, [*joined[1:], ""], strict=True)
