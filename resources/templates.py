"""The HTML files of client/web: templates, with the parts that pages have in common.

Placeholders are `{head}`, `{header}` and `{unloaded}`, the files in `client/web/parts`; `{text:key}`, a text of the
server in the visitor's language (`texts.py`); and `{name}`, a value that each page gives.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

import client
from resources.markup import escaped
from resources.page_texts import PageLanguage
from resources.texts import Language

_PARTS = re.compile(r"[ ]*\{(head|header|unloaded)\}\n")
_PLACEHOLDER = re.compile(r"\{(text:)?([a-z_-]+)\}")


@functools.cache
def template(file: str) -> str:
    return _PARTS.sub(lambda found: _read(f"parts/{found[1]}.html"), _read(file))


@functools.cache
def translated(file: str, code: str, directories: tuple[str, ...]) -> str:
    """With the texts that a script would fill in, where they are of all pages or in these directories."""
    return PageLanguage(code, directories).translated(template(file))


def filled(text: str, values: Mapping[str, object], language: Language) -> bytes:
    """Markup takes its place as it is, any other text escaped."""

    def value(found: re.Match[str]) -> str:
        is_text, name = found.groups()
        return escaped(language.text(name) if is_text else values[name])

    return _PLACEHOLDER.sub(value, text).encode()


def _read(file: str) -> str:
    return (client.WEB / file).read_text(encoding="utf-8")
