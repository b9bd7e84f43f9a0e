"""HTML and SVG made on the server: text becomes markup by `tag` alone, which escapes it."""

from __future__ import annotations

import html
import re

# Characters that neither XML nor HTML may have, even escaped, and lone surrogates, which UTF-8 has not.
_INVALID = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Elements that have no end.
_VOID = ("input",)


class Markup(str):
    """Markup that is complete and well formed."""

    __slots__ = ()


def escaped(text: object) -> Markup:
    if isinstance(text, Markup):
        return text
    return Markup(html.escape(_INVALID.sub("\ufffd", str(text))))


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """An element. `class_` and the like are attributes whose names Python has taken; None leaves one out.

    A child that is no Markup is text.
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{shown}>")
    return Markup(f"<{name}{shown}>{''.join(map(escaped, children))}</{name}>")


def joined(*children: object) -> Markup:
    return Markup("".join(map(escaped, children)))
